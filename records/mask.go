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
			if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" {
				names = append(names, name)
			}
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

// unreadableMember is the member in which a row names the fields that cannot be read.
const unreadableMember = "unreadable"

// encode writes v as JSON without withheld and unreadable fields. Each object
// that lost fields names them in "withheld" or "unreadable"; of a field that is
// withheld nothing more is told. spoilt is called for each object with
// unreadable fields.
func (m mask) encode(v any, spoilt func(id any, fields []any)) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	if len(m) == 0 && !bytes.Contains(data, []byte(`"`+unreadableMember+`":`)) {
		return data, nil // nothing to leave out: the usual case, in one pass
	}
	var tree any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	m.apply(tree, spoilt)
	if data, err = json.Marshal(tree); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return data, nil
}

func (m mask) apply(tree any, spoilt func(id any, fields []any)) {
	switch node := tree.(type) {
	case []any:
		for _, item := range node {
			m.apply(item, spoilt)
		}
	case map[string]any:
		if fields, ok := node[unreadableMember].([]any); ok {
			spoilt(node["id"], fields)
			m.leaveOut(node, fields)
		}
		var withheld []string
		for name, value := range node {
			if m[name] {
				delete(node, name)
				withheld = append(withheld, name)
				continue
			}
			m.apply(value, spoilt)
		}
		if len(withheld) > 0 {
			slices.Sort(withheld)
			node["withheld"] = withheld
		}
	}
}

// leaveOut removes what cannot be read. A withheld field stays for the mask.
func (m mask) leaveOut(node map[string]any, fields []any) {
	own := slices.DeleteFunc(slices.Clone(fields), func(field any) bool {
		name, _ := field.(string)
		return m[name]
	})
	for _, field := range own {
		name, _ := field.(string)
		delete(node, name)
	}
	node[unreadableMember] = own
	if len(own) == 0 {
		delete(node, unreadableMember)
	}
}
