package whocan

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/conditions"
	"github.com/wardgate/wardgate/pdp/engine/diff"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

func builtIn(t testing.TB) rulebook.Files {
	t.Helper()
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func opened(t testing.TB, files rulebook.Files) (*finder, *prove.Book) {
	t.Helper()
	b, err := prove.Open(t.Context(), files, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	a := prove.Analyse(b)
	f, err := newFinder(a, a.Books[0], Config{})
	if err != nil {
		t.Fatal(err)
	}
	return f, b
}

func table(f *finder) *Table {
	t := &Table{Entries: f.entries()}
	t.usual()
	t.merged()
	return t
}

// met reports whether a need is met by an assignment.
func met(f *finder, n Need, at []int) bool {
	return slices.ContainsFunc(n, func(p conditions.Part) bool {
		i := f.Space.Find(p.Member)
		word := f.writer.Value(i, at[i])
		if len(p.Is) > 0 {
			return slices.Contains(p.Is, word)
		}
		return !slices.Contains(p.IsNot, word)
	})
}

// The table says exactly what the book decides: of random inputs, near allowed ones and
// anywhere, those are allowed whose entry has all of its needs met.
func TestTheTableIsWhatIsDecided(t *testing.T) {
	f, b := opened(t, builtIn(t))
	entries := map[string]*Entry{}
	all := table(f)
	for i := range all.Entries {
		for _, role := range all.Entries[i].Roles {
			entries[all.Entries[i].Action+" "+role] = &all.Entries[i]
		}
	}
	r := rand.New(rand.NewPCG(3, 8))
	starts := [][]int{}
	f.each(func(action, role int) {
		if at, ok := f.d.Smallest(f.d.And(f.allows, f.d.And(f.d.Is(f.action, action), f.d.Is(f.role, role))), func(_, v int) int { return v % 3 }); ok {
			starts = append(starts, at)
		}
	})
	allowed := 0
	for range 20_000 {
		start := starts[r.IntN(len(starts))]
		at := make([]int, len(f.Space.Variables()))
		for i, v := range f.Space.Variables() {
			at[i] = r.IntN(len(v.Values))
			if start[i] >= 0 && r.IntN(25) > 0 {
				at[i] = start[i]
			}
		}
		input := f.Space.Document(at, b.Blank()).Value
		at, err := f.Space.Assign(input)
		if err != nil {
			t.Fatal(err)
		}
		role := f.writer.Value(f.role, at[f.role])
		if !f.d.Holds(f.possible, at) || role == "anyone" {
			continue
		}
		answer, err := b.Loaded().Decides.Evaluate(t.Context(), input)
		if err != nil {
			t.Fatal(err)
		}
		is := answer.Get(ast.StringTerm("decision")).Equal(ast.BooleanTerm(true))
		e := entries[f.writer.Value(f.action, at[f.action])+" "+role]
		want := e != nil
		if want {
			needs := slices.Clone(e.Needs)
			if e.Usual {
				for _, n := range all.Usual {
					if !slices.ContainsFunc(e.Except, func(x Need) bool { return x.String() == n.String() }) {
						needs = append(needs, n)
					}
				}
			}
			for _, n := range needs {
				want = want && met(f, n, at)
			}
			if e.Partly {
				t.Fatalf("%s by %v is not told whole", e.Action, e.Roles)
			}
		}
		if is {
			allowed++
		}
		if is != want {
			t.Fatalf("decided %t, the table says %t, of %v\n%+v", is, want, input, e)
		}
	}
	if allowed < 2000 {
		t.Errorf("only %d inputs were allowed: this says little", allowed)
	}
}

// An auditor reads who may do what in a few words.
func TestTheTableIsRead(t *testing.T) {
	all, err := Find(t.Context(), "built-in", builtIn(t), points.Sections(), Config{Action: "bill.list"})
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Entries) != 1 || !slices.Equal(all.Entries[0].Roles, []string{"patient"}) || all.Entries[0].Right != "Billing and Finance" || all.Entries[0].Reach != "self" {
		t.Fatalf("got %+v", all.Entries)
	}
	var out bytes.Buffer
	all.Text(&out)
	for _, want := range []string{"bill.list by patient  (Billing and Finance: self)", "own record", "session not revoked", "not banned", "contact (resource patient, service; off-site)",
		"row's patient the same as the subject's patient id"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("without %q:\n%s", want, out.String())
		}
	}
	for _, c := range []Config{{Action: "no.such"}, {Role: "docter"}} {
		if _, err := Find(t.Context(), "built-in", builtIn(t), points.Sections(), c); err == nil {
			t.Errorf("%+v is known", c)
		}
	}
}

