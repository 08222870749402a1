package diff

import (
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
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

// original is the built-in book, opened once for all tests.
var original = sync.OnceValues(func() (*prove.Book, error) {
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		return nil, err
	}
	return prove.Open(context.Background(), files, points.Sections())
})

// An edit replaces one text of a file.
type edit struct{ file, old, changed string }

func (e edit) of(t testing.TB, files rulebook.Files) rulebook.Files {
	t.Helper()
	if !strings.Contains(string(files[e.file]), e.old) {
		t.Fatalf("%s does not contain %q", e.file, e.old)
	}
	files = maps.Clone(files)
	files[e.file] = []byte(strings.Replace(string(files[e.file]), e.old, e.changed, 1))
	return files
}

func compared(t testing.TB, files rulebook.Files) *comparison {
	t.Helper()
	before, err := original()
	if err != nil {
		t.Fatal(err)
	}
	after, err := prove.Open(t.Context(), files, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	c, err := compare(t.Context(), []*prove.Book{before, after}, [2]string{"built-in", "edited"}, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// said is a class in one line: its effect, what it gains and loses, its actions and
// roles, and its rows.
func said(one *Class) string {
	rows := []string{}
	for _, row := range one.rows() {
		rows = append(rows, row.String())
	}
	return one.Effect + " | " + strings.Join(one.What(), ", ") + " | " + strings.Join(one.Actions, " ") + " | " +
		strings.Join(one.Roles, " ") + " | " + strings.Join(rows, " OR ")
}

// One word is changed: the pairs that are not equal, and the classes of what is
// allowed by either book, are exactly these.
func TestOneWordGivesItsClass(t *testing.T) {
	tests := map[string]struct {
		edit
		pairs   []string
		classes []string
	}{
		"a right goes to another role": {
			edit{"authz/tables/rights.rego", `"Predictions": {"doctor": "any", "nurse": "any"}`, `"Predictions": {"doctor": "any", "auditor": "any"}`},
			[]string{"looser model.predict auditor", "looser model.read auditor", "stricter model.predict nurse", "stricter model.read nurse"},
			[]string{
				"newly_allowed | -reason role_forbidden | model.predict model.read | auditor | resource not patient, service OR on-site",
				"newly_allowed | +obligation withhold, +obligation withhold fields contains contact, +obligation withhold fields contains national_id, -reason role_forbidden | model.predict model.read | auditor | resource patient, service; off-site",
			},
		},
		"a bill is shown to who does not own it": {
			edit{"authz/tables/rights.rego", `"Billing and Finance": {"patient": "self"}`, `"Billing and Finance": {"patient": "any"}`},
			[]string{"looser bill.list patient"}, nil,
		},
		"a hidden allergy": {
			edit{"authz/tables/withheld.rego", `withheld_from := {"nurse": {"national_id"}}`, `withheld_from := {"nurse": {"national_id", "blood_group"}}`},
			nil,
			[]string{"duties_gained | +obligation withhold fields contains blood_group"},
		},
		"a factor is no longer asked for": {
			edit{"authz/tables/thresholds.rego", "\t\"Delete patient\",\n", ""},
			[]string{"looser patient.delete doctor"},
			[]string{"newly_allowed | -obligation step_up, -obligation step_up acr_values is urn:wardgate:acr:stepped-up, -obligation step_up max_age is 300, -reason step_up_required | patient.delete | doctor |"},
		},
		"the sentinel": {
			edit{"sentinel/rules/flood/flood.rego", `== "many"`, `== "usual"`},
			[]string{}, []string{"verdicts_changed | "},
		},
		"a comment": {edit{"authz/tables/rights.rego", "# right ", "# Right "}, []string{}, []string{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := compared(t, tt.of(t, builtIn(t)))
			if want := tt.classes == nil || len(tt.classes) > 0; c.report.Equal == want || c.report.OK == want {
				t.Errorf("equal %t, ok %t", c.report.Equal, c.report.OK)
			}
			var pairs []string
			for _, p := range c.report.Actions {
				if p.Change != Equal {
					pairs = append(pairs, p.Change+" "+p.Action+" "+p.Role)
				}
			}
			slices.Sort(pairs)
			if tt.pairs != nil && !slices.Equal(pairs, tt.pairs) {
				t.Errorf("got %q, want %q", pairs, tt.pairs)
			}
			var lines []string
			for i := range c.report.Classes {
				one := &c.report.Classes[i]
				lines = append(lines, said(one))
				if len(one.Places) == 0 || one.Places[0].File != tt.file || one.Places[0].Line == 0 {
					t.Errorf("class %s is placed at %v", one.ID, one.Places)
				}
			}
			for _, want := range tt.classes {
				if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, want) }) {
					t.Errorf("no class %q among\n%s", want, strings.Join(lines, "\n"))
				}
			}
		})
	}
}

