package layout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ownJSON are the packages that decode JSON without internal/strictjson, and
// why: what they read was written by Wardgate itself, or has to be read as it
// stands. A request, an answer or a file of somebody else's is not among them.
var ownJSON = map[string]string{
	"inference/model":         "a model must equal its canonical form byte for byte",
	"internal/command":        "prints journal records and answers to the operator",
	"internal/command/policy": "recorded inputs, that an operator asks about",
	"internal/compare":        "compares answers of two builds, whatever they are",
	"internal/e2e/rig":        "what end-to-end tests are answered",
	"internal/continuity":     "the journal's own records",
	"internal/datafolder":     "its own marker in the data folder",
	"internal/strictjson":     "the reader itself",
	"pdp/admin":               "an answer that it sealed",
	"pdp/engine/analysis":     "inputs of the journal",
	"pdp/engine/answer":       "properties that the rule book answered, or the journal kept",
	"pdp/engine/prove":        "what OPA answered",
	"pdp/engine/bundle":       "a bundle's documents, in which names count by case as in Rego; signed, and read one way",
	"pdp/engine/delivery":     "its own high-water mark",
	"pdp/engine/input":        "the input that Go has written",
	"pdp/engine/machine":      "OPA's plan",
	"pdp/engine/rows":         "what the rule book answered",
	"pdp/engine/rulebook":     "what the rule book answered",
	"pdp/engine/tables":       "what the rule book answered",
	"pdp/engine/verdicts":     "what the rule book answered",
	"pip":                     "inputs of the journal",
	"pip/piptest":             "what the suite of sources wrote itself",
	"pip/audit/chain":         "the journal's own lines, byte for byte",
	"pip/audit/ecs":           "inputs of the journal",
	"pip/audit/folderanchor":  "heads, which are signed",
	"pip/audit/reader":        "the journal's own lines",
	"pip/audit/ship":          "its own cursor",
	"pip/audit/ship/opalogs":  "inputs of the journal",
	"pip/audit/sqlanchor":     "heads, which are signed",
	"pip/device":              "a footprint that it sealed",
	"pip/identity":            "a sign-up that it sealed",
	"pip/identity/mailqueue":  "a mail that it sealed",
	"pip/identity/sqlstore":   "its own columns",
	"records":                 "its own answers, to leave fields out",
}

// TestOneReaderOfJSON: what comes from outside is read by internal/strictjson.
// encoding/json takes "ROLE" for "role", the last of two names, and a number
// that it rounds.
func TestOneReaderOfJSON(t *testing.T) {
	found := map[string]bool{}
	files := token.NewFileSet()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), "../../"))
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && decodesJSON(s) {
				found[name] = true
				if ownJSON[name] == "" {
					t.Errorf("%s decodes JSON by itself: use internal/strictjson, or say in this test why not", files.Position(s.Pos()))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range ownJSON {
		if !found[name] {
			t.Errorf("%s decodes no JSON by itself any more: take it off the list", name)
		}
	}
}

func decodesJSON(s *ast.SelectorExpr) bool {
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == "json" && slices.Contains([]string{"NewDecoder", "Unmarshal"}, s.Sel.Name)
}
