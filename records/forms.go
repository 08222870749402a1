package records

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/wardgate/wardgate/internal/problem"
)

// forms are the schemas of request bodies, derived from their types. They are
// complete before the first request and only read from then on.
type forms struct {
	registry huma.Registry
	schemas  map[reflect.Type]*huma.Schema
}

func newForms(routes []route) forms {
	f := forms{
		registry: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
		schemas:  map[reflect.Type]*huma.Schema{},
	}
	for _, r := range routes {
		if r.form != nil {
			f.schemas[r.form] = huma.SchemaFromType(f.registry, r.form)
		}
	}
	return f
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
		} else if text, ok := values[name].(string); ok && !printable(text) {
			wrong = append(wrong, problem.Field{Location: "body." + name, Message: "expected no control characters"})
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

// object reads one JSON object of plain values.
func object(body []byte) ([]string, map[string]any, error) {
	malformed := faults{{Location: "body", Message: "expected one JSON object"}}
	if !utf8.Valid(body) {
		return nil, nil, malformed
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if first, err := d.Token(); err != nil || first != json.Delim('{') {
		return nil, nil, malformed
	}
	var names []string
	values := map[string]any{}
	for d.More() {
		key, err := d.Token()
		name, ok := key.(string)
		if err != nil || !ok {
			return nil, nil, malformed
		}
		if slices.Contains(names, name) {
			return nil, nil, faults{{Location: "body." + shown(name), Message: "expected only once"}}
		}
		var value any
		if err := d.Decode(&value); err != nil {
			return nil, nil, malformed
		}
		if len(names) >= maxFields {
			return nil, nil, faults{{Location: "body", Message: "expected fewer fields"}}
		}
		names, values[name] = append(names, name), value
	}
	if last, err := d.Token(); err != nil || last != json.Delim('}') {
		return nil, nil, malformed
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, malformed
	}
	return names, values, nil
}

const maxFields = 64

// fill decodes a checked body into v. What the schema could not see, a number
// that does not fit, is an error here.
func fill(body []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		place := "body"
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) && kind.Field != "" {
			place += "." + kind.Field
		}
		return faults{{Location: place, Message: "expected another type or range"}}
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

// printable reports whether a text has no control characters but the white
// space of a note.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t'
	})
}
