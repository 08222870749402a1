package prove

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// Each request line that Wardgate's own services are delivered with has a name that no
// table may exchange: not for another, not for the same line with another parameter, by
// HEAD, or by a row that takes more lines. So it stays when rows are added.
func TestEachDeliveredLineHasItsName(t *testing.T) {
	type row struct {
		Method      string `json:"method"`
		Path        string `json:"path"`
		Application string `json:"application"`
		Action      string `json:"action"`
		Resource    string `json:"resource"`
	}
	const invariant = "invariants/never/borrowed_lines.rego"
	files, all := rulebook.Files{}, builtIn(t)
	maps.Copy(files, all)
	maps.DeleteFunc(files, func(name string, _ []byte) bool {
		return name != invariant && (!strings.HasPrefix(name, "authz/tables/") || strings.HasSuffix(name, "_test.rego"))
	})
	modules, err := rulebook.Parse(files)
	if err != nil {
		t.Fatal(err)
	}
	compiler := rulebook.NewCompiler(false)
	if compiler.Compile(modules); compiler.Failed() {
		t.Fatal(compiler.Errors)
	}
	asked := func(query string, options ...func(*rego.Rego)) any {
		got, err := rego.New(append(options, rego.Query(query), rego.Compiler(compiler))...).Eval(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(got) == 0 {
			return nil
		}
		return got[0].Expressions[0].Value
	}
	var rows []row
	if raw, err := json.Marshal(asked("data.authz.tables.routes")); err != nil || json.Unmarshal(raw, &rows) != nil || len(rows) < 90 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	var actions []string
	if raw, err := json.Marshal(asked("object.keys(data.authz.tables.actions)")); err != nil || json.Unmarshal(raw, &actions) != nil || len(actions) < 40 {
		t.Fatalf("%d actions, %v", len(actions), err)
	}
	refuted := func(of row) bool {
		return asked("data.invariants.never.borrowed_lines.violated with data.authz.tables.routes as [input]", rego.Input(of)) == true
	}
	for _, action := range append(actions, "a.name.of.its.own") {
		of := row{"DELETE", "/api/patients/{patient}", "records", action, "patient"}
		if action != "patient.delete" && !refuted(of) {
			t.Errorf("deleting a patient may be %s", action)
		}
	}
	for _, of := range rows {
		if refuted(of) {
			t.Errorf("%+v is refuted as it is delivered", of)
		}
		of.Action = map[bool]string{true: "key.list", false: "page.show"}[of.Action == "page.show"]
		ways := []row{of}
		if of.Method == "GET" {
			head := of
			head.Method = "HEAD"
			ways = append(ways, head)
		}
		segments := strings.Split(of.Path, "/")
		for i := range segments[1:] {
			wider := slices.Clone(segments)
			wider[i+1] = "{page}"
			one := of
			one.Path, one.Resource = strings.Join(wider, "/"), "page"
			ways = append(ways, one)
			one.Path = strings.Join(wider[:i+2], "/")
			one.Path = strings.TrimSuffix(one.Path, "{page}") + "{page...}"
			ways = append(ways, one)
		}
		for _, way := range ways {
			if way.Path != "/{page}" && !refuted(way) {
				t.Errorf("%s %s of %s may be %s", way.Method, way.Path, way.Application, way.Action)
			}
		}
	}
}
