package handler

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
)

// maxText is the longest text that any field may hold, in bytes.
const maxText = 1024

// texts names the fields of a body, all required, and where they go.
type texts map[string]*string

// decode reads a body that is one flat JSON object of exactly these fields,
// each a text, spelt exactly so and there once. What has two readings is
// refused. On a fault it answers with the names of faulty fields, never with
// their values, and returns false.
func decode(c *gin.Context, want texts) bool {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		write(c, malformed())
		return false
	}
	fields, err := want.read(body)
	if err != nil {
		fields = []problem.Field{{Location: "body", Message: err.Error()}}
	}
	if len(fields) > 0 {
		write(c, malformed(fields...))
		return false
	}
	return true
}

// read fills the fields. Its error has a constant text.
func (t texts) read(body []byte) ([]problem.Field, error) {
	misread := errors.New("expected one JSON object")
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, misread
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, misread
	}
	var faults []problem.Field
	seen := make(map[string]bool, len(t))
	for d.More() {
		token, err := d.Token()
		name, isName := token.(string)
		if err != nil || !isName {
			return nil, misread
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, misread
		}
		into, known := t[name]
		switch {
		case !known:
			faults = append(faults, problem.Field{Location: "body" + plainName(name), Message: "unknown field"})
		case seen[name]:
			faults = append(faults, problem.Field{Location: "body." + name, Message: "expected once"})
		case value[0] != '"' || json.Unmarshal(value, into) != nil || len(*into) > maxText:
			faults = append(faults, problem.Field{Location: "body." + name, Message: "expected a text of at most 1024 bytes"})
		}
		seen[name] = true
	}
	for name, into := range t {
		if !seen[name] || *into == "" && !slices.ContainsFunc(faults, about(name)) {
			faults = append(faults, problem.Field{Location: "body." + name, Message: "required"})
		}
	}
	slices.SortFunc(faults, func(a, b problem.Field) int { return bytes.Compare([]byte(a.Location), []byte(b.Location)) })
	return faults, nil
}

func about(name string) func(problem.Field) bool {
	return func(f problem.Field) bool { return f.Location == "body."+name }
}

// plainName repeats the name of an unknown field only when it looks like one:
// a value in the place of a name is not echoed.
func plainName(name string) string {
	if name == "" || len(name) > 32 {
		return ""
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && r != '_' {
			return ""
		}
	}
	return "." + name
}
