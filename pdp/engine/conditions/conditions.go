// Package conditions writes where something holds in words that people read: rows
// of conditions on members of the input, from the cubes of a decision diagram. It
// finds nothing out.
package conditions

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// A Part says what stands at one member: one of Is, or none of IsNot.
type Part struct {
	Member string   `json:"member"`
	Is     []string `json:"is,omitempty"`
	IsNot  []string `json:"is_not,omitempty"`
}

// A Row holds where all of its parts do. One without parts always holds.
type Row []Part

// A Writer writes cubes of one space as rows.
type Writer struct {
	space *symbolic.Space
	can   [][]bool // which values of each variable some possible input has
}

// NewWriter writes for the inputs that are possible; values that none of them has
// are not mentioned.
func NewWriter(s *symbolic.Space, d *symbolic.Diagrams, possible symbolic.Node) *Writer {
	w := &Writer{space: s}
	for i, v := range s.Variables() {
		can := make([]bool, len(v.Values))
		for n := range can {
			can[n] = d.And(possible, d.Is(i, n)) != symbolic.No
		}
		w.can = append(w.can, can)
	}
	return w
}

// Can reports whether some possible input has a value.
func (w *Writer) Can(variable, value int) bool { return w.can[variable][value] }

// Row writes a cube.
func (w *Writer) Row(cube symbolic.Cube) Row {
	row := Row{}
	for _, l := range cube {
		var is, not []string
		for n, can := range w.can[l.Variable] {
			switch {
			case !can:
			case slices.Contains(l.Values, n):
				is = append(is, w.Value(l.Variable, n))
			default:
				not = append(not, w.Value(l.Variable, n))
			}
		}
		switch v := w.space.Variables()[l.Variable]; {
		case len(not) == 0:
		case v.Open && slices.Contains(is, Other), len(not) < len(is) && !(v.Open && slices.Contains(not, Other)):
			row = append(row, Part{Member: v.Path, IsNot: not})
		default:
			row = append(row, Part{Member: v.Path, Is: is})
		}
	}
	return row
}

// Other is how the texts are called that no rule book names, and Missing and Empty
// what is not there and a text without a letter.
const (
	Other   = "any other"
	Missing = "missing"
	Empty   = "nothing"
)

// Value is how a value of a variable is called.
func (w *Writer) Value(variable, value int) string {
	v := w.space.Variables()[variable]
	t := v.Values[value]
	switch {
	case t == nil:
		return Missing
	case v.Other(value):
		if path := w.space.SameAs(variable, value); path != "" {
			return "the same as " + Name(path)
		}
		return Other
	}
	switch text := t.Value.(type) {
	case ast.String:
		if text == "" {
			return Empty
		}
		return string(text)
	case ast.Object:
		return "there"
	}
	return t.String()
}

// Name is what a member is called for short.
func Name(path string) string {
	if label, known := names[path]; known {
		return label
	}
	for _, prefix := range []string{"context.", "subject.properties."} {
		path = strings.TrimPrefix(path, prefix)
	}
	return strings.ReplaceAll(path, ".", " ")
}

// String is a row as a clause: "action patient.read; role nurse; not on-site".
func (r Row) String() string {
	if len(r) == 0 {
		return "always"
	}
	parts := make([]string, len(r))
	for i, p := range r {
		parts[i] = p.String()
	}
	return strings.Join(parts, "; ")
}

// String is a part in words.
func (p Part) String() string {
	if len(p.Is) > 0 {
		return either(p.Member, p.Is)
	}
	if len(p.IsNot) == 1 {
		if said, known := phrases[p.Member+"="+p.IsNot[0]]; known {
			return said[1]
		}
	}
	if len(p.IsNot) == 1 && (p.IsNot[0] == Empty || p.IsNot[0] == Missing) {
		return Name(p.Member) + " given"
	}
	return Name(p.Member) + " not " + strings.Join(p.IsNot, ", ")
}

// Only is the part about a member, and whether there is one.
func (r Row) Only(member string) (Part, bool) {
	for _, p := range r {
		if p.Member == member {
			return p, true
		}
	}
	return Part{}, false
}

// Without is a row without what it says of some members.
func (r Row) Without(members ...string) Row {
	return slices.DeleteFunc(slices.Clone(r), func(p Part) bool { return slices.Contains(members, p.Member) })
}

func either(member string, words []string) string {
	var said []string
	for _, w := range words {
		phrase, known := phrases[member+"="+w]
		if !known {
			return Name(member) + " " + strings.Join(words, ", ")
		}
		said = append(said, phrase[0])
	}
	return strings.Join(said, " or ")
}
