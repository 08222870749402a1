package rows

import (
	"encoding/json"
	"testing"
)

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

// The shape is that of the assertion: what travels is what was compiled.
func TestConditionHasTheAssertionsShape(t *testing.T) {
	raw, err := json.Marshal(condition{Type: "compound", Operator: "and", Conditions: []condition{{Type: "all"}, {Type: "none"}}})
	if want := `{"type":"compound","operator":"and","conditions":[{"type":"all"},{"type":"none"}]}`; err != nil || string(raw) != want {
		t.Errorf("got %s, want %s", raw, want)
	}
}
