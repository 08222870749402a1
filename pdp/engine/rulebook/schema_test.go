package rulebook

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/wardgate/wardgate/pdp/engine/rows"
	"github.com/wardgate/wardgate/policies"
)

// Rules about records are checked by the stock program against a schema of their
// own: that of a request, with one row added, field by field.
func TestRulesAboutRecordsSeeARequestAndARow(t *testing.T) {
	files, err := ReadRules(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	modules, err := Parse(files)
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]map[string]any{}
	for _, m := range modules {
		for _, a := range m.Annotations {
			if len(a.Schemas) == 0 || a.Schemas[0].Definition == nil {
				continue
			}
			raw, err := json.Marshal(*a.Schemas[0].Definition)
			if err != nil {
				t.Fatal(err)
			}
			var s struct{ Properties map[string]any }
			if err := json.Unmarshal(raw, &s); err != nil {
				t.Fatal(err)
			}
			schemas[packageName(m)] = s.Properties
		}
	}
	seen := schemas["records"]
	var fields []string
	for _, row := range []string{"patient", "session"} {
		of, _ := seen[row].(map[string]any)
		properties, _ := of["properties"].(map[string]any)
		if of["additionalProperties"] != false {
			t.Errorf("a row of %s may have any field", row)
		}
		for name := range maps.Keys(properties) {
			fields = append(fields, row+"."+name)
		}
		delete(seen, row)
	}
	if slices.Sort(fields); !slices.Equal(fields, rows.Fields) {
		t.Errorf("got fields %v of rows, the engine compiles %v", fields, rows.Fields)
	}
	if len(seen) == 0 || !reflect.DeepEqual(seen, schemas["authz"]) {
		t.Errorf("the request that rules about records see is another than that of authz:\n%v\n%v", seen, schemas["authz"])
	}
}
