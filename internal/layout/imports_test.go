package layout_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/wardgate/wardgate/"

// TestImportsPointTheRightWay holds the house's arrangement: who may import
// whom, directly or not. "own" is the component's own subpackages.
func TestImportsPointTheRightWay(t *testing.T) {
	tests := []struct {
		component string   // a package, or a folder with all below it
		may       []string // packages, or folders with all below them when they end in /...
	}{
		{"policies", nil},
		{"pip", nil},
		{"pip/...", []string{"pip", "internal/assertion", "internal/durable", "internal/problem", "internal/mtls", "internal/sqldb", "internal/required", "internal/strictjson"}},
		{"pdp", []string{"pip"}},
		{"pdp/engine", []string{"pdp", "pip", "internal/deadline", "pdp/engine/answer", "pdp/engine/input", "pdp/engine/rulebook", "pdp/engine/tables"}},
		{"pdp/engine/machine", nil},
		{"pdp/engine/tables", []string{"pdp", "pip"}},
		{"pdp/engine/input", []string{"pip", "pdp/engine/machine"}},
		{"pdp/engine/answer", []string{"pdp", "pdp/engine/machine"}},
		{"pdp/engine/rows", []string{"pdp", "pdp/engine/answer", "pdp/engine/input"}},
		{"pdp/engine/verdicts", []string{"pdp", "pip", "pdp/engine/tables"}},
		{"pdp/engine/rulebook", []string{"pdp", "pip", "pdp/engine/answer", "pdp/engine/input", "pdp/engine/rows", "pdp/engine/tables", "pdp/engine/verdicts"}},
		{"pdp/engine/analysis", []string{"pdp", "pip", "pdp/engine", "pdp/engine/answer", "pdp/engine/input", "pdp/engine/rulebook", "pdp/engine/tables"}},
		{"pdp/...", []string{"pdp", "pip", "internal/assertion", "internal/deadline", "internal/durable", "internal/problem", "internal/signing", "internal/sqldb", "internal/required", "internal/strictjson"}},
		{"pep/...", []string{"pdp", "pip", "internal/assertion", "internal/deadline", "internal/problem", "internal/required", "internal/strictjson"}},
		{"records/...", []string{"pip", "internal/assertion", "internal/durable", "internal/problem", "internal/sqldb", "internal/required", "internal/strictjson"}},
		{"inference/...", []string{"pip", "internal/assertion", "internal/durable", "internal/problem", "internal/required", "internal/strictjson"}},
		{"internal/assertion", []string{"internal/problem"}},
		{"internal/durable", nil},
		{"internal/problem", nil},
		{"internal/deadline", nil},
		{"internal/required", nil},
		{"internal/strictjson", nil},
		{"internal/mtls", []string{"internal/durable"}},
		{"internal/signing", []string{"internal/durable"}},
		{"internal/realserver", nil},
		{"internal/compare", nil},
		{"internal/sqldb", nil},
		{"cmd/...", []string{"internal/command", "..."}},
	}
	for _, tt := range tests {
		t.Run(tt.component, func(t *testing.T) {
			for _, p := range list(t, "{{.ImportPath}}", "./"+tt.component) {
				for _, dep := range list(t, `{{join .Imports "\n"}}`, p) {
					own, isOwn := strings.CutPrefix(dep, module)
					if isOwn && !mayImport(tt.component, strings.TrimPrefix(p, module), own, tt.may) {
						t.Errorf("%s imports %s", p, own)
					}
				}
			}
		})
	}
}

// mayImport reports whether the package from may import the package to.
func mayImport(component, from, to string, may []string) bool {
	if slices.Contains(may, to) || slices.Contains(may, "...") {
		return true
	}
	root, all := strings.CutSuffix(component, "/...")
	if !all {
		return false
	}
	// A component's packages may use each other within the same part of it:
	// pip/identity and pip/identity/sqlstore, but not pip/audit.
	part := func(p string) string {
		rest := strings.TrimPrefix(strings.TrimPrefix(p, root), "/")
		if root == "pip" || root == "pdp" {
			rest, _, _ = strings.Cut(rest, "/")
			return root + "/" + rest
		}
		return root
	}
	return (to == root || strings.HasPrefix(to, root+"/")) && part(from) == part(to)
}

// TestOnlyTheEngineImportsOPA: the engine, and what stands below it.
func TestOnlyTheEngineImportsOPA(t *testing.T) {
	for _, p := range list(t, `{{.ImportPath}} {{join .Imports " "}}`, "../../...") {
		from, imports, _ := strings.Cut(p, " ")
		engine := from == module+"pdp/engine" || strings.HasPrefix(from, module+"pdp/engine/")
		if strings.Contains(imports, "github.com/open-policy-agent/opa") && !engine {
			t.Errorf("%s imports OPA", from)
		}
	}
}

// TestOnlyStoresOpenDatabases keeps SQL out of what thinks: a driver is seen by
// one package, and that package by stores.
func TestOnlyStoresOpenDatabases(t *testing.T) {
	// Signals are derived: their file, opened by their own store, waits for no disk.
	drivers := []string{"internal/sqldb", "internal/realserver", "pip/signals/sqlstore"}
	// The benchmark fills a database with a million accounts at once, as no store does.
	stores := []string{"pip/identity/sqlstore", "pdp/admin/sqlstore", "pip/audit/sqlanchor", "records/store", "internal/config", "internal/process", "internal/sqldb/sqldbtest", "internal/bench"}
	for _, p := range list(t, `{{.ImportPath}} {{join .Imports " "}}`, "../../...") {
		from, imports, _ := strings.Cut(p, " ")
		from = strings.TrimPrefix(from, module)
		for _, dep := range strings.Fields(imports) {
			driver := strings.HasPrefix(dep, "github.com/go-sql-driver/") || strings.HasPrefix(dep, "modernc.org/sqlite")
			if driver && !slices.Contains(drivers, from) || dep == module+"internal/sqldb" && !slices.Contains(stores, from) {
				t.Errorf("%s imports %s", from, dep)
			}
		}
	}
}

// TestOnlyExtauthSpeaksGRPC keeps the enforcement point itself free of it.
func TestOnlyExtauthSpeaksGRPC(t *testing.T) {
	for _, p := range list(t, `{{.ImportPath}} {{join .Imports " "}}`, "../../...") {
		from, imports, _ := strings.Cut(p, " ")
		speaks := strings.Contains(imports, "google.golang.org/grpc") || strings.Contains(imports, "github.com/envoyproxy/")
		if speaks && from != module+"pep/extauth" {
			t.Errorf("%s imports gRPC", from)
		}
	}
}

func list(t *testing.T, format, pattern string) []string {
	t.Helper()
	if rest, ok := strings.CutPrefix(pattern, "./"); ok {
		pattern = "../../" + rest
	}
	out, err := exec.Command("go", "list", "-f", format, pattern).Output()
	if err != nil {
		t.Fatalf("go list %s: %v", pattern, err)
	}
	return slices.DeleteFunc(strings.Split(string(out), "\n"), func(line string) bool { return line == "" })
}
