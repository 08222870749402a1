package rows

import (
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// What is read only where another rule does not hold is read all the same.
func TestWhatAnElseReadsIsRead(t *testing.T) {
	for name, text := range map[string]string{
		"a rule":             "include if _other",
		"an else":            "include := false if 1 > 2\nelse if _other",
		"an else of another": "include if _first\n\n_first := false if 1 > 2\nelse if _other",
	} {
		c := ast.NewCompiler()
		c.Compile(map[string]*ast.Module{"rows": ast.MustParseModule("package records.rows\n\n" + text + "\n\n_other if input.patient.doctor == input.subject.properties.staff\n")})
		if c.Failed() {
			t.Fatal(c.Errors)
		}
		if got, err := readRows(c, nil); err == nil {
			t.Errorf("%s: it is not refused that no id is asked for; got %v", name, got)
		}
	}
}