// drawn makes up inputs near one that the new book allows, and anywhere.
func drawn(c *comparison, r *rand.Rand, start []int) ast.Value {
	at := make([]int, len(c.Space.Variables()))
	near := r.IntN(4) > 0
	for i, v := range c.Space.Variables() {
		at[i] = r.IntN(len(v.Values))
		if near && start[i] >= 0 && r.IntN(12) > 0 {
			at[i] = start[i]
		}
	}
	return c.Space.Document(at, c.standing(false)).Value
}

// words of tables, any of which may stand in the place of another of its list.
var words = [][]string{
	{`"doctor": "own"`, `"nurse": "department"`, `"patient": "self"`, `"security": "any"`, `"machine": "any"`, `"auditor": "any"`},
	{`"right": "Own account"`, `"right": "Manage users"`, `"right": "Predictions"`, `"right": "Add patient"`, `"right": "Console"`},
	{`"step_up_off_site"`, `"on_site"`, `"step_up"`, `"day"`},
	{`"contact"`, `"national_id"`, `"diagnoses"`},
	{`"treatment", "emergency"`, `"payment"`, `"operations"`},
	{`"changes": true`, `"changes": false`},
	{`"Delete patient",`, `"Predictions",`, `"Own account",`, `"Add patient",`},
	{`== "fresh"`, `== "stale"`, `== "unknown"`},
	{`== "changed"`, `== "same"`, `== "unseen"`},
	{`== "own"`, `== "department"`, `== "self"`, `== "any"`},
}

// mutant changes one word of one file.
func mutant(r *rand.Rand, files rulebook.Files) (rulebook.Files, string) {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(files)), func(n string) bool {
		return strings.HasSuffix(n, "_test.rego") || strings.HasPrefix(n, "invariants/")
	})
	for {
		list := words[r.IntN(len(words))]
		from, to := list[r.IntN(len(list))], list[r.IntN(len(list))]
		file := names[r.IntN(len(names))]
		text := string(files[file])
		n := strings.Count(text, from)
		if n == 0 || from == to {
			continue
		}
		at := 0
		for range r.IntN(n) + 1 {
			at += strings.Index(text[at:], from) + 1
		}
		changed := maps.Clone(files)
		changed[file] = []byte(text[:at-1] + to + text[at-1+len(from):])
		return changed, file + ": " + from + " becomes " + to
	}
}

// Of random edits: the report says equal exactly where the answers to random inputs
// are, and the labels of actions and roles hold for them.
func TestRandomEditsAreSeenWhereTheyShow(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 5))
	files := builtIn(t)
	different := 0
	for done := 0; done < edits; {
		changed, what := mutant(r, files)
		if _, err := rulebook.Load(changed, points.Sections()); err != nil {
			continue // serving refuses it
		}
		done++
		c := compared(t, changed)
		if !c.report.Equal {
			different++
		}
		sampled(t, c, r, what)
	}
	if different < edits/3 {
		t.Errorf("only %d of %d edits change anything: this says little", different, edits)
	}
}

