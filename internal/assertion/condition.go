package assertion

// A Condition says which rows may be touched, as a UCAST expression with
// explicit "all" and "none".
//
//	{"type": "all"}
//	{"type": "none"}
//	{"type": "field", "operator": "eq", "field": "patient.doctor", "value": "…"}
//	{"type": "compound", "operator": "and", "conditions": […]}   // or "or"
type Condition struct {
	Type       string      `json:"type"`
	Operator   string      `json:"operator,omitempty"`
	Field      string      `json:"field,omitempty"`
	Value      string      `json:"value,omitempty"`
	Conditions []Condition `json:"conditions,omitempty"`
}

const (
	maxConditionDepth = 8
	maxConditionValue = 128
)

// Valid reports whether c has exactly one reading. An empty value is none: it
// would match every row in which the field is empty. Nor is an empty compound,
// which some read as everything, or a constant with parts that say otherwise.
func (c *Condition) Valid() bool { return c.valid(0) }

func (c *Condition) valid(depth int) bool {
	if depth > maxConditionDepth {
		return false
	}
	switch c.Type {
	case "all", "none":
		return c.Operator == "" && c.Field == "" && c.Value == "" && len(c.Conditions) == 0
	case "field":
		return c.Operator == "eq" && c.Field != "" && c.Value != "" && len(c.Value) <= maxConditionValue && len(c.Conditions) == 0
	case "compound":
		return (c.Operator == "and" || c.Operator == "or") && c.Field == "" && c.Value == "" && c.partsValid(depth)
	default:
		return false
	}
}

func (c *Condition) partsValid(depth int) bool {
	for i := range c.Conditions {
		if !c.Conditions[i].valid(depth + 1) {
			return false
		}
	}
	return len(c.Conditions) > 0
}