// No cell of a spreadsheet is a formula, and no text of a rule book is markup.
func TestTablesAreSafeToOpen(t *testing.T) {
	e := Entry{Action: `=HYPERLINK("http://x")`, Roles: []string{"<script>alert(1)</script>", "+1"}, Right: " @SUM(A1)", Reach: "-2",
		Needs: []Need{{{Member: "x", Is: []string{`"><img src=x>`}}}}, Rows: []string{"|calc"}}
	all := &Table{Book: "<b>", Entries: []Entry{e}}
	var out bytes.Buffer
	if err := all.CSV(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range rows[1] {
		if cell != "" && strings.ContainsRune("=+-@|\t\r", rune(strings.TrimLeft(cell, " ")[0])) {
			t.Errorf("%q is a formula", cell)
		}
	}
	var page bytes.Buffer
	if err := all.HTML(&page); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script>", "<img", "<b>", "src=", "href="} {
		if strings.Contains(strings.ReplaceAll(page.String(), "&lt;img src=x&gt;", ""), bad) {
			t.Errorf("%s stands in the page", bad)
		}
	}
	for _, want := range []string{`<html lang="en">`, `scope="col"`, `scope="row"`, "<caption>", "@media print"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page has no %s", want)
		}
	}
}

// hospital is so many accounts and patients.
func hospital(accounts, patients int) (who []Person, list []Patient) {
	roles := []string{"doctor", "nurse", "patient", "security"}
	for i := range accounts {
		p := Person{ID: fmt.Sprintf("a-%d", i), Role: roles[i%4], State: "active"}
		switch p.Role {
		case "doctor":
			p.Staff = fmt.Sprintf("s-%d", i)
		case "nurse":
			p.Staff, p.Department = fmt.Sprintf("s-%d", i), fmt.Sprintf("d-%d", i%7)
		case "patient":
			p.Patient = fmt.Sprintf("p-%d", i)
		}
		if i%11 == 10 {
			p.State = "disabled"
		}
		who = append(who, p)
	}
	for i := range patients {
		list = append(list, Patient{ID: fmt.Sprintf("p-%d", i), Staff: []string{fmt.Sprintf("s-%d", i%accounts/4*4)}, Department: fmt.Sprintf("d-%d", i%7)})
	}
	return who, list
}