// sampled holds a report against what both books answer.
func sampled(t *testing.T, c *comparison, r *rand.Rand, what string) {
	small := func(_, value int) int { return value % 3 }
	start, ok := c.d.Smallest(c.newAllows, small)
	if !ok { // the edit closes everything
		start, ok = c.d.Smallest(c.oldAllows, small)
	}
	if !ok {
		t.Fatal("neither allows anything")
	}
	differs := symbolic.No
	for _, root := range c.terms {
		differs = c.d.Or(differs, c.differs(root))
	}
	changes := map[string]Pair{}
	for _, p := range c.report.Actions {
		changes[p.Action+" "+p.Role] = p
	}
	for range samples {
		input := drawn(c, r, start)
		at, err := c.Space.Assign(input)
		if err != nil {
			t.Fatal(err)
		}
		if !c.d.Holds(c.possible, at) {
			continue
		}
		before, err := c.old.Loaded().Decides.Evaluate(t.Context(), input)
		after, err2 := c.new.Loaded().Decides.Evaluate(t.Context(), input)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		same := before.Equal(after)
		if !same && (c.report.Equal || !c.d.Holds(differs, at)) {
			t.Fatalf("%s: the answers differ for %v, and the report does not say so", what, input)
		}
		a, role := c.Space.Find("action.name"), c.Space.Find("subject.properties.role")
		pair := changes[c.writer.Value(a, at[a])+" "+c.writer.Value(role, at[role])]
		was, is := allows(before), allows(after)
		switch {
		case !same && !pair.AnswersDiffer,
			is && !was && pair.Change != Looser && pair.Change != Incomparable,
			was && !is && pair.Change != Stricter && pair.Change != Incomparable,
			was && is && !before.Get(ast.StringTerm("context")).Get(ast.StringTerm("obligations")).Equal(after.Get(ast.StringTerm("context")).Get(ast.StringTerm("obligations"))) && pair.Change == Equal:
			t.Fatalf("%s: %s %s is said to be %s, and for %v\n%v becomes\n%v", what, pair.Action, pair.Role, pair.Change, input, before, after)
		}
	}
}

func allows(answer *ast.Term) bool {
	return answer.Get(ast.StringTerm("decision")).Equal(ast.BooleanTerm(true))
}

