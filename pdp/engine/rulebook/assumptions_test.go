package rulebook_test

import (
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// An assumption that is none is refused by its line, when the book is loaded: it would
// deny what can be, or let proofs leave out what can.
func TestFaultyAssumptionsAreRefusedByTheirLine(t *testing.T) {
	const title = "# METADATA\n# title: Something cannot be\n"
	tests := []struct{ name, text, says string }{
		{"asks_the_rules", title + "package authz.assume.asks_the_rules\n\nimpossible if {\n\tinput.subject.type == \"user\"\n\tnot data.authz.ask.public\n}", "asks_the_rules.rego:7: assumption: data.authz.ask.public"},
		{"asks_an_import", title + "package authz.assume.asks_an_import\n\nimport data.authz.ask\n\nimpossible if not ask.public", "asks_an_import.rego:7: assumption: data.authz.ask"},
		{"asks_another", title + "package authz.assume.asks_another\n\nimpossible if data.authz.assume.time.impossible", "asks_another.rego:5: assumption: data.authz.assume.time"},
		{"another_input", title + "package authz.assume.another_input\n\nimpossible if {\n\tinput.subject.type == \"user\" with input as {}\n}", "another_input.rego:6: assumption: an assumption is about inputs as they come"},
		{"by_default", title + "package authz.assume.by_default\n\ndefault impossible := true", "by_default.rego:5: assumption: an assumption has no default"},
		{"negative", title + "package authz.assume.negative\n\nimpossible := false if input.subject.type == \"user\"", "negative.rego:5: assumption: expected `impossible if {…}`"},
		{"set", title + "package authz.assume.set\n\nimpossible contains \"x\" if input.subject.type == \"user\"", "set.rego:5: assumption: expected `impossible if {…}`"},
		{"unheard", title + "package authz.assume.unheard\n\nimpossible if _never\n\nnever if input.subject.type == \"\"\n\n_never if never", "unheard.rego:7: assumption: never is heard by nothing"},
		{"says_nothing", title + "package authz.assume.says_nothing\n\n_private if input.subject.type == \"user\"", "says_nothing.rego:3: assumption: expected a rule `impossible if {…}`"},
		{"untitled", "package authz.assume.untitled\n\nimpossible if input.subject.type == \"\"", "untitled.rego:1: assumption: an assumption has a title"},
		{"misnamed", title + "package authz.assume.other\n\nimpossible if input.subject.type == \"\"", "misnamed.rego:3: assumption: an assumption is one file"},
	}
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		files["authz/assume/"+tt.name+"/"+tt.name+".rego"] = []byte(tt.text + "\n")
	}
	_, err = rulebook.Load(files, points.Sections())
	if err == nil {
		t.Fatal("the book is loaded")
	}
	for _, tt := range tests {
		if !strings.Contains(err.Error(), "authz/assume/"+tt.name+"/"+tt.says) {
			t.Errorf("%s: want %q", tt.name, tt.says)
		}
	}
	if t.Failed() {
		t.Logf("got %v", err)
	}
}

// What assumptions exclude has to be denied: a book that collects none of them is refused.
func TestAssumptionsThatNothingDeniesAreRefused(t *testing.T) {
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	const collects = `denials contains "input_impossible" if data.authz.assume[_].impossible`
	text := string(files["authz/authz.rego"])
	if !strings.Contains(text, collects) {
		t.Fatalf("authz/authz.rego does not contain %q", collects)
	}
	files["authz/authz.rego"] = []byte(strings.Replace(text, collects, "", 1))
	if _, err := rulebook.Load(files, points.Sections()); err == nil || !strings.Contains(err.Error(), "authz/authz.rego:1: assumption: the rule book has assumptions, and nothing denies what they exclude") {
		t.Errorf("got %v", err)
	}
}
