package prove

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// few is a gate of three invariants, which takes less time than one of all.
func few(t testing.TB) Gate {
	t.Helper()
	g := Gate{Points: points.Sections(), Base: rulebook.Files{}}
	for name, content := range builtIn(t) {
		switch name {
		case "invariants/never/strangers.rego", "invariants/must/logging_out.rego", "invariants/monotone/place.rego", "authz/authz.rego":
			g.Base[name] = content
		}
	}
	return g
}

// rules are the built-in book without invariants.
func rules(t testing.TB) rulebook.Files {
	t.Helper()
	files := builtIn(t)
	maps.DeleteFunc(files, func(name string, _ []byte) bool { return strings.HasPrefix(name, below) })
	return files
}

func outcomes(r *Report) map[string]Outcome {
	all := map[string]Outcome{}
	for i := range r.Invariants {
		all[r.Invariants[i].Kind+" "+r.Invariants[i].Name] = r.Invariants[i].Outcome
	}
	return all
}

// What comes with Wardgate is proved of a book that does not have it, and of one
// that has something else in its place.
func TestBaseInvariantsCannotBeLeftOut(t *testing.T) {
	g, opened := few(t), rules(t)
	opened["authz/tables/rights.rego"] = []byte(strings.Replace(string(opened["authz/tables/rights.rego"]),
		`"user.list": {"right": "Manage users"`, `"user.list": {"right": "Sign up"`, 1))
	harmless := []byte("package invariants.never.strangers\n\nviolated if {\n\tdata.authz.answer.decision\n\tinput.action.name == \"nothing\"\n}\n")
	own := []byte("# METADATA\n# title: Ours\npackage invariants.never.ours\n\nviolated if {\n\tdata.authz.answer.decision\n\tinput.action.name == \"patient.add\"\n\tinput.subject.properties.role == \"nurse\"\n}\n")
	tests := []struct {
		name    string
		add     rulebook.Files
		missing []string
		changed bool
	}{
		{"none stands there", nil, slices.Sorted(maps.Keys(Invariants(g.Base))), false},
		{"one stands there", rulebook.Files{"invariants/monotone/place.rego": g.Base["invariants/monotone/place.rego"], "invariants/never/ours.rego": own},
			[]string{"invariants/must/logging_out.rego", "invariants/never/strangers.rego"}, false},
		{"one was weakened", rulebook.Files{"invariants/never/strangers.rego": harmless},
			[]string{"invariants/monotone/place.rego", "invariants/must/logging_out.rego"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := maps.Clone(opened)
			maps.Copy(files, tt.add)
			report, err := g.Prove(t.Context(), files, nil)
			if err != nil {
				t.Fatal(err)
			}
			refuted := slices.ContainsFunc(report.Invariants, func(r Result) bool { return r.Name == "strangers" && r.Outcome == Refuted && r.Base })
			refused := slices.ContainsFunc(report.Invariants, func(r Result) bool { return r.Name == "strangers" && r.Outcome == Refused })
			if report.OK || !refuted || refused != tt.changed || !slices.Equal(report.Missing, tt.missing) {
				t.Errorf("got %t, missing %v, %v", report.OK, report.Missing, outcomes(&report))
			}
			if len(tt.add) == 2 && outcomes(&report)["never ours"] != Proved {
				t.Errorf("the book's own is not proved: %v", outcomes(&report))
			}
			found := report.Findings()
			if !slices.ContainsFunc(found, func(f rulebook.Finding) bool {
				return f.Code == CodeRefuted && !f.Note && f.File == "invariants/never/strangers.rego" && f.Line == 3
			}) || !slices.ContainsFunc(found, func(f rulebook.Finding) bool { return f.Code == CodeMissing && f.Note }) {
				t.Errorf("found %v", found)
			}
		})
	}
}

// A statement holds for the book, invariants and analyser that it is about, and for
// no others.
func TestStatementsAreOfOneBook(t *testing.T) {
	g, files := few(t), rules(t)
	report, err := g.Prove(t.Context(), files, nil)
	if err != nil {
		t.Fatal(err)
	}
	made := g.Statement(files, &report, "devel")
	if err := g.Check(files, made); err != nil || made.Proved < 3 {
		t.Fatalf("got %v, %+v", err, made)
	}
	more := few(t)
	more.Base["invariants/never/banned.rego"] = builtIn(t)["invariants/never/banned.rego"]
	edited := maps.Clone(files)
	edited["authz/authz.rego"] = append(slices.Clone(files["authz/authz.rego"]), '\n')
	own := maps.Clone(files)
	own["invariants/never/ours.rego"] = []byte("package invariants.never.ours")
	tests := []struct {
		name   string
		gate   Gate
		files  rulebook.Files
		change func(*Statement)
		want   error
	}{
		{"another book", g, edited, nil, ErrFalse},
		{"more invariants here", more, files, nil, ErrOther},
		{"more invariants in the book", g, own, nil, ErrOther},
		{"fewer invariants then", g, files, func(s *Statement) { s.Invariants = digestOf(nil) }, ErrOther},
		{"other assumptions", g, files, func(s *Statement) { s.Assumptions = "" }, ErrOther},
		{"another analyser", g, files, func(s *Statement) { s.Analyser = "0.9.1" }, ErrOther},
		{"a later analyser", g, files, func(s *Statement) { s.Analyser = "99.0.0" }, ErrOther},
		{"a newer minor version", g, files, func(s *Statement) { s.Analyser = major(AnalyserVersion) + ".99.9" }, nil},
		{"no analyser", g, files, func(s *Statement) { s.Analyser = "" }, ErrFalse},
		{"no program", g, files, func(s *Statement) { s.Program = "" }, ErrFalse},
		{"refuted", g, files, func(s *Statement) { s.Outcome = Refuted }, ErrFalse},
		{"one is not proved", g, files, func(s *Statement) { s.Unproved = []string{"never strangers"} }, ErrFalse},
		{"none is proved", g, files, func(s *Statement) { s.Proved = 0 }, ErrFalse},
		{"empty", g, files, func(s *Statement) { *s = Statement{} }, ErrFalse},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := *made
			if tt.change != nil {
				tt.change(&s)
			}
			if err := tt.gate.Check(tt.files, &s); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}
