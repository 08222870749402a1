package engine

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

// rowsOf is the row condition that a decision carries, as JSON.
func rowsOf(d pdp.Decision) string {
	for _, o := range d.Obligations {
		if o.ID == rowCondition {
			return string(o.Properties)
		}
	}
	return ""
}

func TestDecisionsCarryTheRowConditionOfTheirSubject(t *testing.T) {
	tests := []struct {
		name   string
		change func(r *pdp.Request, f *pip.Facts)
		want   string
	}{
		{"doctor", func(*pdp.Request, *pip.Facts) {},
			`{"condition":{"type":"field","operator":"eq","field":"patient.doctor","value":"s-1"}}`},
		{"another doctor", func(_ *pdp.Request, f *pip.Facts) { f.Identity.Staff, f.Care.Staff = "s-2", []string{"s-2"} },
			`{"condition":{"type":"field","operator":"eq","field":"patient.doctor","value":"s-2"}}`},
		{"nurse", func(_ *pdp.Request, f *pip.Facts) { f.Identity.Role = "nurse" },
			`{"condition":{"type":"field","operator":"eq","field":"patient.department","value":"d-1"}}`},
		{"patient", func(_ *pdp.Request, f *pip.Facts) {
			f.Identity.Role, f.Identity.Staff, f.Identity.Department, f.Identity.Patient = "patient", "", "", "p-1"
		}, `{"condition":{"type":"field","operator":"eq","field":"patient.id","value":"p-1"}}`},
		{"own sessions", func(r *pdp.Request, _ *pip.Facts) { r.Action.Name = "session.list" },
			`{"condition":{"type":"field","operator":"eq","field":"session.account","value":"u-1"}}`},
		{"restoring", func(r *pdp.Request, f *pip.Facts) { r.Action.Name, f.Identity.Role = "patient.restore", "security" },
			`{"condition":{"type":"all"}}`},
		{"prediction", func(r *pdp.Request, _ *pip.Facts) { r.Action.Name = "model.predict" }, ``},
		{"doctor without a staff record", func(r *pdp.Request, f *pip.Facts) {
			r.Action.Name, r.Resource.ID, f.Identity.Staff = "patient.list", "", ""
		}, `{"condition":{"type":"none"}}`},
		{"nurse without a department", func(r *pdp.Request, f *pip.Facts) {
			r.Action.Name, r.Resource.ID, f.Identity.Role, f.Identity.Department = "patient.list", "", "nurse", ""
		}, `{"condition":{"type":"none"}}`},
		{"quotes in an id", func(r *pdp.Request, f *pip.Facts) {
			r.Action.Name, r.Resource.ID, f.Identity.Staff = "patient.list", "", `x" OR "1"="1`
		}, `{"condition":{"type":"field","operator":"eq","field":"patient.doctor","value":"x\" OR \"1\"=\"1"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, f := readsPatient(), ward()
			tt.change(&r, &f)
			d, err := newEngine(t, policies.FS, reading1(f)).Decide(context.Background(), r)
			if err != nil || !d.Allow || rowsOf(d) != tt.want {
				t.Errorf("got %s, allow %t, reasons %v, %v; want %s", rowsOf(d), d.Allow, d.Reasons, err, tt.want)
			}
		})
	}
}

// What is denied touches nothing: the rule's name is no condition, and an
// enforcement point that took the denial for a permission would still refuse.
func TestDenialNamesTheRuleAlone(t *testing.T) {
	f := ward()
	f.Care.Staff = []string{"s-2"}
	d, err := newEngine(t, policies.FS, reading1(f)).Decide(context.Background(), readsPatient())
	if want := `{"rows":"data.records.rows.include"}`; err != nil || d.Allow || rowsOf(d) != want {
		t.Errorf("got %s, %v, want %s", rowsOf(d), err, want)
	}
}

func TestMarkIsNoID(t *testing.T) {
	r, f := readsPatient(), ward()
	r.Action.Name, r.Resource.ID, f.Identity.Staff = "patient.list", "", markOf("subject.id")
	if d, err := newEngine(t, policies.FS, reading1(f)).Decide(context.Background(), r); err == nil || d.Allow {
		t.Errorf("got %+v, want an error", d)
	}
}

const rowsFile = "records/rows/rows.rego"

// oneRule is the file of the row rules with one rule, on line 7.
func oneRule(body string) []byte {
	return []byte("package records.rows\n\nimport data.authz.ask\nimport data.authz.tables\n\n" +
		"_uses := [ask.reach, tables.step_up_acr]\ninclude if { " + body + " }\n")
}

// Each of these compiles as Rego. As a condition it would mean something else,
// or nothing.
func TestRowRulesThatCannotBeConditionsAreRefused(t *testing.T) {
	const mine = `input.subject.id != ""; `
	tests := []struct{ name, body, want string }{
		{"field that rows lack", `input.patient.name == "x"`, rowsFile + ":7: "},
		{"misspelt field", mine + `input.patient.docter == input.subject.id`, rowsFile + ":7: "},
		{"whole row", `count(input.patient) > 0`, rowsFile + ":7: "},
		{"row by a variable", `input.patient[_] == "x"`, rowsFile + ":7: "},
		{"whole input", `count(input) > 0`, rowsFile + ":7: "},
		{"misspelt subject", `input.subjct.id != ""; ask.reach == "all"`, rowsFile + ":7: "},
		{"free text of the input", `input.context.location.country == "DE"; ask.reach == "all"`, rowsFile + ":7: "},
		{"inequality", mine + `input.patient.doctor != input.subject.id`, rowsFile + ":7: "},
		{"negation", mine + `not input.patient.doctor == input.subject.id`, rowsFile + ":7: "},
		{"order", `input.patient.id > "p-1"`, rowsFile + ":7: "},
		{"prefix", `startswith(input.patient.id, "p-")`, rowsFile + ":7: "},
		{"member of a list", `input.patient.department in {"d-1", "d-2"}`, rowsFile + ":7: "},
		{"two fields", `input.patient.id == input.patient.doctor`, rowsFile + ":7: "},
		{"existence", `input.patient.doctor`, rowsFile + ":7: "},
		{"empty value", `input.patient.doctor == ""; ask.reach == "own"`, "a row's field is compared by"},
		{"a number", `input.patient.doctor == 7; ask.reach == "own"`, rowsFile + ":7: rego_type_error"},
		{"null", `input.patient.doctor == null; ask.reach == "own"`, rowsFile + ":7: rego_type_error"},
		{"id that is not asked to be there", `input.patient.doctor == input.subject.properties.staff`, rowsFile + ":7: "},
		{"another id is asked to be there", mine + `input.patient.doctor == input.subject.properties.staff`, rowsFile + ":7: "},
		{"id against a text", `input.subject.properties.staff == "s-1"; ask.reach == "all"`, rowsFile + ":7: "},
		{"id under another name", `x := input.subject.properties.staff; x in {"s-1"}; ask.reach == "all"`, rowsFile + ":7: "},
		{"id as a key", `input.subject.id != ""; input.patient.doctor == tables.rights[input.subject.id].doctor`, rowsFile + ":7: "},
		{"no id", `not input.subject.id != ""; ask.reach == "all"`, rowsFile + ":7: "},
		{"id in a comprehension", `count({x | x := input.subject.id}) > 0; ask.reach == "all"`, rowsFile + ":7: "},
		{"id handed to a function", `_is(input.subject.id) } _is(x) if { x == "u-1"`, rowsFile + ":7: "},
		{"id handed on by a rule", `_me == "u-1" } _me := input.subject.id if { true`, rowsFile + ":8: "},
		{"negated rule about the row", `not _mine } _mine if { input.patient.doctor == "x"`, "not"},
		{"every", `every x in {"a", "b"} { input.patient.doctor == x }`, ""},
		{"with", `ask.reach == "all" with input.subject.id as "x"`, ""},
	}
	rev, err := load(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := mustRead(t)
			files[rowsFile] = oneRule(strings.ReplaceAll(tt.body, "} _", "}\n_"))
			modules, err := parse(files)
			if err != nil {
				t.Fatal(err)
			}
			c, err := compileModules(modules)
			if err == nil {
				_, err = loadRows(context.Background(), modules, c, rev.tables)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want a refusal at %q", err, tt.want)
			}
		})
	}
}

func TestRefusedRowRuleRefusesTheBook(t *testing.T) {
	files := rulesOf(t)
	files[rowsFile].Data = oneRule(`input.patient.id > "p-1"`)
	if _, err := load(files); err == nil || !strings.Contains(err.Error(), rowsFile+":7: ") {
		t.Errorf("got %v, want a refusal with its place", err)
	}
	var found []string
	for _, f := range Check(context.Background(), files) {
		found = append(found, f.String())
	}
	if !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, rowsFile+":7: ") }) {
		t.Errorf("got %q, want the row rule", found)
	}
}

func TestRowRulesMayReadWords(t *testing.T) {
	files := rulesOf(t)
	files[rowsFile].Data = oneRule(`input.context.location.place == "on_site"; some d in {"d-1", "d-2"}; staff := input.subject.properties.staff; ` +
		`staff != ""; input.patient.department == d; staff == input.patient.doctor`)
	rev, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	r, f := readsPatient(), ward()
	in := &input{}
	in.fill(&r, &f, rev.tables)
	d, err := rev.ask(context.Background(), in.value())
	if err != nil {
		t.Fatal(err)
	}
	one := func(department string) string {
		return `{"type":"compound","operator":"and","conditions":[` +
			`{"type":"field","operator":"eq","field":"patient.department","value":"` + department + `"},` +
			`{"type":"field","operator":"eq","field":"patient.doctor","value":"s-1"}]}`
	}
	want := `{"condition":{"type":"compound","operator":"or","conditions":[` + one("d-1") + `,` + one("d-2") + `]}}`
	if got := rowsOf(d); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBookWithoutRowRulesIsRefused(t *testing.T) {
	files := rulesOf(t)
	delete(files, rowsFile)
	if _, err := load(files); err == nil || !strings.Contains(err.Error(), "data.records.rows.include") {
		t.Errorf("got %v, want a refusal that names the rule", err)
	}
}

func TestHostileTranslationsAreRefused(t *testing.T) {
	field := func(operator, field string, value any) map[string]any {
		return map[string]any{"type": "field", "operator": operator, "field": field, "value": value}
	}
	for name, node := range map[string]map[string]any{
		"empty":          {},
		"unknown type":   {"type": "document", "operator": "exists"},
		"unknown field":  field("eq", "patient.name", "x"),
		"column":         field("eq", "patients.id", "x"),
		"ne":             field("ne", "patient.id", "x"),
		"empty value":    field("eq", "patient.id", ""),
		"no value":       {"type": "field", "operator": "eq", "field": "patient.id"},
		"field as value": field("eq", "patient.id", map[string]any{"field": "patient.doctor"}),
		"list as value":  field("eq", "patient.id", []any{"x"}),
		"not":            {"type": "compound", "operator": "not", "value": []any{field("eq", "patient.id", "x")}},
		"empty and":      {"type": "compound", "operator": "and", "value": []any{}},
		"and of nothing": {"type": "compound", "operator": "and"},
		"part no node":   {"type": "compound", "operator": "or", "value": []any{"x"}},
		"part empty":     {"type": "compound", "operator": "or", "value": []any{field("eq", "patient.id", "x"), map[string]any{}}},
	} {
		if c, err := readUCAST(node); err == nil {
			t.Errorf("%s: got %+v, want an error", name, c)
		}
	}
}

// admits is the meaning of a condition, over a row.
func admits(c *condition, row map[string]string) bool {
	switch c.Type {
	case "all":
		return true
	case "field":
		return row[c.Field] == c.Value
	case "compound":
		for i := range c.Conditions {
			if admits(&c.Conditions[i], row) != (c.Operator == "and") {
				return c.Operator == "or"
			}
		}
		return c.Operator == "and"
	}
	return false
}

// The compiled condition admits a row exactly where the rules, asked about that
// row as people read them, include it.
func TestCompiledConditionsMeanWhatTheRulesSay(t *testing.T) {
	rev, err := load(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	modules, err := parse(mustRead(t))
	if err != nil {
		t.Fatal(err)
	}
	c, err := compileModules(modules)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	asked, err := rego.New(rego.Query(rowsQuery), rego.Compiler(c)).PrepareForEval(ctx)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(5, 8))
	pick := func(words ...any) string { s, _ := words[random.IntN(len(words))].(string); return s }
	included := 0
	for range 3000 {
		role, action := pick(rev.rows.reads.domain["subject.properties.role"]...), pick(rev.rows.reads.domain["action.name"]...)
		ids := []any{"a", "b", ""}
		document := map[string]any{
			"subject": map[string]any{"id": pick(ids...), "properties": map[string]any{
				"role": role, "staff": pick(ids...), "department": pick(ids...), "patient": pick(ids...)}},
			"action": map[string]any{"name": action},
		}
		s, err := rev.rows.reads.situation(inValue(ast.MustInterfaceToValue(document)))
		if err != nil {
			t.Fatal(err)
		}
		compiled, err := rev.rows.of(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		filled := compiled.with(s.ids)
		row := map[string]string{"patient.id": pick(ids...), "patient.doctor": pick(ids...),
			"patient.department": pick(ids...), "session.account": pick(ids...)}
		for path, value := range row {
			setAt(document, strings.Split(path, "."), value)
		}
		results, err := asked.Eval(ctx, rego.EvalInput(document))
		if err != nil {
			t.Fatal(err)
		}
		if got := admits(&filled, row); got != results.Allowed() {
			t.Fatalf("%v: the condition %+v says %t, the rules say %t", document, filled, got, results.Allowed())
		}
		if results.Allowed() {
			included++
		}
	}
	if included < 20 {
		t.Errorf("only %d of 3000 rows were included: the comparison says little", included)
	}
}

// rulesOf is the built-in book to be changed, without its tests.
func rulesOf(t *testing.T) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for name, text := range mustRead(t) {
		files[name] = &fstest.MapFile{Data: text}
	}
	return files
}

func mustRead(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := readRuleBook(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// The shape is that of the assertion: what travels is what was compiled.
func TestConditionHasTheAssertionsShape(t *testing.T) {
	raw, err := json.Marshal(condition{Type: "compound", Operator: "and", Conditions: []condition{{Type: "all"}, {Type: "none"}}})
	if want := `{"type":"compound","operator":"and","conditions":[{"type":"all"},{"type":"none"}]}`; err != nil || string(raw) != want {
		t.Errorf("got %s, want %s", raw, want)
	}
}
