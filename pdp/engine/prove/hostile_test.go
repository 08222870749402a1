package prove

import (
	"strings"
	"testing"
)

// What a careless or hostile hand puts among invariants is refused by its line, and
// takes no other invariant with it.
func TestHostileInvariantsAreRefused(t *testing.T) {
	tests := []struct {
		name, kind, text string
		line             int
		says             string
	}{
		{"asks the network", "never", "violated if {\n\tdata.authz.answer.decision\n\thttp.send({\"method\": \"get\", \"url\": \"http://127.0.0.1\"}).status_code == 200\n}", 5, "http.send"},
		{"asks the clock", "never", "violated if {\n\tdata.authz.answer.decision\n\ttime.now_ns() > 0\n}", 5, "time.now_ns"},
		{"does not parse", "never", "violated if {", 4, "unexpected"},
		{"unsafe", "never", "violated if {\n\tdata.authz.answer.decision\n\tnot x == 1\n}", 5, "x"},
		{"calls itself", "never", "violated if _again\n\n_again if _once\n\n_once if _again", 5, "recursive"},
		{"other data", "never", "violated if {\n\tdata.authz.answer.decision\n\tdata.hospital.open\n}", 5, "data.hospital"},
		{"all data", "never", "violated if {\n\tdata.authz.answer.decision\n\tsome x\n\tdata[x]\n}", 3, "recursive"},
		{"rules by a variable", "never", "violated if {\n\tdata.authz.answer.decision\n\tsome r\n\tdata.authz.rules[r].grant\n}", 6, "data.authz.rules"},
		{"another invariant", "never", "violated if data.invariants.never.unsafe.violated", 3, "data.invariants"},
		{"the whole input", "never", "violated if {\n\tdata.authz.answer.decision\n\tinput == {}\n}", 5, "input"},
		{"input by a variable", "never", "violated if {\n\tdata.authz.answer.decision\n\tsome k\n\tinput[k] == \"x\"\n}", 6, "by constants"},
		{"no boolean", "never", "violated := \"yes\" if data.authz.answer.decision", 3, "true"},
		{"a set", "never", "violated contains \"x\" if data.authz.answer.decision", 1, "expected a rule"},
		{"a function", "never", "violated(x) if {\n\tdata.authz.answer.decision\n\tx\n}", 1, "expected a rule"},
		{"never said", "never", "violated := false if data.authz.answer.decision", 3, "true"},
		{"huge loop", "never", "violated if {\n\tdata.authz.answer.decision\n\tsome i in numbers.range(1, 3000)\n\tsome j in numbers.range(1, 3000)\n\ti * j == 7\n\ti + j == 3\n}", 3, "steps"},
		{"then that always holds", "must", "when if input.subject.type == \"user\"\n\nthen if _any\n\n_any if data.authz.answer.decision\n\n_any if not data.authz.answer.decision", 5, "vacuous"},
		{"a default that hides", "never", "default violated := true\n\nviolated := false if data.authz.answer.decision", 3, "has a default"},
		{"a word that is none", "never", "violated if {\n\tdata.authz.answer.decision\n\tinput.context.location.place == \"onsite\"\n}", 5, "onsite"},
		{"a duty that is none", "never", "violated if {\n\tsome o in data.authz.answer.context.obligations\n\to.id == \"x\"\n\to.id == \"y\"\n}", 3, "vacuous"},
		{"a constant member", "monotone", "member := \"action.name\"\n\norder := [\"patient.read\", \"patient.list\"]", 1, "with a list of words"},
		{"one step", "monotone", "member := \"context.time.state\"\n\norder := [\"fresh\"]", 1, "those words in order"},
		{"twice the same word", "monotone", "member := \"context.time.state\"\n\norder := [\"fresh\", \"fresh\"]", 1, "twice"},
	}
	g := few(t)
	files := rules(t)
	file := func(i int) string {
		return below + tests[i].kind + "/" + strings.NewReplacer(" ", "_", ",", "").Replace(tests[i].name) + ".rego"
	}
	for i, tt := range tests {
		files[file(i)] = []byte("package " + strings.ReplaceAll(strings.TrimSuffix(file(i), ".rego"), "/", ".") + "\n\n" + tt.text + "\n")
	}
	files["invariants/deep/er/x.rego"] = []byte("package invariants.deep.er.x\n")
	report, err := g.Prove(t.Context(), files, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]Result{}
	for _, r := range report.Invariants {
		found[below+r.Kind+"/"+r.Name+".rego"] = r
	}
	for i, tt := range tests {
		r := found[file(i)]
		if r.Outcome != Refused && r.Outcome != Undecided || r.Line != tt.line || !strings.Contains(r.Problem, tt.says) {
			t.Errorf("%s: got %q, line %d: %s; want line %d: … %s …", tt.name, r.Outcome, r.Line, r.Problem, tt.line, tt.says)
		}
	}
	for name := range Invariants(g.Base) {
		if found[name].Outcome != Proved {
			t.Errorf("%s: %s %s", name, found[name].Outcome, found[name].Problem)
		}
	}
}