// What Go goes by is compared cell by cell, with the line of the row.
func TestTablesAreComparedCellByCell(t *testing.T) {
	files := builtIn(t)
	for _, e := range []edit{
		{"authz/tables/routes.rego", `_row("GET", "/api/patients", "records", "patient.list"`, `_row("GET", "/api/patients", "records", "key.list"`},
		{"authz/tables/routes.rego", "\t_row(\"GET\", \"/demo/outbox\", \"demo\", \"demo.outbox\", \"message\", \"none\"),\n", ""},
		{"authz/tables/thresholds.rego", `["127.0.0.1/32", "::1/128"]`, `["127.0.0.0/8", "::1/128"]`},
		{"authz/tables/limits.rego", `"wrong_passwords": 3,`, `"wrong_passwords": 4,`},
		{"authz/tables/reasons.rego", `"device_unknown": {"class": "device", "status": 503`, `"device_unknown": {"class": "device", "status": 403`},
	} {
		files = e.of(t, files)
	}
	c := compared(t, files)
	var got []string
	for i := range c.report.Tables {
		cell := &c.report.Tables[i]
		if !cell.Outside || cell.Place.Line == 0 || cell.Place.File == "" {
			t.Errorf("%s: outside %t, at %s", cell.name(), cell.Outside, cell.Place)
		}
		if line := strings.Split(string(files[cell.Place.File]), "\n")[cell.Place.Line-1]; !cell.Place.Old && !strings.Contains(line, cell.Row) && !strings.Contains(line, strings.TrimPrefix(cell.Row, "GET ")) {
			t.Errorf("%s is placed at %q", cell.name(), line)
		}
		got = append(got, cell.name()+" "+string(cell.Old)+" "+string(cell.New))
	}
	want := []string{
		`authz.tables.limits[wrong_passwords] 3 4`,
		`authz.tables.networks[hospital][127.0.0.0/8] null true`,
		`authz.tables.networks[hospital][127.0.0.1/32] true null`,
		`authz.tables.reasons[device_unknown][status] 503 403`,
		`authz.tables.routes[GET /api/patients][action] "patient.list" "key.list"`,
	}
	for _, part := range []string{"action", "application", "body", "method", "path", "resource"} {
		value := map[string]string{"action": "demo.outbox", "application": "demo", "body": "none", "method": "GET", "path": "/demo/outbox", "resource": "message"}[part]
		want = append(want, `authz.tables.routes[GET /demo/outbox][`+part+`] "`+value+`" null`)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if c.report.Equal || len(c.report.Classes) != 0 {
		t.Errorf("equal: %t, classes: %d", c.report.Equal, len(c.report.Classes))
	}
}

// What only one schema has is said, and the rest is compared.
func TestBooksWithOtherSchemasAreComparedWhereTheyCanBe(t *testing.T) {
	files := builtIn(t)
	for _, file := range []string{"authz/tables/callers.rego"} {
		files = edit{file, `"words": {"treatment", "emergency", "payment", "operations"}`, `"words": {"treatment", "emergency", "payment", "operations", "research"}`}.of(t, files)
	}
	for _, file := range []string{"authz/authz.rego", "records/records.rego"} {
		files = edit{file, `purpose: {enum: ["treatment", "emergency", "payment", "operations", "other"]}`, `purpose: {enum: ["treatment", "emergency", "payment", "operations", "research", "other"]}`}.of(t, files)
	}
	c := compared(t, files)
	if len(c.report.NotCompared) != 1 || !strings.Contains(c.report.NotCompared[0].Name, `context.claims.purpose = "research"`) || c.report.OK {
		t.Errorf("not compared: %+v", c.report.NotCompared)
	}
	if len(c.report.Classes) != 0 {
		t.Errorf("of the words that both have, %s changes", said(&c.report.Classes[0]))
	}
}

// A change that a person meant is no failure; an entry that meets none is said.
func TestChangesAreAllowed(t *testing.T) {
	c := compared(t, edit{"authz/tables/rights.rego", `"Predictions": {"doctor": "any", "nurse": "any"}`, `"Predictions": {"doctor": "any", "nurse": "any", "auditor": "any"}`}.of(t, builtIn(t)))
	raw, err := c.report.Allowances()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAllowances(raw); err == nil || !strings.Contains(err.Error(), "reason") {
		t.Errorf("a file without reasons: %v", err)
	}
	list, err := ReadAllowances([]byte(strings.ReplaceAll(string(raw), `reason: ""`, "reason: the board said so")))
	if err != nil {
		t.Fatal(err)
	}
	c.report.Allow(append(list, Allowance{Table: "authz.tables.routes", Row: "*", Reason: "gone"}))
	if !c.report.OK || c.report.Equal || len(c.report.Stale) != 1 {
		t.Errorf("ok %t, equal %t, stale %v", c.report.OK, c.report.Equal, c.report.Stale)
	}
	c.report.Stale = nil
	c.report.Allow(list[1:])
	if c.report.OK {
		t.Error("a change that is not in the list is allowed")
	}
	wide, err := ReadAllowances([]byte("changes:\n  - {effect: newly_allowed, action: [model.predict, model.read], role: [auditor], reason: meant}\n  - {effect: denied_otherwise, action: [model.predict, model.read], role: ['*'], reason: meant}\n  - {effect: unseen, action: ['*'], role: [auditor], reason: meant}\n"))
	if err != nil {
		t.Fatal(err)
	}
	c.report.Allow(wide)
	if !c.report.OK {
		t.Errorf("%s", c.report.Summary())
	}
	for _, bad := range []string{
		"changes:\n  - {effect: newly_alowed, action: ['*'], role: ['*'], reason: x}\n", "changes:\n  - {reason: x}\n",
		"changes:\n  - {effect: newly_allowed, reason: x}\n", "changes:\n  - {id: a, reason: ' '}\n", "changed: []\n",
		"changes:\n  - {effect: newly_allowed, table: authz.tables.routes, row: a, action: [a], role: [b], reason: x}\n",
	} {
		if _, err := ReadAllowances([]byte(bad)); err == nil {
			t.Errorf("%s is taken", bad)
		}
	}
}

// The report is the same whenever it is made.
func TestReportsAreStable(t *testing.T) {
	files := edit{"authz/tables/rights.rego", `"Add patient": {"doctor": "own"}`, `"Add patient": {"nurse": "department"}`}.of(t, builtIn(t))
	a, err := json.Marshal(compared(t, files).report)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(compared(t, files).report)
	if err != nil {
		t.Fatal(err)
	}
	if string(a) != string(b) {
		t.Error("two reports of the same books differ")
	}
}
