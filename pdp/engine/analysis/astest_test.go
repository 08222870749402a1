package analysis_test

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

// personal are ids that no test may show.
var personal = change{
	"/subject/id": "5f1c-somebody", "/subject/properties/staff": "staff-4711", "/subject/properties/department": "ward-9",
	"/resource/id": "patient-4712", "/context/location/country": "XK",
}

func asTest(t *testing.T, b *analysis.Book, document map[string]any, c change, record *pip.Event) string {
	t.Helper()
	text, err := b.AsTest(context.Background(), with(t, document, c), record, "authz/recorded")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every decision becomes a test that OPA's own runner passes in the tree of the book,
// formatted and strict, and that fails once the answer is another.
func TestDecisionsAsTests(t *testing.T) {
	b := openBook(t, policies.FS)
	inputs := golden(t)
	book := enginetest.Book(t, policies.FS)
	changed := enginetest.Book(t, policies.FS)
	cases := map[string]change{
		"doctor": {"/context/care/treats": false}, "nurse": {"/action/name": "service.edit"}, "patient": {"/context/credential/state": "expired"},
		"security": {}, "stranger": {"/action/name": "patient.read", "/resource/type": "patient"},
	}
	for who, c := range cases {
		text := asTest(t, b, inputs[who], and(personal, c), &pip.Event{Decision: "019c3f-" + who, Revision: "abc"})
		formatted, err := format.SourceWithOpts("x.rego", []byte(text), format.Opts{RegoVersion: ast.RegoV1})
		if err != nil || !bytes.Equal(formatted, []byte(text)) {
			t.Errorf("%s: not as opa fmt writes it: %v\n%s", who, err, text)
		}
		for _, id := range personal {
			if strings.Contains(text, fmt.Sprint(id)) {
				t.Errorf("%s: %v is told:\n%s", who, id, text)
			}
		}
		name := "authz/recorded/" + who + "_test.rego"
		book[name], changed[name] = &fstest.MapFile{Data: []byte(text)}, &fstest.MapFile{Data: []byte(text)}
	}
	const file = "authz/rules/clock/clock.rego"
	changed[file] = &fstest.MapFile{Data: append(bytes.Clone(changed[file].Data), "\ndeny contains \"off_hours\" if input.subject\n"...)}
	if r := run(t, book); r.Passed != len(cases) || !r.OK() {
		t.Errorf("got %d of %d passed: %+v", r.Passed, len(cases), r.Tests)
	}
	if r := run(t, changed); r.Failed != len(cases) {
		t.Errorf("%d of %d fail under another book", r.Failed, len(cases))
	}
	modules := map[string]*ast.Module{}
	for name, f := range book {
		if strings.HasSuffix(name, ".rego") {
			modules[name] = ast.MustParseModule(string(f.Data))
		}
	}
	compiler := rulebook.NewCompiler(true)
	if compiler.Compile(modules); compiler.Failed() {
		t.Errorf("opa check --strict: %v", compiler.Errors)
	}
}

func run(t *testing.T, book fstest.MapFS) analysis.TestReport {
	t.Helper()
	r, err := analysis.TestBook(context.Background(), book, analysis.TestOptions{Run: "data.authz.recorded"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A test is named by the decision and its reason, and says where it comes from.
func TestATestIsNamedByDecisionAndReason(t *testing.T) {
	b := openBook(t, policies.FS)
	doctor := golden(t)["doctor"]
	denied := change{"/context/care/treats": false}
	text := asTest(t, b, doctor, denied, &pip.Event{Decision: "019C3F-77", Revision: "1234567890abcdef", Allow: true})
	for _, want := range []string{
		`# title: "patient.read is denied: not_your_patient"`, "package authz.recorded_test",
		"test_patient_read_is_denied_not_your_patient_decision_019c3f_77 if {", "Decision 019C3F-77, of revision 1234567890ab, which was allowed.",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	text = asTest(t, b, doctor, nil, nil)
	for _, want := range []string{"test_patient_read_is_allowed_role_role_situation_", `== set()`, `== {"row_condition"}`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if again := asTest(t, b, doctor, nil, nil); again != text {
		t.Error("the same decision is written otherwise a second time")
	}
}

// What was equal stays equal, and what was not does not become so.
func TestPseudonymsKeepEquality(t *testing.T) {
	b := openBook(t, policies.FS)
	text := asTest(t, b, golden(t)["patient"], change{"/subject/properties/patient": "x-1", "/resource/id": "x-1", "/subject/id": "x-2"}, nil)
	ids := regexp.MustCompile(`"(?:id|patient)": "([a-z]+-[0-9]+)"`).FindAllStringSubmatch(text, -1)
	if len(ids) != 3 || ids[0][1] != ids[2][1] && ids[0][1] != ids[1][1] || strings.Contains(text, "x-1") {
		t.Errorf("got %v in\n%s", ids, text)
	}
	own := asTest(t, b, golden(t)["security"], change{"/action/name": "user.ban", "/resource/id": "u-9", "/subject/id": "u-9"}, nil)
	if !strings.Contains(own, "own_account") || strings.Contains(own, "u-9") {
		t.Errorf("got\n%s", own)
	}
}

// An id that the rule book names stays, since it means something; what looks into ids
// makes a test impossible, and that is said.
func TestIDsThatRulesKnow(t *testing.T) {
	book := enginetest.Book(t, policies.FS)
	const file = "authz/rules/clock/clock.rego"
	rule := func(condition string) fstest.MapFS {
		book[file] = &fstest.MapFile{Data: append(bytes.Clone(enginetest.Book(t, policies.FS)[file].Data), "\ndeny contains \"off_hours\" if "+condition+"\n"...)}
		return book
	}
	doctor := golden(t)["doctor"]
	text := asTest(t, openBook(t, rule(`input.resource.id == "patient-4712"`)), doctor, personal, nil)
	if !strings.Contains(text, "off_hours") || !strings.Contains(text, `"patient-4712"`) {
		t.Errorf("got\n%s", text)
	}
	_, err := openBook(t, rule(`startswith(input.resource.id, "patient-47")`)).AsTest(context.Background(), with(t, doctor, personal), nil, "authz/recorded")
	if err == nil || !strings.Contains(err.Error(), "looks into one") {
		t.Errorf("got %v", err)
	}
}
