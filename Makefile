# Wardgate. Needs Go alone; `make help` lists the targets.
GO   ?= go
ARGS ?=

# Compiled packages know no folder of this machine: copies of the tree share them.
GOFLAGS ?= -trimpath
export GOFLAGS

# What the program says of itself: the tag or commit that it was built from.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT  ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)

# Static, without paths of this machine, without symbols: two builds of one
# commit are the same bytes, wherever it is checked out. gin is built without a
# codec that nothing speaks.
STAMP := -X github.com/wardgate/wardgate/internal/version.stamped=$(VERSION) -X github.com/wardgate/wardgate/internal/version.commit=$(COMMIT)
BUILD := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -tags nomsgpack -ldflags '-s -w $(STAMP)'

.PHONY: help build reproducible run test format vet lint policy-test unit race integration long e2e compare bench clean

help: ## list the targets
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

build: ## build bin/wardgate: static, stripped, stamped with the version, the same bytes each time
	$(BUILD) -o bin/wardgate ./cmd/wardgate

reproducible: ## two builds of this commit, in two places, are the same bytes
	@there=$$(mktemp -d) && trap 'rm -rf "$$there"' EXIT && git archive HEAD | tar -x -C "$$there" && \
		$(BUILD) -o "$$there/here" ./cmd/wardgate && (cd "$$there" && $(BUILD) -o "$$there/copy" ./cmd/wardgate) && \
		sha256sum "$$there/here" "$$there/copy" && cmp "$$there/here" "$$there/copy"

run: build ## build, and run everything with the demo hospital (ARGS='--policies policies' to edit rules)
	bin/wardgate up --demo $(ARGS)

test: format vet policy-test unit ## all tests that need Go alone

format: ## gofmt and opa fmt find nothing to change
	@test -z "$$(gofmt -l cmd internal inference pdp pep pip policies records)" || \
		{ echo 'not formatted:'; gofmt -l cmd internal inference pdp pep pip policies records; exit 1; }
	$(GO) tool opa fmt --list --fail policies/

vet: ## go vet
	$(GO) vet ./...

GOLANGCI ?= golangci-lint

lint: ## golangci-lint, where it is installed (.golangci.yml)
	@command -v $(GOLANGCI) >/dev/null || { echo 'NOT RUN: golangci-lint is not there:' \
		'$(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@latest'; exit 1; }
	$(GOLANGCI) run

policy-test: ## the stock opa program checks and tests the rule book, and all of it is covered
	$(GO) tool opa check --strict policies/
	$(GO) tool opa test --timeout 1m policies/
	$(GO) tool opa test --timeout 1m --coverage --threshold 100 policies/ > /dev/null

# Tests of rule books make garbage faster than they keep anything: a collector that
# comes less often gives a quarter of the processor back.
policy-test unit race integration e2e: export GOGC ?= 400

unit: ## go test (without its vet, which `make vet` is)
	$(GO) test -vet=off -timeout $(or $(TIMEOUT),20m) ./...

# Where goroutines meet in memory. What spends its time in bcrypt is left out:
# its races are those of SQL, which its parallel tests meet without a detector.
race: ## the race detector on the hot path (needs a C compiler)
	$(GO) test -race -vet=off -timeout 30m ./pep/... ./pdp/api ./pip/audit ./pip/care/... ./pip/device \
		./pip/revocation ./pip/signals ./internal/assertion ./internal/mtls
	$(GO) test -race -vet=off -timeout 30m -run 'NoDecisionMixes|WatchedEdit|MemoryIsBounded|RefusedRuleBookChangesNothing' ./pdp/engine

long: ## `make unit integration`, where what is repeated is repeated many times (docs/testing.md); hours
	@WARDGATE_LONG=1 TIMEOUT=3h $(MAKE) unit integration

integration: ## adapters and the whole house on real Redis, MariaDB, Elasticsearch; names those that are missing
	@GO=$(GO) .ci/integration

e2e: ## the pages in a real browser (Chromium), with axe-core where .ci/axe can fetch it; screenshots in internal/e2e/browser/shots
	WARDGATE_AXE=$$(.ci/axe || true) $(GO) test -v -count=1 -tags browser -timeout 30m ./internal/e2e/browser

compare: build ## what this build answers and journals otherwise than OLD=PROGRAM, a build of the parent commit
	$(GO) run ./internal/compare -old $(OLD) -new bin/wardgate $(ARGS)

bench: build ## decisions and their growth, proofs, the proxy, log-in, replay, revocation and shipping, as ratios from one run
	$(GO) run ./internal/bench
	$(GO) test -run '^$$' -bench 'Remembered|Replay' ./pdp/engine ./pdp/engine/analysis
	$(GO) test -run '^$$' -bench OpenAndLookUp ./pep/session
	$(GO) test -run '^$$' -bench OpenWebSockets -benchtime 1x ./pep
	$(GO) test -run '^$$' -bench 'LogIn|Refresh' -benchtime 10x ./pdp/admin
	$(GO) test -run '^$$' -bench 'Enforcement' ./pip/revocation/...
	$(GO) test -run '^$$' -bench 'Ship|Read' ./pip/audit/ship
	$(GO) test -tags integration -run '^$$' -bench Ship -benchtime 20000x -v ./pip/audit/ship/elastic
	$(GO) test -tags integration -run '^$$' -bench Refresh -benchtime 10x -v ./pip/signals/elastic

clean: ## remove what was built
	rm -rf bin
