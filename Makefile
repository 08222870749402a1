# Wardgate. Needs Go alone; `make help` lists the targets.
GO   ?= go
ARGS ?=

.PHONY: help build run test format vet policy-test unit race integration compare bench clean

help: ## list the targets
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

build: ## build bin/wardgate
	$(GO) build -o bin/wardgate ./cmd/wardgate

run: build ## build, and run everything with the demo hospital (ARGS='--policies policies' to edit rules)
	bin/wardgate up --demo $(ARGS)

test: format vet policy-test unit ## all tests that need Go alone

format: ## gofmt and opa fmt find nothing to change
	@test -z "$$(gofmt -l cmd internal inference pdp pep pip policies records)" || \
		{ echo 'not formatted:'; gofmt -l cmd internal inference pdp pep pip policies records; exit 1; }
	$(GO) tool opa fmt --list --fail policies/

vet: ## go vet
	$(GO) vet ./...

policy-test: ## the stock opa program checks and tests the rule book, and all of it is covered
	$(GO) tool opa check --strict policies/
	$(GO) tool opa test policies/
	$(GO) tool opa test --coverage --threshold 100 policies/ > /dev/null

unit: ## go test
	$(GO) test -timeout 20m ./...

# Where goroutines meet in memory. What spends its time in bcrypt is left out:
# its races are those of SQL, which its parallel tests meet without a detector.
race: ## the race detector on the hot path (needs a C compiler)
	$(GO) test -race -timeout 30m ./pep/... ./pdp/api ./pip/audit ./pip/care/... ./pip/device \
		./pip/revocation ./pip/signals ./internal/assertion ./internal/mtls
	$(GO) test -race -timeout 30m -run 'Mixes|Watched|Bounded|Refused' ./pdp/engine

integration: ## adapters and the whole house on real Redis, MariaDB, Elasticsearch; names those that are missing
	@GO=$(GO) .ci/integration

compare: build ## what this build answers and journals otherwise than OLD=PROGRAM, a build of the parent commit
	$(GO) run ./internal/compare -old $(OLD) -new bin/wardgate $(ARGS)

bench: build ## decisions and their growth, the proxy, log-in, replay, revocation and shipping, as ratios from one run
	$(GO) run ./internal/bench
	$(GO) test -run '^$$' -bench 'Remembered|Replay' ./pdp/engine ./pdp/engine/analysis
	$(GO) test -run '^$$' -bench 'LogIn|Refresh' -benchtime 10x ./pdp/admin
	$(GO) test -run '^$$' -bench 'Enforcement' ./pip/revocation/...
	$(GO) test -run '^$$' -bench 'Ship|Read' ./pip/audit/ship
	$(GO) test -tags integration -run '^$$' -bench Ship -benchtime 20000x -v ./pip/audit/ship/elastic
	$(GO) test -tags integration -run '^$$' -bench Refresh -benchtime 10x -v ./pip/signals/elastic

clean: ## remove what was built
	rm -rf bin
