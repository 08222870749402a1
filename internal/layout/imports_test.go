package layout_test

import (
	"os/exec"
	"slices"
	"strings"
	"sync"
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
		{"pip/...", []string{"pip", "internal/assertion", "internal/durable", "internal/keyfile", "internal/problem", "internal/mtls", "internal/sqldb", "internal/required", "internal/strictjson"}},
		{"pdp", []string{"pip"}},
		{"pdp/engine", []string{"pdp", "pip", "internal/deadline", "pdp/engine/answer", "pdp/engine/input", "pdp/engine/rulebook", "pdp/engine/tables"}},
		{"pdp/engine/machine", nil},
		{"pdp/engine/symbolic", []string{"pdp/engine/machine"}},
		{"pdp/engine/prove", []string{"pdp", "pip", "pdp/engine/answer", "pdp/engine/machine", "pdp/engine/rows", "pdp/engine/rulebook", "pdp/engine/symbolic", "pdp/engine/verdicts"}},
		{"pdp/engine/waiver", []string{"pdp/engine/bundle", "pdp/engine/prove", "pdp/engine/rulebook"}},
		{"pdp/engine/overlay", []string{"pdp/engine/rulebook", "pdp/engine/tables"}},
		{"pdp/engine/conditions", []string{"pdp/engine/symbolic"}},
		{"pdp/engine/diff", []string{"pip", "pdp/engine/answer", "pdp/engine/conditions", "pdp/engine/prove", "pdp/engine/rulebook", "pdp/engine/symbolic", "pdp/engine/tables"}},
		{"pdp/engine/whocan", []string{"pip", "pdp/engine/conditions", "pdp/engine/diff", "pdp/engine/prove", "pdp/engine/rulebook", "pdp/engine/symbolic"}},
		{"pdp/engine/tables", []string{"pdp", "pip"}},
		{"pdp/engine/input", []string{"pip", "pdp/engine/machine"}},
		{"pdp/engine/answer", []string{"pdp", "pip", "internal/effort", "pdp/engine/machine"}},
		{"pdp/engine/rows", []string{"pdp", "pdp/engine/answer", "pdp/engine/input"}},
		{"pdp/engine/verdicts", []string{"pdp", "pip", "pdp/engine/tables"}},
		{"pdp/engine/rulebook", []string{"pdp", "pip", "internal/effort", "pdp/engine/answer", "pdp/engine/input", "pdp/engine/machine", "pdp/engine/rows", "pdp/engine/tables", "pdp/engine/verdicts"}},
		{"pdp/engine/remedy", []string{"pdp/engine/input", "pdp/engine/symbolic", "pdp/engine/tables"}},
		{"pdp/engine/analysis", []string{"pdp", "pip", "pdp/engine", "pdp/engine/answer", "pdp/engine/input", "pdp/engine/prove", "pdp/engine/remedy", "pdp/engine/rulebook", "pdp/engine/symbolic", "pdp/engine/tables"}},
		{"pdp/engine/shadow", []string{"pdp", "pip", "pdp/engine", "pdp/engine/analysis", "pdp/engine/answer", "pdp/engine/rulebook"}},
		{"pdp/...", []string{"pdp", "pip", "internal/assertion", "internal/deadline", "internal/durable", "internal/effort", "internal/look", "internal/problem", "internal/refusals", "internal/signing", "internal/sqldb", "internal/required", "internal/strictjson"}},
		{"pep/...", []string{"pdp", "pip", "internal/assertion", "internal/deadline", "internal/look", "internal/problem", "internal/refusals", "internal/required", "internal/strictjson"}},
		{"records/...", []string{"pip", "internal/assertion", "internal/durable", "internal/keyfile", "internal/problem", "internal/sqldb", "internal/required", "internal/strictjson"}},
		{"inference/...", []string{"pip", "internal/assertion", "internal/durable", "internal/problem", "internal/required", "internal/strictjson"}},
		{"internal/assertion", []string{"internal/problem"}},
		{"internal/durable", nil},
		{"internal/keyfile", []string{"internal/durable"}},
		{"internal/datafolder", []string{"internal/durable", "internal/keyfile"}},
		{"internal/look", nil},
		{"internal/problem", nil},
		{"internal/deadline", nil},
		{"internal/effort", nil},
		{"internal/refusals", []string{"pip", "internal/required"}},
		{"internal/required", nil},
		{"internal/strictjson", nil},
		{"internal/mtls", []string{"internal/durable", "internal/renewed"}},
		{"internal/clientca", []string{"internal/renewed"}},
		{"internal/servercert", []string{"internal/renewed"}},
		{"internal/renewed", nil},
		{"internal/signing", []string{"internal/durable"}},
		{"internal/realserver", nil},
		{"internal/compare", nil},
		{"internal/sqldb", []string{"internal/durable"}},
		{"cmd/...", []string{"internal/command", "..."}},
	}
	for _, tt := range tests {
		t.Run(tt.component, func(t *testing.T) {
			found := false
			for _, p := range packages(t) {
				from := strings.TrimPrefix(p.path, module)
				if !within(from, tt.component) {
					continue
				}
				found = true
				for _, dep := range p.imports {
					own, isOwn := strings.CutPrefix(dep, module)
					if isOwn && !mayImport(tt.component, from, own, tt.may) {
						t.Errorf("%s imports %s", from, own)
					}
				}
			}
			if !found {
				t.Error("there is no such package")
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
	for _, p := range packages(t) {
		if p.importsBelow("github.com/open-policy-agent/opa") && !within(strings.TrimPrefix(p.path, module), "pdp/engine/...") {
			t.Errorf("%s imports OPA", p.path)
		}
	}
}

// TestOnlyStoresOpenDatabases keeps SQL out of what thinks: a driver is seen by
// one package, and that package by stores.
func TestOnlyStoresOpenDatabases(t *testing.T) {
	// Signals are derived: their file, opened by their own store, waits for no disk.
	drivers := []string{"internal/sqldb", "internal/realserver", "pip/signals/sqlstore"}
	// The benchmark fills a database with a million accounts at once, as no store does.
	stores := []string{"pip/identity/sqlstore", "pip/care/sqlcare", "pip/signals/sqlstore", "pdp/admin/sqlstore", "pip/audit/sqlanchor", "records/store", "internal/config", "internal/process", "internal/sqldb/sqldbtest", "internal/sqldb/sqlmark", "internal/bench"}
	for _, p := range packages(t) {
		from := strings.TrimPrefix(p.path, module)
		for _, dep := range p.imports {
			driver := strings.HasPrefix(dep, "github.com/go-sql-driver/") || strings.HasPrefix(dep, "modernc.org/sqlite")
			if driver && !slices.Contains(drivers, from) || dep == module+"internal/sqldb" && !slices.Contains(stores, from) {
				t.Errorf("%s imports %s", from, dep)
			}
		}
	}
}

// TestOnlyExtauthSpeaksGRPC keeps the enforcement point itself free of it.
func TestOnlyExtauthSpeaksGRPC(t *testing.T) {
	for _, p := range packages(t) {
		speaks := p.importsBelow("google.golang.org/grpc") || p.importsBelow("github.com/envoyproxy")
		if speaks && p.path != module+"pep/extauth" {
			t.Errorf("%s imports gRPC", p.path)
		}
	}
}

// A pkg is a package of the house, and what it imports itself.
type pkg struct {
	path    string
	imports []string
}

// importsBelow reports whether p imports a package of a module or folder.
func (p pkg) importsBelow(root string) bool {
	return slices.ContainsFunc(p.imports, func(dep string) bool { return within(dep, root+"/...") })
}

// within reports whether a package is a component, or below one that ends in /...
func within(path, component string) bool {
	root, all := strings.CutSuffix(component, "/...")
	return path == root || all && strings.HasPrefix(path, root+"/")
}

// listed asks Go for all packages once.
var listed = sync.OnceValues(func() ([]byte, error) {
	return exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "../../...").Output()
})

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := listed()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		all = append(all, pkg{words[0], words[1:]})
	}
	return all
}
