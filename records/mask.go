package records

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/records/store"
)

// A mask is the set of field names that must not be shown and not be written.
type mask map[string]bool

// Columns are the names of all fields that records have, sorted: what can be
// withheld.
func Columns() []string {
	var names []string
	for _, t := range []reflect.Type{
		reflect.TypeFor[store.Patient](), reflect.TypeFor[store.Service](),
		reflect.TypeFor[store.Bill](), reflect.TypeFor[store.Payment](),
	} {
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// newMask takes the names that an assertion withholds. A name that no record
// has is refused: it was meant to hide something that would be shown.
func newMask(names []string) (mask, error) {
	if len(names) == 0 {
		return nil, nil
	}
	known := Columns()
	m := mask{}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, errMask
		}
		m[name] = true
	}
	return m, nil
}

// writable returns errWithheld when one of the names may not be written.
func (m mask) writable(names []string) error {
	for _, name := range names {
		if m[name] {
			return errWithheld
		}
	}
	return nil
}

// encode writes v as JSON without withheld fields. Each object that lost
// fields names them in "withheld".
func (m mask) encode(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	if len(m) == 0 {
		return data, nil
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	m.apply(tree)
	if data, err = json.Marshal(tree); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return data, nil
}

func (m mask) apply(tree any) {
	switch node := tree.(type) {
	case []any:
		for _, item := range node {
			m.apply(item)
		}
	case map[string]any:
		var withheld []string
		for name, value := range node {
			if m[name] {
				delete(node, name)
				withheld = append(withheld, name)
				continue
			}
			m.apply(value)
		}
		if len(withheld) > 0 {
			slices.Sort(withheld)
			node["withheld"] = withheld
		}
	}
}
