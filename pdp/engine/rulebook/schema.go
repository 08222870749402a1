package rulebook

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// readSchemas returns the inline schemas of one root package, such as authz.
func readSchemas(modules map[string]*ast.Module, pkg string) ([]*schema, error) {
	var roots []*schema
	for _, m := range modules {
		for _, a := range m.Annotations {
			if packageName(m) != pkg || a.Scope != "subpackages" || len(a.Schemas) == 0 || a.Schemas[0].Definition == nil {
				continue
			}
			raw, err := json.Marshal(*a.Schemas[0].Definition)
			if err != nil {
				return nil, fmt.Errorf("read schema: %w", err)
			}
			root := &schema{}
			if err := json.Unmarshal(raw, root); err != nil {
				return nil, fmt.Errorf("read schema: %w", err)
			}
			roots = append(roots, root)
		}
	}
	return roots, nil
}

// schema is the part of JSON Schema that describes the input.
type schema struct {
	Type       string             `json:"type"`
	Enum       []any              `json:"enum"`
	Properties map[string]*schema `json:"properties"`
}

// schemaWords are the words that a schema gives a place of the input, sorted.
func schemaWords(roots []*schema, path ...string) (words []string, there bool) {
	for _, at := range roots {
		for _, step := range path {
			if at = at.Properties[step]; at == nil {
				break
			}
		}
		if at == nil {
			continue
		}
		there = true
		for _, v := range at.Enum {
			if word, ok := v.(string); ok {
				words = append(words, word)
			}
		}
	}
	slices.Sort(words)
	return words, there
}

// wordsOf are the values that may stand at the paths of the input that have a
// fixed list: by the schema, and by the tables of actions and rights.
func wordsOf(modules map[string]*ast.Module, t *tables.Tables) (map[string][]any, error) {
	words := map[string][]any{}
	for path, list := range t.Words {
		words[path] = list
	}
	roots, err := readSchemas(modules, "authz")
	if err != nil {
		return nil, err
	}
	var walk func(path string, at *schema)
	walk = func(path string, at *schema) {
		for _, name := range slices.Sorted(maps.Keys(at.Properties)) {
			walk(strings.TrimPrefix(path+"."+name, "."), at.Properties[name])
		}
		switch {
		case input.IsClaim(path): // it may be missing, and a row rule reads what is there
		case len(at.Enum) > 0:
			words[path] = at.Enum
		case at.Type == "boolean":
			words[path] = []any{true, false}
		}
	}
	for _, root := range roots {
		walk("", root)
	}
	return words, nil
}
