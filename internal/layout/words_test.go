package layout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/policies"
)

// inventedHospital is where the names of roles stand: the demo's people, and what
// tests and measurements are made of.
var inventedHospital = []string{"internal/bench/", "internal/compare/", "internal/e2e/", "internal/demo/demo.go", "records/demo/"}

// otherMeaning is where a word of the rule book stands for something else.
var otherMeaning = map[string][]string{
	// A resource, a claim, a section of the input.
	"patient": {
		"internal/assertion/sign.go", "internal/assertion/statement.go", "pdp/engine/input/", "pdp/engine/rows/", "pdp/engine/words.go",
		"pdp/console/query.go", "pdp/admin/accounts.go", "pep/record.go", "pip/identity/sqlstore/restore.go", "pip/care/care.go", "pip/role.go", "pip/signals/sqlstore/add.go", "pdp/engine/whocan/",
	},
	// Kinds of roles and of subjects, and a key of the configuration.
	"machine": {"internal/config/reports.go", "pdp/engine/input/", "pdp/engine/whocan/", "pdp/pdp.go", "pip/role.go"},
	"auditor": {"pip/role.go"},
	// Folders of rules, members of the sentinel's input, verdicts.
	"bulk_reading":      {"pdp/engine/rulebook/load.go"},
	"cross_site":        {"pdp/engine/rulebook/load.go"},
	"impossible_travel": {"pdp/engine/verdicts/verdicts.go"},
}

// ownCodes is where the codes stand that Wardgate makes without a rule, and that
// mean what the delivered book's mean.
var ownCodes = []string{"internal/problem/codes.go", "pep/code/code.go"}

// No role and no code of the rule book stands in Go: a hospital adds one, renames
// one and removes one by tables and rules alone.
func TestWordsOfTheRuleBookStandInTheRuleBook(t *testing.T) {
	e, err := engine.New(policies.FS, points.Sections(), nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	for word := range maps.Keys(e.Tables().Roles) {
		words[word] = true
	}
	for code := range maps.Keys(e.Tables().Reasons) {
		words[code] = true
	}
	if len(words) < 30 {
		t.Fatalf("only %d words: this test looks for little", len(words))
	}
	for file := range goFiles(t) {
		for _, l := range literals(t, file) {
			if words[l.word] && !stands(file, otherMeaning[l.word]) && !stands(file, ownCodes) {
				t.Errorf("%s:%d: %q is a word of the rule book", file, l.line, l.word)
			}
		}
	}
}

// goFiles are those of the house that ship, by their paths.
func goFiles(t *testing.T) map[string]bool {
	t.Helper()
	files := map[string]bool{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && name != "." {
			return fs.SkipDir
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !stands(name, inventedHospital) {
			files[name] = true
		}
		return err
	})
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

type literal struct {
	word string
	line int
}

// literals are the texts of a Go file, without those of imports.
func literals(t *testing.T, file string) []literal {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, filepath.Join("..", "..", filepath.FromSlash(file)), nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var found []literal
	ast.Inspect(parsed, func(n ast.Node) bool {
		if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING {
			if word, err := strconv.Unquote(l.Value); err == nil {
				found = append(found, literal{word, set.Position(l.Pos()).Line})
			}
		}
		return true
	})
	return found
}

func stands(file string, places []string) bool {
	return slices.ContainsFunc(places, func(p string) bool { return strings.HasPrefix(file, p) })
}
