package waiver_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/bundle/bundletest"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/waiver"
	"github.com/wardgate/wardgate/policies"
)

const (
	broken = "never/long_elevation" // what the tests' book breaks
	held   = "never/long_codes"     // what it keeps
	reason = "the ward's tokens are slow until the new ones arrive"
)

// A person has a key.
type person struct {
	signer *bundle.Signer
	public []byte
}

func newPerson(t *testing.T, id string) person {
	t.Helper()
	keys := bundletest.NewPair(t)
	return person{signer: keys.Signer(t, id, ""), public: keys.Public}
}

func base(t *testing.T) rulebook.Files {
	t.Helper()
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

var today = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// signed is a waiver as these people signed it.
func signed(t *testing.T, invariant, until string, by ...person) *waiver.Waiver {
	t.Helper()
	w, err := waiver.New(invariant, reason, until, base(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range by {
		if err := w.Sign(p.signer); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func TestTwoPeopleWaive(t *testing.T) {
	officer, head, stranger := newPerson(t, "officer"), newPerson(t, "head"), newPerson(t, "stranger")
	trust, err := bundle.NewTrust(map[string][]byte{"officer": officer.public, "head": head.public, "twin": officer.public}, "")
	if err != nil {
		t.Fatal(err)
	}
	const end = "2026-12-31"
	both := []person{officer, head}
	tests := []struct {
		name     string
		until    string
		by       []person
		old, new string // in the file
		want     string // "" where it counts
	}{
		{name: "two people", until: end, by: both},
		{name: "its last day", until: "2026-03-01", by: both},
		{name: "one person", until: end, by: both[:1], want: "it has 1 of 2 signatures"},
		{name: "no signature", until: end, want: "it has 0 of 2"},
		{name: "one person under two names", until: end, by: both, old: `"head":`, new: `"another":`, want: "it has 1 of 2"},
		{name: "a person who is not known", until: end, by: []person{officer, stranger}, want: `no key is known by the id "stranger"`},
		{name: "over", until: "2026-02-28", by: both, want: "it ended on 2026-02-28"},
		{name: "without an end", until: "2099-01-01", by: both, want: "longer than a year"},
		{name: "another reason", until: end, by: both, old: "slow", new: "fast", want: "does not hold"},
		{name: "another end", until: end, by: both, old: end, new: "2027-01-31", want: "does not hold"},
		{name: "another text", until: end, by: both, old: "sha256:", new: "sha256:0", want: "another text of the invariant"},
		{name: "no reason", until: end, by: both, old: reason, new: " ", want: "expected why"},
		{name: "in another's file", until: end, by: both, old: broken, new: held, want: "stands in another file"},
		{name: "by a condition", until: end, by: both, old: `until := "2026-12-31"`, new: `until := "2026-12-31" if input.x`, want: "depends on something"},
		{name: "a computed word", until: end, by: both, old: `until := "2026-12-31"`, new: `until := concat("", ["2026-12-31"])`, want: "until"},
		{name: "another word", until: end, by: both, old: "until :=", new: "till :=", want: "till is no word of a waiver"},
		{name: "no Rego", until: end, by: both, old: "until :=", new: "until", want: "parse rule book"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := signed(t, broken, tt.until, tt.by...)
			text := string(w.Bytes())
			if !strings.Contains(text, tt.old) {
				t.Fatalf("%s does not contain %q", text, tt.old)
			}
			files := rulebook.Files{w.Place(): []byte(strings.Replace(text, tt.old, tt.new, 1))}
			read := func(trust *bundle.Trust) prove.Waiver {
				list := waiver.Reader{Base: base(t), Trust: trust, Now: func() time.Time { return today }}.Read(files)
				if len(list) != 1 {
					t.Fatalf("got %d waivers", len(list))
				}
				return list[0]
			}
			got := read(trust)
			if (got.Void == "") != (tt.want == "") || !strings.Contains(got.Void, tt.want) {
				t.Errorf("got %+v, want %q", got, tt.want)
			}
			if tt.want == "" && !slices.Equal(got.By, []string{"head", "officer"}) {
				t.Errorf("signed by %v", got.By)
			}
			if read(nil).Void == "" {
				t.Error("it counts where no signature does")
			}
		})
	}
}

// One person with two names is one person.
func TestTwoNamesOfAKeyAreOnePerson(t *testing.T) {
	officer := newPerson(t, "officer")
	trust, err := bundle.NewTrust(map[string][]byte{"officer": officer.public, "twin": officer.public}, "")
	if err != nil {
		t.Fatal(err)
	}
	w := signed(t, broken, "2026-12-31", officer)
	w.Signatures["twin"] = w.Signatures["officer"]
	list := waiver.Reader{Base: base(t), Trust: trust, Now: func() time.Time { return today }}.Read(rulebook.Files{w.Place(): w.Bytes()})
	if len(list) != 1 || !strings.Contains(list[0].Void, "it has 1 of 2") {
		t.Errorf("got %+v", list)
	}
}

// A waiver moves a refuted invariant aside until its end, and nothing else.
func TestWhatAWaiverDoes(t *testing.T) {
	officer, head := newPerson(t, "officer"), newPerson(t, "head")
	trust, err := bundle.NewTrust(map[string][]byte{"officer": officer.public, "head": head.public}, "")
	if err != nil {
		t.Fatal(err)
	}
	files := base(t)
	const thresholds = "authz/tables/thresholds.rego"
	changed := strings.Replace(string(files[thresholds]), `"elevation_seconds": 300,`, `"elevation_seconds": 30000,`, 1)
	if changed == string(files[thresholds]) {
		t.Fatal("the threshold stands elsewhere")
	}
	files[thresholds] = []byte(changed)
	for _, name := range []string{broken, held, "never/old_step_up"} {
		w := signed(t, name, "2026-03-31", officer, head)
		files[w.Place()] = w.Bytes()
	}
	files["invariants/waivers/never_mine.rego"] = []byte(strings.ReplaceAll(string(files[waiver.Place(held)]), held, "never/mine"))
	now := today
	reader := waiver.Reader{Base: base(t), Trust: trust, Now: func() time.Time { return now }}
	gate := prove.Gate{Points: points.Sections(), Base: base(t), Waivers: reader.Read}
	told := func(r prove.Report, code, text string, note bool) {
		t.Helper()
		if !slices.ContainsFunc(r.Findings(), func(f rulebook.Finding) bool {
			return f.Code == code && strings.Contains(f.Problem, text) && f.Note == note
		}) {
			t.Errorf("no finding %s with %q in %v", code, text, r.Findings())
		}
	}

	report := proved(t, gate, files)
	if report.OK {
		t.Error("a waiver of what does not come with Wardgate is let through")
	}
	told(report, prove.CodeInvariant, "no invariant never mine comes with Wardgate", false)

	delete(files, "invariants/waivers/never_mine.rego")
	report = proved(t, gate, files)
	if one := resultOf(t, report, "long_elevation"); !report.OK || one.Outcome != prove.Waived || len(one.Situation) > 0 && len(one.Input) == 0 {
		t.Errorf("got %v of %+v: %v", report.OK, one, report.Findings())
	}
	told(report, prove.CodeWaived, "waived until 2026-03-31, signed by head, officer: "+reason, true)
	told(report, prove.CodeStale, "never long_codes", true)
	statement := gate.Statement(files, &report, "test")
	if err := gate.Check(files, statement); err != nil || !slices.Contains(statement.Waived, "never long_elevation") {
		t.Errorf("got %+v %v", statement, err)
	}
	untrusting := gate
	untrusting.Waivers = waiver.Reader{Base: base(t), Now: reader.Now}.Read
	if err := untrusting.Check(files, statement); err == nil {
		t.Error("a proof that rests on a waiver is taken where untrusting may waive")
	}

	now = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	if err := gate.Check(files, statement); err == nil {
		t.Error("a proof outlives the waiver on which it rests")
	}
	report = proved(t, gate, files)
	if one := resultOf(t, report, "long_elevation"); report.OK || one.Outcome != prove.Refuted {
		t.Errorf("got %v of %+v", report.OK, one)
	}
	told(report, prove.CodeRefuted, "the waiver "+waiver.Place(broken)+" does not count: it ended on 2026-03-31", false)
}

func proved(t *testing.T, gate prove.Gate, files rulebook.Files) prove.Report {
	t.Helper()
	report, err := gate.Prove(context.Background(), files, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func resultOf(t *testing.T, r prove.Report, name string) prove.Result {
	t.Helper()
	i := slices.IndexFunc(r.Invariants, func(one prove.Result) bool { return one.Name == name })
	if i < 0 {
		t.Fatalf("no %s in the report", name)
	}
	return r.Invariants[i]
}
