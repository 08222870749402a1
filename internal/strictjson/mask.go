package strictjson

import (
	"errors"
	"unicode/utf8"
)

// What keeps a text from being masked. None of them quotes the text.
var (
	ErrText  = errors.New("not one JSON text with one reading")
	ErrShape = errors.New("an array, a text, a number or a boolean stands where a pointer names a member")
)

// Mask returns text without the members that pointers name, and without blanks.
// All that is kept is kept byte for byte, numbers of any size among it. A name
// matches in whatever case: a reader that folds case would find the member.
//
// A text that is not one JSON value in UTF-8, has a key twice (in whatever
// case), an unpaired surrogate or more than 64 levels is ErrText. An array
// where a pointer names a member is ErrShape, and so is a text, a number or a
// boolean: it is not of the form that the pointers were written for, and what
// they mean may stand anywhere in it. A null holds nothing.
func Mask(text []byte, pointers []Pointer) ([]byte, error) {
	if !utf8.Valid(text) {
		return nil, ErrText
	}
	m := masker{text: text, out: make([]byte, 0, len(text))}
	at := make([][]string, len(pointers))
	for i := range pointers {
		at[i] = pointers[i].tokens
	}
	s := m.text
	end := m.value(s.blank(0), 0, at)
	switch {
	case m.shape:
		return nil, ErrShape
	case end < 0 || s.blank(end) != len(s):
		return nil, ErrText
	}
	return m.out, nil
}

// A masker copies a text while it walks over it. Its methods take an index and
// return the index after what they read, or -1 when it is not there, like those
// of a scanner; at are the rests of the pointers that lead to where it is.
type masker struct {
	text   scanner
	out    []byte
	hidden int  // depth of members that are read and not copied
	shape  bool // a pointer did not fit
}

func (m *masker) copy(from, to int) {
	if m.hidden == 0 && to > from {
		m.out = append(m.out, m.text[from:to]...)
	}
}

func (m *masker) put(c byte) {
	if m.hidden == 0 {
		m.out = append(m.out, c)
	}
}

func (m *masker) value(i, depth int, at [][]string) int {
	if i < 0 || i >= len(m.text) || depth > maxDepth {
		return -1
	}
	var end int
	switch m.text[i] {
	case '{':
		return m.object(i+1, depth, at)
	case '[':
		return m.array(i+1, depth, at)
	case '"':
		end, _ = m.text.text(i)
	case 't':
		end = m.text.word(i, "true")
	case 'f':
		end = m.text.word(i, "false")
	case 'n':
		end = m.text.word(i, "null")
	default:
		end, _ = m.text.numeral(i)
	}
	if end >= 0 && len(at) > 0 && m.hidden == 0 && m.text[i] != 'n' {
		m.shape = true
		return -1
	}
	m.copy(i, end)
	return end
}

func (m *masker) array(i, depth int, at [][]string) int {
	inner := make([][]string, 0, len(at))
	for _, rest := range at {
		if rest[0] != "*" {
			m.shape = true
			return -1
		}
		inner = append(inner, rest[1:])
	}
	m.put('[')
	if i = m.text.blank(i); m.text.is(i, ']') {
		m.put(']')
		return i + 1
	}
	for {
		if i = m.value(m.text.blank(i), depth+1, inner); i < 0 {
			return -1
		}
		if i = m.text.blank(i); m.text.is(i, ']') {
			m.put(']')
			return i + 1
		}
		if !m.text.is(i, ',') {
			return -1
		}
		m.put(',')
		i++
	}
}

func (m *masker) object(i, depth int, at [][]string) int {
	m.put('{')
	if i = m.text.blank(i); m.text.is(i, '}') {
		m.put('}')
		return i + 1
	}
	var seen keySet
	for kept := 0; ; {
		before := len(m.out)
		if kept > 0 {
			m.put(',')
		}
		var hides bool
		if i, hides = m.member(m.text.blank(i), depth, at, &seen); i < 0 {
			return -1
		}
		if hides {
			m.out = m.out[:before]
		} else {
			kept++
		}
		if i = m.text.blank(i); m.text.is(i, '}') {
			m.put('}')
			return i + 1
		}
		if !m.text.is(i, ',') {
			return -1
		}
		i++
	}
}

// member copies one member of an object, unless a pointer ends at it.
func (m *masker) member(i, depth int, at [][]string, seen *keySet) (end int, hides bool) {
	if !m.text.is(i, '"') {
		return -1, false
	}
	end, escaped := m.text.text(i)
	if end < 0 {
		return -1, false
	}
	key := foldQuoted(m.text[i:end], escaped)
	if !seen.add(key) {
		return -1, false
	}
	inner, hides := below(at, key)
	m.copy(i, end)
	if i = m.text.blank(end); !m.text.is(i, ':') {
		return -1, false
	}
	m.put(':')
	if hides {
		m.hidden++
		defer func() { m.hidden-- }()
		inner = nil
	}
	return m.value(m.text.blank(i+1), depth+1, inner), hides
}

// below are the rests of the pointers that lead through a member with this
// folded key; ends tells whether one of them ends there.
func below(at [][]string, key []byte) (inner [][]string, ends bool) {
	for _, rest := range at {
		if rest[0] != "*" && rest[0] != string(key) {
			continue
		}
		if len(rest) == 1 {
			return nil, true
		}
		inner = append(inner, rest[1:])
	}
	return inner, false
}
