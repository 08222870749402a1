package prove

import (
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// An assumption that excludes nothing or everything, or whose inputs the book lets in, is
// told by its line; one that cannot be analysed leaves nothing that could be.
func TestFaultyAssumptionsAreNotProved(t *testing.T) {
	const head = "# METADATA\n# title: Something cannot be\npackage authz.assume."
	file := func(name string) string { return "authz/assume/" + name + "/" + name + ".rego" }
	tests := []struct {
		assumption string
		text       string // "" for one that comes with the book
		outcome    Outcome
		line       int
		says       string
	}{
		{"nothing", "impossible if {\n\tinput.context.time.state == \"fresh\"\n\tinput.context.time.state == \"unknown\"\n}", Refused, 3, "it says of no input that it cannot be"},
		{"revocation", "", Refuted, 3, "an input that cannot be is allowed"},
		{"log_in", "", Proved, 3, ""},
	}
	files := rules(t)
	for _, tt := range tests {
		if tt.text != "" {
			files[file(tt.assumption)] = []byte(head + tt.assumption + "\n\n" + tt.text + "\n")
		}
	}
	replace(t, files, "authz/authz.rego", `if data.authz.assume[_].impossible`, "if {\n\tsome name\n\tdata.authz.assume[name].impossible\n\tname != \"revocation\"\n}")
	found := assumptions(t, files)
	for _, tt := range tests {
		r := found[tt.assumption]
		if r.Outcome != tt.outcome || r.File != file(tt.assumption) || r.Line != tt.line || !strings.Contains(r.Problem, tt.says) {
			t.Errorf("%s: got %s, %s:%d: %s; want %s, line %d: … %s …", tt.assumption, r.Outcome, r.File, r.Line, r.Problem, tt.outcome, tt.line, tt.says)
		}
	}

	opaque := rules(t)
	opaque[file("country")] = []byte(head + "country\n\nimpossible if startswith(input.context.location.country, \"D\")\n")
	if _, err := few(t).Prove(t.Context(), opaque, nil); err == nil || !strings.Contains(err.Error(), file("country")+":5: startswith is given input.context.location.country") {
		t.Errorf("country: got %v", err)
	}

	all := rules(t)
	all[file("everything")] = []byte(head + "everything\n\nimpossible if input.context.time.state in {\"fresh\", \"stale\", \"unknown\"}\n")
	if r := assumptions(t, all)["everything"]; r.Outcome != Refused || r.Line != 3 || !strings.Contains(r.Problem, "it says of every input that it cannot be") {
		t.Errorf("everything: got %s, line %d: %s", r.Outcome, r.Line, r.Problem)
	}
}

func replace(t *testing.T, files rulebook.Files, file, old, changed string) {
	t.Helper()
	if !strings.Contains(string(files[file]), old) {
		t.Fatalf("%s does not contain %q", file, old)
	}
	files[file] = []byte(strings.Replace(string(files[file]), old, changed, 1))
}

func assumptions(t *testing.T, files rulebook.Files) map[string]Result {
	t.Helper()
	report, err := few(t).Prove(t.Context(), files, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Result{}
	for _, r := range report.Invariants {
		if r.Kind == KindAssume {
			found[r.Name] = r
		}
	}
	return found
}
