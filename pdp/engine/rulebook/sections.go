package rulebook

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pip"
)

// layoutOf lays out the inputs of a rule book, and refuses what its schema does
// not allow for: a rule must never meet a value that its author could not know.
// What the schema does not name at all, no rule can read.
func layoutOf(modules map[string]*ast.Module, t *tables.Tables) (*input.Layout, error) {
	l, err := input.NewLayout(t.Sections, t.ClaimMembers())
	if err != nil {
		return nil, err
	}
	roots, err := readSchemas(modules, "authz")
	if err != nil {
		return nil, err
	}
	var faults []error
	l.Sections(func(path string, s *pip.Section) {
		for _, m := range s.Members {
			if m.Type == pip.TypeClaim {
				continue // the table of claims is compared by checkClaims
			}
			at := find(roots, path+"."+m.Name)
			if at == nil {
				continue
			}
			if problem := unlike(at, &m); problem != "" {
				faults = append(faults, fmt.Errorf("the input's schema: %s.%s: %s", path, m.Name, problem))
			}
		}
	})
	return l, errors.Join(faults...)
}

// unlike says what may stand in a member and not by the schema, "" for nothing.
func unlike(at *schema, m *pip.Member) string {
	var known []string
	for _, v := range at.Enum {
		word, _ := v.(string)
		known = append(known, word)
	}
	switch m.Type {
	case pip.TypeBoolean:
		if at.Type != "boolean" {
			return "expected {type: boolean}"
		}
	case pip.TypeWord:
		for _, word := range m.Words {
			if len(known) > 0 && !slices.Contains(known, word) {
				return fmt.Sprintf("the word %q may stand there: expected {enum: [%s]}", word, quoted(m.Words))
			}
		}
		if len(known) == 0 && at.Type != "string" {
			return fmt.Sprintf("expected {enum: [%s]}", quoted(m.Words))
		}
	default:
		if at.Type != "string" || len(known) > 0 {
			return "any text may stand there: expected {type: string}"
		}
	}
	return ""
}

func quoted(words []string) string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = strconv.Quote(word)
	}
	return strings.Join(list, ", ")
}

func find(roots []*schema, path string) *schema {
	for _, at := range roots {
		for step := range strings.SplitSeq(path, ".") {
			if at = at.Properties[step]; at == nil {
				break
			}
		}
		if at != nil {
			return at
		}
	}
	return nil
}

// checkSections finds members and words of the schema that nothing writes: a rule
// about them never fires.
func (c *checker) checkSections(t *tables.Tables) {
	roots, err := readSchemas(c.modules, "authz")
	if err != nil {
		return
	}
	written := map[string]*pip.Member{}
	l, err := input.NewLayout(t.Sections, t.ClaimMembers())
	if err != nil {
		return // found already
	}
	l.Sections(func(path string, s *pip.Section) {
		for i := range s.Members {
			written[path+"."+s.Members[i].Name] = &s.Members[i]
		}
	})
	var walk func(path string, at *schema)
	walk = func(path string, at *schema) {
		for _, name := range slices.Sorted(maps.Keys(at.Properties)) {
			walk(strings.TrimPrefix(path+"."+name, "."), at.Properties[name])
		}
		if len(at.Properties) > 0 || path == "" || input.IsClaim(path) {
			return
		}
		m := written[path]
		if m == nil {
			c.add(&ast.Location{File: "authz/authz.rego", Row: 1}, "schema", "remove it, or add the information point that writes it",
				"%s: nothing writes this member of the schema, so that a rule about it never fires", path)
			return
		}
		for _, v := range at.Enum {
			if word, ok := v.(string); ok && m.Type == pip.TypeWord && !slices.Contains(m.Words, word) {
				c.add(&ast.Location{File: "authz/authz.rego", Row: 1}, "schema", "remove the word",
					"%s: nothing writes the word %q of the schema, so that a rule about it never fires", path, word)
			}
		}
	}
	for _, root := range roots {
		walk("", root)
	}
}