// Of every account, class of devices and patient it is known who can: doctors who treat,
// nurses of the department, patients of their own; and what the engine allows is there.
func TestEverybodyIsAskedAbout(t *testing.T) {
	who, patients := hospital(40, 60)
	found, err := FindPeople(t.Context(), "built-in", builtIn(t), points.Sections(), "patient.read", who, patients)
	if err != nil {
		t.Fatal(err)
	}
	if found.Asked != 40*60*len(found.Devices) || len(found.Devices) != 6 {
		t.Errorf("%d combinations of %v", found.Asked, found.Devices)
	}
	can := map[string]bool{}
	for i := range found.Allowed {
		for _, r := range found.Allowed[i].Can {
			for _, id := range r.Patients {
				for _, d := range r.Devices {
					can[found.Allowed[i].ID+" "+id+" "+d] = true
				}
			}
			if len(r.Needs) == 0 {
				t.Errorf("%s needs nothing", found.Allowed[i].ID)
			}
		}
	}
	for i := range who {
		for j := range patients {
			r := of(&who[i], &patients[j])
			want := who[i].State == "active" && (who[i].Role == "doctor" && r.treats || who[i].Role == "nurse" && r.sameDepartment || who[i].Role == "patient" && r.own)
			if got := can[who[i].ID+" "+patients[j].ID+" same device, on-site"]; got != want {
				t.Fatalf("%+v of %+v: %t, want %t", who[i], patients[j], got, want)
			}
			if can[who[i].ID+" "+patients[j].ID+" changed device, on-site"] {
				t.Fatalf("%+v can from a changed device", who[i])
			}
		}
	}
	if _, err := FindPeople(t.Context(), "built-in", builtIn(t), points.Sections(), "no.such", who, patients); err == nil {
		t.Error("an action that no rule knows is answered")
	}
	none, err := FindPeople(t.Context(), "built-in", builtIn(t), points.Sections(), "user.list", who, patients)
	if err != nil {
		t.Fatal(err)
	}
	if none.Patients != 0 || len(none.Allowed) == 0 || slices.ContainsFunc(none.Allowed, func(a Account) bool { return a.Role != "security" }) {
		t.Errorf("user.list: %+v", none.Allowed)
	}
}

// Who gains and who loses follows from both books, for roles and for people.
func TestBooksAreComparedByWhoCan(t *testing.T) {
	old, changed := builtIn(t), builtIn(t)
	const file = "authz/tables/rights.rego"
	changed[file] = []byte(strings.Replace(string(changed[file]), `"Billing and Finance": {"patient": "self"}`, `"Billing and Finance": {"nurse": "department"}`, 1))
	r, err := diff.Compare(t.Context(), diff.Book{Name: "old", Files: old}, diff.Book{Name: "new", Files: changed}, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	c := Compared(r, Config{Action: "bill.list"})
	if len(c.Gains) == 0 || len(c.Losses) == 0 || !slices.Equal(c.Gains[0].Roles, []string{"nurse"}) || !slices.Equal(c.Losses[0].Roles, []string{"patient"}) {
		t.Errorf("got %+v", c)
	}
	if c := Compared(r, Config{Role: "doctor"}); len(c.Gains)+len(c.Losses) != 0 {
		t.Errorf("doctors: %+v", c)
	}
	who, patients := hospital(12, 20)
	before, err := FindPeople(t.Context(), "old", old, points.Sections(), "bill.list", who, patients)
	if err != nil {
		t.Fatal(err)
	}
	after, err := FindPeople(t.Context(), "new", changed, points.Sections(), "bill.list", who, patients)
	if err != nil {
		t.Fatal(err)
	}
	moved := MovedBy(before, after)
	for _, m := range moved.Moved {
		if m.Change == "gain" != (m.Role == "nurse") || m.Change == "lose" != (m.Role == "patient") {
			t.Errorf("got %+v", m)
		}
	}
	if len(moved.Moved) == 0 || len(MovedBy(before, before).Moved) != 0 {
		t.Errorf("%d moved", len(moved.Moved))
	}
	var out bytes.Buffer
	for _, err := range []error{c.CSV(&out), c.HTML(&out), moved.CSV(&out), moved.HTML(&out), before.CSV(&out), before.HTML(&out)} {
		if err != nil {
			t.Error(err)
		}
	}
}

// A million combinations and more.
func BenchmarkPeople(b *testing.B) {
	who, patients := hospital(1000, 200)
	files := builtIn(b)
	for b.Loop() {
		begun := time.Now()
		found, err := FindPeople(b.Context(), "built-in", files, points.Sections(), "patient.read", who, patients)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(found.Asked), "combinations")
		b.ReportMetric(time.Since(begun).Seconds(), "s/all")
	}
}
