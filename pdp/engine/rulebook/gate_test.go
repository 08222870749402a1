package rulebook_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// admitted examines a changed book, as everything that lets a book in does.
func admitted(t *testing.T, gate rulebook.Gate, change func(files fstest.MapFS)) (*rulebook.Book, []rulebook.Finding) {
	t.Helper()
	files := enginetest.Book(t, policies.FS)
	change(files)
	return gate.Folder(context.Background(), files)
}

// A rule that loops over everything is refused for its steps, by file and line,
// and the gate ends: on any machine and under any load.
func TestARuleThatTakesTooLongIsRefusedByItsLine(t *testing.T) {
	const file = "authz/rules/extra/extra.rego"
	for name, body := range map[string]string{
		"known numbers":         "some a in numbers.range(1, 3000)\n\tsome b in numbers.range(1, 3000)\n\ta + b == -1",
		"numbers of the input":  "n := (count(input.action.name) + 1) * 300\n\tsome a in numbers.range(1, n)\n\tsome b in numbers.range(1, n)\n\ta + b == -1",
		"one builtin":           "count(numbers.range(1, 100000000 + count(input.action.name))) == 7",
		"as interpreted":        "some a in numbers.range(1, 3000)\n\tsome b in numbers.range(1, 3000)\n\twalk(input, [[], a + b])",
		"a document on its own": "_all\n}\n\n_all if {\n\tsome a in numbers.range(1, 3000 + count(input.action.name))\n\tsome b in numbers.range(1, 3000)\n\ta + b == -1",
	} {
		t.Run(name, func(t *testing.T) {
			book, found := admitted(t, rulebook.Gate{Points: points.Sections()}, func(files fstest.MapFS) {
				files[file] = &fstest.MapFile{Data: []byte("package authz.rules.extra\n\ndeny contains \"off_hours\" if {\n\t" + body + "\n}\n")}
			})
			if book != nil || !slices.ContainsFunc(found, func(f rulebook.Finding) bool {
				return f.Code == "budget" && f.File == file && f.Line >= 3
			}) {
				t.Errorf("got %v, want the rule's line", found)
			}
		})
	}
}

// A column that is computed is found by asking.
func TestAllergiesThatAComputedRuleWithholdsAreFound(t *testing.T) {
	book, found := admitted(t, rulebook.Gate{Points: points.Sections()}, func(files fstest.MapFS) {
		files["records/columns/more.rego"] = &fstest.MapFile{Data: []byte("package records.columns\n\nimport data.authz.tables\n\nmask contains column if {\n\tsome column in tables.columns\n\tstartswith(column, \"all\")\n\tinput.context.location.place == \"off_site\"\n\tinput.subject.properties.role == \"nurse\"\n}\n")}
	})
	if book != nil || !slices.ContainsFunc(found, func(f rulebook.Finding) bool {
		return f.Code == "allergies" && strings.Contains(f.Problem, "withholds allergies, when a nurse asks for")
	}) {
		t.Errorf("got %v, want the withheld allergies", found)
	}
}

// What cannot come into force is a fault, and what can is none: the gate has one
// answer, whether it is asked for the faults or for the book.
func TestTheGateHasOneAnswer(t *testing.T) {
	for name, change := range map[string]func(files fstest.MapFS){
		"no own_record": func(files fstest.MapFS) {
			delete(files, "authz/rules/own_record/own_record.rego")
			delete(files, "authz/rules/own_record/own_record_test.rego")
		},
		"a misspelt mask of logs": func(files fstest.MapFS) {
			files["system/log/mask.rego"] = &fstest.MapFile{Data: []byte("package system.log\n\nmsak contains \"/input\"\n")}
		},
		"verdicts without thresholds": func(files fstest.MapFS) {
			files["sentinel/tables/verdicts.rego"].Data = []byte(strings.Replace(string(files["sentinel/tables/verdicts.rego"].Data), "\"requests\":", "\"requets\":", 1))
		},
	} {
		book, found := admitted(t, rulebook.Gate{Points: points.Sections()}, change)
		if book != nil || len(found) == 0 {
			t.Errorf("%s: got %v and %d faults, want a refusal with a reason", name, book != nil, len(found))
		}
		for _, f := range found {
			if f.File == "" || f.Code == "" || f.Problem == "" {
				t.Errorf("%s: %+v lacks its place, its code or its text", name, f)
			}
		}
	}
}

func TestTheGateAsksTheHouse(t *testing.T) {
	book, found := admitted(t, rulebook.Gate{Points: points.Sections(), Check: func(*pdp.Tables) error { return errors.New("no such application") }}, func(fstest.MapFS) {})
	if book != nil || len(found) != 1 || found[0].Problem != "no such application" {
		t.Errorf("got %v, want the house's refusal", found)
	}
}

// What the machine does not run is said, and refuses nothing.
func TestWhatFallsBackToTheInterpreterIsSaid(t *testing.T) {
	const file = "authz/rules/extra/extra.rego"
	book, found := admitted(t, rulebook.Gate{Points: points.Sections()}, func(files fstest.MapFS) {
		files[file] = &fstest.MapFile{Data: []byte("# METADATA\n# title: Extra\n# custom:\n#   sp800_207: \"2.1\"\n#   hipaa: \"164.312\"\npackage authz.rules.extra\n\n# METADATA\n# title: Extra\ndeny contains \"off_hours\" if {\n\tinput.action.name == \"console.read\"\n\twalk(input, [_, \"x-9\"])\n}\n")}
		files["authz/rules/extra/extra_test.rego"] = &fstest.MapFile{Data: []byte("package authz.rules.extra_test\n\nimport data.authz.rules.extra\n\ntest_it if extra.deny == set() with input as {}\n")}
	})
	if book == nil || len(found) != 1 || !found[0].Note || found[0].Code != "interpreted" || found[0].File != file || found[0].Line != 12 {
		t.Errorf("got %v, want a note with the place of walk", found)
	}
}
