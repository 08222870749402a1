package rulebook

import (
	"context"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/rows"
	"github.com/wardgate/wardgate/policies"
)

const rowsQuery = "data.records.rows.include"

// A condition is what a service reads of the obligation.
type condition struct {
	Type       string
	Operator   string
	Field      string
	Value      string
	Conditions []condition
}

// conditionOf is the row condition that a decision carries, as JSON.
func conditionOf(d pdp.Decision) string {
	for _, o := range d.Obligations {
		if o.ID == "row_condition" {
			return string(o.Properties)
		}
	}
	return ""
}

func loadFS(fsys fs.FS) (*Book, error) {
	files, err := ReadRules(fsys)
	if err != nil {
		return nil, err
	}
	return Load(files, points.Sections())
}

func mustRead(t *testing.T) Files {
	t.Helper()
	files, err := ReadRules(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// doctorOnSite is the input of a doctor who reads an own patient.
func doctorOnSite(t *testing.T) map[string]any {
	t.Helper()
	compiler, err := compileModules(goldenModules(t))
	if err != nil {
		t.Fatal(err)
	}
	results, err := rego.New(rego.Query("data.authz.golden_test.doctor"), rego.Compiler(compiler)).Eval(t.Context())
	if err != nil || len(results) != 1 {
		t.Fatalf("golden input: %v", err)
	}
	document, _ := results[0].Expressions[0].Value.(map[string]any)
	return document
}

func goldenModules(t *testing.T) map[string]*ast.Module {
	t.Helper()
	files, err := ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	modules, err := Parse(files)
	if err != nil {
		t.Fatal(err)
	}
	return modules
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
	book, err := Load(mustRead(t), points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := mustRead(t)
			files[rowsFile] = oneRule(strings.ReplaceAll(tt.body, "} _", "}\n_"))
			modules, err := Parse(files)
			if err != nil {
				t.Fatal(err)
			}
			c, err := compileModules(modules)
			if err == nil {
				_, err = loadRows(context.Background(), modules, c, book.Tables)
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want a refusal at %q", err, tt.want)
			}
		})
	}
}

func TestRefusedRowRuleRefusesTheBook(t *testing.T) {
	files := enginetest.Rules(t, policies.FS)
	files[rowsFile].Data = oneRule(`input.patient.id > "p-1"`)
	if _, err := loadFS(files); err == nil || !strings.Contains(err.Error(), rowsFile+":7: ") {
		t.Errorf("got %v, want a refusal with its place", err)
	}
	var found []string
	for _, f := range Check(context.Background(), files, points.Sections()) {
		found = append(found, f.String())
	}
	if !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, rowsFile+":7: ") }) {
		t.Errorf("got %q, want the row rule", found)
	}
}

func TestRowRulesMayReadWords(t *testing.T) {
	files := enginetest.Rules(t, policies.FS)
	files[rowsFile].Data = oneRule(`input.context.location.place == "on_site"; some d in {"d-1", "d-2"}; staff := input.subject.properties.staff; ` +
		`staff != ""; input.patient.department == d; staff == input.patient.doctor`)
	book, err := loadFS(files)
	if err != nil {
		t.Fatal(err)
	}
	d, err := book.Ask(context.Background(), ast.MustInterfaceToValue(doctorOnSite(t)))
	if err != nil {
		t.Fatal(err)
	}
	one := func(department string) string {
		return `{"type":"compound","operator":"and","conditions":[` +
			`{"type":"field","operator":"eq","field":"patient.department","value":"` + department + `"},` +
			`{"type":"field","operator":"eq","field":"patient.doctor","value":"s-doctor"}]}`
	}
	want := `{"condition":{"type":"compound","operator":"or","conditions":[` + one("d-1") + `,` + one("d-2") + `]}}`
	if got := conditionOf(d); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestBookWithoutRowRulesIsRefused(t *testing.T) {
	files := enginetest.Rules(t, policies.FS)
	delete(files, rowsFile)
	if _, err := loadFS(files); err == nil || !strings.Contains(err.Error(), "data.records.rows.include") {
		t.Errorf("got %v, want a refusal that names the rule", err)
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
	modules, err := Parse(mustRead(t))
	if err != nil {
		t.Fatal(err)
	}
	c, err := compileModules(modules)
	if err != nil {
		t.Fatal(err)
	}
	book, err := Load(mustRead(t), points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	words, err := wordsOf(modules, book.Tables)
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
		role, action := pick(words["subject.properties.role"]...), pick(words["action.name"]...)
		ids := []any{"a", "b", ""}
		document := map[string]any{
			"subject": map[string]any{"id": pick(ids...), "properties": map[string]any{
				"role": role, "staff": pick(ids...), "department": pick(ids...), "patient": pick(ids...)}},
			"action": map[string]any{"name": action},
		}
		d := pdp.Decision{Allow: true, Obligations: []pdp.Obligation{{ID: "row_condition", Properties: []byte(`{"rows":"` + rowsQuery + `"}`)}}}
		if err := book.Rows.Fill(ctx, &d, rows.InValue(ast.MustInterfaceToValue(document))); err != nil {
			t.Fatal(err)
		}
		var filled struct{ Condition condition }
		if err := json.Unmarshal([]byte(conditionOf(d)), &filled); err != nil {
			t.Fatal(err)
		}
		row := map[string]string{"patient.id": pick(ids...), "patient.doctor": pick(ids...),
			"patient.department": pick(ids...), "session.account": pick(ids...)}
		for path, value := range row {
			input.Set(document, strings.Split(path, "."), value)
		}
		results, err := asked.Eval(ctx, rego.EvalInput(document))
		if err != nil {
			t.Fatal(err)
		}
		if got := admits(&filled.Condition, row); got != results.Allowed() {
			t.Fatalf("%v: the condition %+v says %t, the rules say %t", document, filled.Condition, got, results.Allowed())
		}
		if results.Allowed() {
			included++
		}
	}
	if included < 20 {
		t.Errorf("only %d of 3000 rows were included: the comparison says little", included)
	}
}
