package records

import (
	"errors"
	"reflect"
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/internal/strictjson"
)

// forms are the schemas of request bodies, derived from their types. They are
// complete before the first request and only read from then on.
type forms struct {
	registry huma.Registry
	schemas  map[reflect.Type]*huma.Schema
	lines    map[reflect.Type]map[string]bool // fields with the tag text:"line"
}

func newForms(routes []route) forms {
	f := forms{
		registry: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
		schemas:  map[reflect.Type]*huma.Schema{},
		lines:    map[reflect.Type]map[string]bool{},
	}
	for _, r := range routes {
		if r.form != nil {
			f.schemas[r.form], f.lines[r.form] = huma.SchemaFromType(f.registry, r.form), linesOf(r.form)
		}
	}
	return f
}

// linesOf names the fields of a form that are one line each: names, and what
// people tell others apart by.
func linesOf(form reflect.Type) map[string]bool {
	lines := map[string]bool{}
	for i := range form.NumField() {
		if field := form.Field(i); field.Tag.Get("text") == "line" {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			lines[name] = true
		}
	}
	return lines
}

// check holds a body against the form t and returns the names of its fields.
// It accepts one JSON object, each field once, spelled exactly, with nothing
// after it; whatever could be read in two ways is refused.
func (f forms) check(t reflect.Type, body []byte) ([]string, error) {
	names, values, err := object(body)
	if err != nil {
		return nil, err
	}
	schema := f.schemas[t]
	var wrong faults
	for _, name := range names {
		if schema.Properties[name] == nil {
			wrong = append(wrong, problem.Field{Location: "body." + shown(name), Message: "unexpected field"})
		} else if values[name] == nil {
			wrong = append(wrong, problem.Field{Location: "body." + name, Message: "expected a value, not null"})
		} else if text, ok := values[name].(string); ok {
			if message := unreadable(text, f.lines[t][name]); message != "" {
				wrong = append(wrong, problem.Field{Location: "body." + name, Message: message})
			}
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	path := huma.NewPathBuffer([]byte{}, 0)
	path.Push("body")
	var result huma.ValidateResult
	huma.Validate(f.registry, schema, path, huma.ModeWriteToServer, values, &result)
	for _, err := range result.Errors {
		// The detail's value is the caller's input: it goes no further.
		var detail *huma.ErrorDetail
		if errors.As(err, &detail) {
			wrong = append(wrong, problem.Field{Location: detail.Location, Message: detail.Message})
		} else {
			wrong = append(wrong, problem.Field{Location: "body", Message: "expected another value"})
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return names, nil
}

// emptyObject takes a body that says nothing.
func emptyObject(body []byte) error {
	names, _, err := object(body)
	if err != nil {
		return err
	}
	var wrong faults
	for _, name := range names {
		wrong = append(wrong, problem.Field{Location: "body." + shown(name), Message: "unexpected field"})
	}
	if len(wrong) > 0 {
		return wrong
	}
	return nil
}

// object reads one JSON object of plain values.
func object(body []byte) ([]string, map[string]any, error) {
	malformed := faults{{Location: "body", Message: "expected one JSON object"}}
	members, err := strictjson.Members(body)
	if f := strictjson.Of(err); f != nil && f.Kind == strictjson.Repeated {
		return nil, nil, faults{{Location: "body." + shown(f.Member()), Message: "expected only once"}}
	}
	if err != nil {
		return nil, nil, malformed
	}
	if len(members) > maxFields {
		return nil, nil, faults{{Location: "body", Message: "expected fewer fields"}}
	}
	names, values := make([]string, 0, len(members)), map[string]any{}
	for _, m := range members {
		var value any
		if err := strictjson.Decode(m.Value, &value); err != nil {
			return nil, nil, malformed
		}
		names, values[m.Name] = append(names, m.Name), value
	}
	return names, values, nil
}

const maxFields = 64

// fill decodes a checked body into v. What the schema could not see, a number
// that does not fit, is an error here.
func fill(body []byte, v any) error {
	err := strictjson.Decode(body, v)
	if f := strictjson.Of(err); f != nil && f.Path != "" {
		return faults{{Location: "body." + f.Path, Message: "expected another type or range"}}
	}
	if err != nil {
		return faults{{Location: "body", Message: "expected another type or range"}}
	}
	return nil
}

// shown repeats a field's name only when it looks like one.
func shown(name string) string {
	const longest = 40
	plain := strings.Trim(name, "abcdefghijklmnopqrstuvwxyz_") == ""
	if name == "" || len(name) > longest || !plain {
		return "?"
	}
	return name
}

// unreadable says why a text would not read on a screen as it is written, or "".
// A line has no breaks and nothing that hides; a note may have white space, and
// marks of direction for words of another script. Neither may turn round what
// follows it: a dose is read by people.
func unreadable(text string, line bool) string {
	for _, r := range text {
		switch {
		case line && (r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029'):
			return "expected one line"
		case r == '\n', r == '\r', r == '\t':
		case unicode.IsControl(r):
			return "expected no control characters"
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return "expected no characters that change the direction of text"
		case line && unicode.Is(unicode.Cf, r) && r != zeroWidthNonJoiner && r != zeroWidthJoiner:
			return "expected no invisible characters"
		}
	}
	return ""
}

// Names in Persian and in scripts of India are spelt with these.
const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'
