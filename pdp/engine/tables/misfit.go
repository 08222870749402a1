package tables

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// Misfits reports, by the names that the book uses, every value of a document
// that is of another kind than t wants, and every member of a row that t does
// not know. encoding/json would name Go's types, and the first alone. What the
// document and its tables have besides is for others to read.
func Misfits(document any, t reflect.Type) []error { return misfits("", document, t) }

func misfits(path string, v any, t reflect.Type) []error {
	switch {
	case reflect.PointerTo(t).Implements(unmarshaler):
		return decoded(path, v, t)
	case t.Kind() == reflect.Pointer && v != nil:
		return misfits(path, v, t.Elem())
	case v == nil:
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		members, ok := v.(map[string]any)
		if !ok {
			return misfit(path, "an object", v)
		}
		return ofStruct(path, members, t)
	case reflect.Map:
		members, ok := v.(map[string]any)
		if !ok {
			return misfit(path, "an object", v)
		}
		var faults []error
		for _, name := range slices.Sorted(maps.Keys(members)) {
			faults = append(faults, misfits(below(path, name), members[name], t.Elem())...)
		}
		return faults
	case reflect.Slice, reflect.Array:
		list, ok := v.([]any)
		if !ok {
			return misfit(path, "a list or a set", v)
		}
		var faults []error
		for i, member := range list {
			faults = append(faults, misfits(fmt.Sprintf("%s[%d]", path, i), member, t.Elem())...)
		}
		return faults
	case reflect.Interface:
		return nil
	}
	return decoded(path, v, t)
}

// decoded lets encoding/json try one value.
func decoded(path string, v any, t reflect.Type) []error {
	raw, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(raw, reflect.New(t).Interface())
	}
	if err == nil {
		return nil
	}
	return misfit(path, kindWanted(t), v)
}

func ofStruct(path string, members map[string]any, t reflect.Type) []error {
	var faults []error
	var known []string
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" || name == "-" || !field.IsExported() {
			continue
		}
		known = append(known, name)
		if v, there := members[name]; there {
			faults = append(faults, misfits(below(path, name), v, field.Type)...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if strings.ContainsAny(path, ".[") && !slices.Contains(known, name) {
			faults = append(faults, fmt.Errorf("%s: there is no member %q%s", path, name, Near(name, known)))
		}
	}
	return faults
}

func below(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func misfit(path, want string, got any) []error {
	return []error{fmt.Errorf("%s: expected %s, got %s", path, want, kindGot(got))}
}

func kindWanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint, reflect.Uint64, reflect.Uint32:
		return "a whole number"
	case reflect.Float64, reflect.Float32:
		return "a number"
	case reflect.Slice:
		return "a list or a set"
	default:
		return "an object"
	}
}

func kindGot(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("the text %q", v)
	case bool:
		return fmt.Sprint(v)
	case []any:
		return "a list or a set"
	case map[string]any:
		return "an object"
	default:
		return fmt.Sprintf("the number %v", v)
	}
}
