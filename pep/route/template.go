package route

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxParameters is how many named segments one path may have.
const maxParameters = 4

// An element is what a template has in the place of one segment, or of the rest.
type element struct {
	kind kind
	text string // of a literal its text, else the name of the parameter
}

// parse reads the template of a row, such as "/studies/{study:oid}/{more...}".
func parse(path string) ([]element, error) {
	if !strings.HasPrefix(path, "/") {
		return nil, errors.New("path: expected to begin with /")
	}
	segments := strings.Split(path[1:], "/")
	list := make([]element, len(segments))
	var names []string
	for i, text := range segments {
		e, err := elementOf(text)
		if err != nil {
			return nil, err
		}
		if list[i] = e; e.kind == literal {
			if last := i == len(segments)-1; text == "" && !last {
				return nil, errors.New("path: an empty segment may be the last alone")
			}
			continue
		}
		if e.kind == rest && i < len(segments)-1 {
			return nil, fmt.Errorf("path: {%s...} takes all the rest, and may be the last segment alone", e.text)
		}
		if slices.Contains(names, e.text) {
			return nil, fmt.Errorf("path: {%s} stands in it twice", e.text)
		}
		names = append(names, e.text)
	}
	if len(named(list)) > maxParameters {
		return nil, fmt.Errorf("path: more than %d parameters", maxParameters)
	}
	return list, nil
}

// elementOf reads one part of a template.
func elementOf(text string) (element, error) {
	inner, opened := strings.CutPrefix(text, "{")
	if !opened {
		if !writable(text) {
			return element{}, fmt.Errorf("path: segment %q is neither plain nor {parameter}: no request has it", text)
		}
		return element{literal, text}, nil
	}
	inner, closed := strings.CutSuffix(inner, "}")
	name, grammar, named := strings.Cut(inner, ":")
	if plain, all := strings.CutSuffix(inner, "..."); all && !named {
		name, grammar = plain, "..."
	} else if !named {
		grammar = "id"
	}
	if !closed || !IsID(name) {
		return element{}, fmt.Errorf("path: segment %q is neither plain nor {parameter}", text)
	}
	if grammar == "..." {
		return element{rest, name}, nil
	}
	var known []string
	for _, g := range grammars {
		if g.name == grammar {
			return element{g.kind, name}, nil
		}
		known = append(known, g.name)
	}
	return element{}, fmt.Errorf("path: {%s} has the grammar %q; there are %s, and a last {%s...}", inner, grammar, strings.Join(known, ", "), name)
}

// writable reports whether a canonical path can have the segment.
func writable(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("%\"#;<>?[\\]^`{|}", c) >= 0 {
			return false
		}
	}
	return text != "." && text != ".."
}

// named are the parameters of one segment each, in their order.
func named(template []element) (names []string) {
	for _, e := range template {
		if e.kind != literal && e.kind != rest {
			names = append(names, e.text)
		}
	}
	return names
}

func isTail(template []element) bool { return template[len(template)-1].kind == rest }

// folded is the template of which all spellings are one, as fold has it.
func folded(template []element) []element {
	var list []element
	for _, e := range template {
		if e.kind == literal {
			if e.text = fold(e.text); e.text == "" {
				continue
			}
		}
		list = append(list, e)
	}
	return list
}

// fold is the one form of all spellings of a segment that some program takes for the
// same: in other letters, with dots or parameters at its end. A segment with a
// percent-encoding is of no grammar, so that there is nothing more to decode; an empty one
// is left out.
func fold(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.ToLower(strings.TrimRight(s, "."))
}

// order compares two templates that have paths in common, segment by segment.
func order(a, b []element) (stricter, looser bool) {
	for i := range max(len(a), len(b)) {
		of := func(template []element) kind {
			switch {
			case i < len(template):
				return template[i].kind
			case len(template) > 0 && isTail(template):
				return rest
			default:
				return literal // it has ended, which is as strict
			}
		}
		stricter = stricter || of(a) < of(b)
		looser = looser || of(a) > of(b)
	}
	return stricter, looser
}

// meet is the template of the paths that two templates have in common.
func meet(a, b []element) []element {
	var list []element
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			list = append(list, b[i])
		case i >= len(b) || a[i].kind < b[i].kind:
			list = append(list, a[i])
		default:
			list = append(list, b[i])
		}
	}
	return list
}

// write is the template as a row has it.
func write(template []element) string {
	var b strings.Builder
	for _, e := range template {
		b.WriteByte('/')
		switch e.kind {
		case literal:
			b.WriteString(e.text)
		case id:
			b.WriteString("{" + e.text + "}")
		case rest:
			b.WriteString("{" + e.text + "...}")
		default:
			for _, g := range grammars {
				if g.kind == e.kind {
					b.WriteString("{" + e.text + ":" + g.name + "}")
				}
			}
		}
	}
	return b.String()
}
