package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wardgate/wardgate/internal/assertion"
)

// ErrCondition says that a row condition is missing or cannot be understood.
// It is refused as a whole: a part that is left out would widen it.
var ErrCondition = errors.New("invalid row condition")

const (
	maxDepth      = 8
	maxConditions = 64
	maxValue      = 128
)

// Rows is a row condition ready for SQL. The zero Rows admits no row.
type Rows struct {
	where string // over the table patients, by its full name
	args  []any
}

// NewRows translates a condition. Fields and operators come from a fixed list
// and values travel as parameters, so that no text of a condition ever becomes
// SQL. The error is ErrCondition and quotes nothing of the condition.
func NewRows(c *assertion.Condition) (Rows, error) {
	if c == nil {
		return Rows{}, fmt.Errorf("%w: none given", ErrCondition)
	}
	t := translation{left: maxConditions}
	if err := t.add(*c, 0); err != nil {
		return Rows{}, err
	}
	return Rows{where: t.text.String(), args: t.args}, nil
}

// condition returns the SQL of r and its parameters.
func (r Rows) condition() (string, []any) {
	if r.where == "" {
		return "(0 = 1)", nil
	}
	return r.where, r.args
}

type translation struct {
	text strings.Builder
	args []any
	left int // conditions that may still follow
}

func (t *translation) add(c assertion.Condition, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("%w: nested too deep", ErrCondition)
	}
	if t.left--; t.left < 0 {
		return fmt.Errorf("%w: too many parts", ErrCondition)
	}
	switch c.Type {
	case "all":
		return t.constant(c, "(1 = 1)")
	case "none":
		return t.constant(c, "(0 = 1)")
	case "field":
		return t.field(c)
	case "compound":
		return t.compound(c, depth)
	default:
		return fmt.Errorf("%w: unknown type", ErrCondition)
	}
}

// constant accepts "all" and "none" only when they say nothing else: an "all"
// with a field was meant to be something narrower.
func (t *translation) constant(c assertion.Condition, text string) error {
	if c.Operator != "" || c.Field != "" || c.Value != "" || len(c.Conditions) > 0 {
		return fmt.Errorf("%w: a constant with parts", ErrCondition)
	}
	t.text.WriteString(text)
	return nil
}

func (t *translation) field(c assertion.Condition) error {
	column, known := column(c.Field)
	switch {
	case !known:
		return fmt.Errorf("%w: unknown field", ErrCondition)
	case c.Operator != "eq":
		return fmt.Errorf("%w: unknown operator", ErrCondition)
	case c.Value == "" || len(c.Value) > maxValue:
		return fmt.Errorf("%w: empty or long value", ErrCondition)
	case len(c.Conditions) > 0:
		return fmt.Errorf("%w: a field with parts", ErrCondition)
	}
	t.text.WriteString("(" + column + " = ?)")
	t.args = append(t.args, c.Value)
	return nil
}

func (t *translation) compound(c assertion.Condition, depth int) error {
	joint, known := map[string]string{"and": " AND ", "or": " OR "}[c.Operator]
	switch {
	case !known:
		return fmt.Errorf("%w: unknown operator", ErrCondition)
	case len(c.Conditions) == 0:
		return fmt.Errorf("%w: a compound without parts", ErrCondition)
	case c.Field != "" || c.Value != "":
		return fmt.Errorf("%w: a compound with a field", ErrCondition)
	}
	t.text.WriteString("(")
	for i, part := range c.Conditions {
		if i > 0 {
			t.text.WriteString(joint)
		}
		if err := t.add(part, depth+1); err != nil {
			return err
		}
	}
	t.text.WriteString(")")
	return nil
}

// column is the allow-list of what a condition may speak about.
func column(field string) (string, bool) {
	switch field {
	case "patient.id":
		return "patients.id", true
	case "patient.doctor":
		return "patients.doctor_id", true
	case "patient.department":
		return "patients.department_id", true
	default:
		return "", false
	}
}
