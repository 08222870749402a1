package kibana_test

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pip/audit/ecs"
	"github.com/wardgate/wardgate/pip/audit/ship/kibana"
)

type saved struct {
	ID         string
	Type       string
	Attributes map[string]json.RawMessage
	References []struct{ ID, Name, Type string }

	ExportedCount *int
}

func objects(t *testing.T) []saved {
	t.Helper()
	var b bytes.Buffer
	if err := kibana.Write(&b, []string{"identity", "care"}); err != nil {
		t.Fatal(err)
	}
	var out []saved
	for line := range strings.Lines(b.String()) {
		var o saved
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		out = append(out, o)
	}
	return out
}

// The file is what Kibana imports: every object once, every reference to an
// object in it, and the last line tells how many they are.
func TestReferencesAreWhole(t *testing.T) {
	all := objects(t)
	last := all[len(all)-1]
	all = all[:len(all)-1]
	if last.ExportedCount == nil || *last.ExportedCount != len(all) {
		t.Errorf("the last line is %+v, want a count of %d", last, len(all))
	}
	there := map[string]bool{}
	for _, o := range all {
		key := o.Type + " " + o.ID
		if there[key] {
			t.Errorf("%s is there twice", key)
		}
		there[key] = true
	}
	dashboards := 0
	for _, o := range all {
		for _, r := range o.References {
			if !there[r.Type+" "+r.ID] {
				t.Errorf("%s refers to %s %s, which is not there", o.ID, r.Type, r.ID)
			}
		}
		if o.Type == "dashboard" {
			dashboards++
			placed(t, o)
		}
	}
	if dashboards != 7 {
		t.Errorf("got %d dashboards, want 7", dashboards)
	}
}

// placed checks that each panel of a dashboard names a reference of it, and
// that no two lie on each other.
func placed(t *testing.T, o saved) {
	t.Helper()
	var text string
	var panels []struct {
		PanelIndex, PanelRefName, Type string
		GridData                       struct{ X, Y, W, H int }
	}
	if err := json.Unmarshal(o.Attributes["panelsJSON"], &text); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &panels); err != nil {
		t.Fatal(err)
	}
	taken := map[[2]int]bool{}
	for _, p := range panels {
		if !slices.ContainsFunc(o.References, func(r struct{ ID, Name, Type string }) bool {
			return r.Name == p.PanelIndex+":"+p.PanelRefName && r.Type == p.Type
		}) {
			t.Errorf("%s: panel %s has no reference", o.ID, p.PanelIndex)
		}
		at := [2]int{p.GridData.X, p.GridData.Y}
		if taken[at] || p.GridData.X+p.GridData.W > 48 || p.GridData.H == 0 {
			t.Errorf("%s: panel %s lies badly: %+v", o.ID, p.PanelIndex, p.GridData)
		}
		taken[at] = true
	}
	if len(panels) == 0 || len(panels) != len(o.References) {
		t.Errorf("%s: got %d panels and %d references", o.ID, len(panels), len(o.References))
	}
}

var (
	sources = regexp.MustCompile(`"sourceField":"([^"]+)"`)
	asked   = regexp.MustCompile(`([@a-z][a-z0-9_.]*)\s*(?::|>=|<)`)
	quoted  = regexp.MustCompile(`"[^"]*"`)
	queries = regexp.MustCompile(`"query":"((?:[^"\\]|\\.)*)"`)
)

// Every field that a chart or a query names is one that the template maps.
func TestFieldsAreMapped(t *testing.T) {
	mapped := func(name string) bool {
		return name == "___records___" || slices.ContainsFunc(ecs.Fields(), func(f ecs.Field) bool {
			open, is := strings.CutSuffix(f.Name, "*")
			return f.Name == name || is && strings.HasPrefix(name, open) && len(name) > len(open)
		})
	}
	fields, texts := 0, 0
	for _, o := range objects(t) {
		for key, raw := range o.Attributes {
			text := string(raw)
			var inner string
			if json.Unmarshal(raw, &inner) == nil {
				text = inner
			}
			if key == "kibanaSavedObjectMeta" {
				var meta struct{ SearchSourceJSON string }
				if err := json.Unmarshal(raw, &meta); err != nil {
					t.Fatal(err)
				}
				text = meta.SearchSourceJSON
			}
			for _, m := range sources.FindAllStringSubmatch(text, -1) {
				fields++
				if !mapped(m[1]) {
					t.Errorf("%s: field %s is not mapped", o.ID, m[1])
				}
			}
			for _, m := range queries.FindAllStringSubmatch(text, -1) {
				var kql string
				if err := json.Unmarshal([]byte(`"`+m[1]+`"`), &kql); err != nil {
					t.Fatal(err)
				}
				for _, f := range asked.FindAllStringSubmatch(quoted.ReplaceAllString(kql, ""), -1) {
					texts++
					if !mapped(f[1]) {
						t.Errorf("%s: %s asks for field %s, which is not mapped", o.ID, kql, f[1])
					}
				}
			}
		}
	}
	if fields < 50 || texts < 20 {
		t.Errorf("only %d fields and %d queries were looked at", fields, texts)
	}
}

// Printed again, the file is the same: importing it twice changes nothing.
func TestSameEachTime(t *testing.T) {
	var a, b bytes.Buffer
	if err := kibana.Write(&a, []string{"identity", "care"}); err != nil {
		t.Fatal(err)
	}
	if err := kibana.Write(&b, []string{"identity", "care"}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("got two different files")
	}
}
