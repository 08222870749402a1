package rows

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A condition is a UCAST expression over a row, with explicit "all" and
// "none". Its values may be marks that stand for an id of the subject.
type condition struct {
	Type       string      `json:"type"`
	Operator   string      `json:"operator,omitempty"`
	Field      string      `json:"field,omitempty"`
	Value      string      `json:"value,omitempty"`
	Conditions []condition `json:"conditions,omitempty"`
}

// placeholder stands for an id while the rules are compiled. No id and no text of a
// rule book begins with this rune: it is in a private use area.
func placeholder(path string) string { return "\uf8ff" + path }

// with returns the condition with ids in the place of their marks.
func (c *condition) with(ids map[string]string) condition {
	filled := *c
	if path, marked := strings.CutPrefix(c.Value, placeholder("")); marked {
		filled.Value = ids[path]
	}
	if len(c.Conditions) > 0 {
		filled.Conditions = make([]condition, len(c.Conditions))
		for i := range c.Conditions {
			filled.Conditions[i] = c.Conditions[i].with(ids)
		}
	}
	return filled
}

// readUCAST takes what OPA's translation gives. Services know equality, "and"
// and "or" over the fields of a row; whatever else stands in it is refused.
func readUCAST(node map[string]any) (*condition, error) {
	kind, _ := node["type"].(string)
	operator, _ := node["operator"].(string)
	switch kind {
	case "field":
		name, _ := node["field"].(string)
		value, _ := node["value"].(string)
		if operator != "eq" || !slices.Contains(Fields, name) || value == "" {
			return nil, fmt.Errorf("a row's field is compared by %q with %T: expected == and a text that is not empty", operator, node["value"])
		}
		return &condition{Type: kind, Operator: operator, Field: name, Value: value}, nil
	case "compound":
		parts, _ := node["value"].([]any)
		if operator != "and" && operator != "or" || len(parts) == 0 {
			return nil, fmt.Errorf("conditions are joined by %q: expected and, or", operator)
		}
		c := &condition{Type: kind, Operator: operator}
		for _, part := range parts {
			inner, ok := part.(map[string]any)
			if !ok {
				return nil, errors.New("a condition has a part that is none")
			}
			one, err := readUCAST(inner)
			if err != nil {
				return nil, err
			}
			c.Conditions = append(c.Conditions, *one)
		}
		return c, nil
	default:
		return nil, fmt.Errorf("a condition of type %q: expected field or compound", kind)
	}
}
