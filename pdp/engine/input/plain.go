package input

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrInput says that a document is not an input that rules could read.
var ErrInput = errors.New("the input is not a JSON object")

// distinctKeys reports whether no object has a key twice: which of the two
// values counts must not be guessed. What is no JSON is left to the decoder.
func distinctKeys(raw []byte) bool {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	var open []map[string]bool // of the objects around; nil for an array
	key := false               // the next text of an object is a key
	for {
		token, err := decoder.Token()
		if err != nil {
			return true
		}
		inObject := len(open) > 0 && open[len(open)-1] != nil
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{':
				open, key = append(open, map[string]bool{}), true
				continue
			case '[':
				open, key = append(open, nil), false
				continue
			}
			open = open[:len(open)-1]
			key = len(open) > 0 && open[len(open)-1] != nil
			continue
		case string:
			if inObject && key {
				if open[len(open)-1][t] {
					return false
				}
				open[len(open)-1][t] = true
				key = false
				continue
			}
		}
		key = inObject
	}
}

// Parse reads one JSON object and nothing after it.
func Parse(raw json.RawMessage) (map[string]any, error) {
	if !distinctKeys(raw) {
		return nil, fmt.Errorf("%w: an object in it has one key twice", ErrInput)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var document map[string]any
	if err := decoder.Decode(&document); err != nil || document == nil {
		return nil, ErrInput
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrInput
	}
	return document, nil
}

// Clone copies a document.
func Clone(in map[string]any) map[string]any {
	out := make(map[string]any, len(in))
	for k, v := range in {
		if inner, ok := v.(map[string]any); ok {
			v = Clone(inner)
		}
		out[k] = v
	}
	return out
}

// Set puts a value at a path, and makes what is missing on the way.
func Set(document map[string]any, steps []string, value any) {
	for ; len(steps) > 1; steps = steps[1:] {
		next, ok := document[steps[0]].(map[string]any)
		if !ok {
			next = map[string]any{}
			document[steps[0]] = next
		}
		document = next
	}
	document[steps[0]] = value
}

// At is the scalar at a path such as "/context/device/match", or nil.
func At(document map[string]any, path string) any {
	var at any = document
	for step := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		inner, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = inner[step]
	}
	switch at.(type) {
	case string, bool, json.Number, float64:
		return at
	}
	return nil
}
