// Package strictjson reads JSON in the one way in which no parser can read it
// otherwise, and takes members out of it. It owns no schema, and it never
// changes a byte of what it keeps.
package strictjson

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

const (
	maxDepth   = 64
	maxInteger = 1 << 53 // from here on readers into float64 and into integers disagree
)

// Unambiguous reports whether two parsers cannot read body differently. It
// refuses what is not one JSON text in UTF-8 (RFC 8259), and beyond that a key
// twice, keys that differ only in case, a number of 2^53 or more however it is
// written, one that overflows float64 or vanishes in it, an unpaired surrogate,
// deep nesting. Strangers may send a body, so it makes one pass and keeps no
// copy.
func Unambiguous(body []byte) bool {
	if !utf8.Valid(body) {
		return false
	}
	s := scanner(body)
	end := s.value(s.blank(0), 0)
	return end >= 0 && s.blank(end) == len(s)
}

// A scanner walks over JSON. Its methods take an index into the text and
// return the index after what they read, or -1 when it is not there or has two
// readings.
type scanner []byte

func (s scanner) blank(i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r') {
		i++
	}
	return i
}

// is reports whether c stands at i. It may be asked of any index.
func (s scanner) is(i int, c byte) bool { return i >= 0 && i < len(s) && s[i] == c }

func (s scanner) value(i, depth int) int {
	if i < 0 || i >= len(s) || depth > maxDepth {
		return -1
	}
	switch s[i] {
	case '{':
		return s.object(i+1, depth)
	case '[':
		return s.array(i+1, depth)
	case '"':
		end, _ := s.text(i)
		return end
	case 't':
		return s.word(i, "true")
	case 'f':
		return s.word(i, "false")
	case 'n':
		return s.word(i, "null")
	default:
		return s.number(i)
	}
}

func (s scanner) word(i int, word string) int {
	if !bytes.HasPrefix(s[i:], []byte(word)) {
		return -1
	}
	return i + len(word)
}

func (s scanner) array(i, depth int) int {
	if i = s.blank(i); s.is(i, ']') {
		return i + 1
	}
	for {
		if i = s.value(s.blank(i), depth+1); i < 0 {
			return -1
		}
		if i = s.blank(i); s.is(i, ']') {
			return i + 1
		}
		if !s.is(i, ',') {
			return -1
		}
		i++
	}
}

func (s scanner) object(i, depth int) int {
	if i = s.blank(i); s.is(i, '}') {
		return i + 1
	}
	var seen keySet
	for {
		if i = s.member(s.blank(i), depth, &seen); i < 0 {
			return -1
		}
		if i = s.blank(i); s.is(i, '}') {
			return i + 1
		}
		if !s.is(i, ',') {
			return -1
		}
		i++
	}
}

func (s scanner) member(i, depth int, seen *keySet) int {
	if !s.is(i, '"') {
		return -1
	}
	end, escaped := s.text(i)
	if end < 0 {
		return -1
	}
	key := foldQuoted(s[i:end], escaped)
	if string(key) == "_method" || !seen.add(key) { // a method override
		return -1
	}
	if i = s.blank(end); !s.is(i, ':') {
		return -1
	}
	return s.value(s.blank(i+1), depth+1)
}

// text reads a string with its quotes, and tells whether it has escapes.
func (s scanner) text(i int) (end int, escaped bool) {
	for i++; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return i + 1, escaped
		case c < ' ':
			return -1, false
		case c == '\\':
			escaped = true
			if i = s.escape(i); i < 0 {
				return -1, false
			}
		}
	}
	return -1, false
}

// escape returns the index of the last byte of an escape. A surrogate counts
// only as half of a pair: decoders replace a lonely one, each in its own way.
func (s scanner) escape(i int) int {
	if i+1 >= len(s) {
		return -1
	}
	if bytes.IndexByte([]byte(`"\/bfnrt`), s[i+1]) >= 0 {
		return i + 1
	}
	switch unit := s.unit(i); {
	case unit < 0 || unit >= 0xdc00 && unit < 0xe000:
		return -1
	case unit < 0xd800 || unit >= 0xe000:
		return i + 5
	}
	if low := s.unit(i + 6); low < 0xdc00 || low >= 0xe000 {
		return -1
	}
	return i + 11
}

// unit is the UTF-16 unit of the \uXXXX at i, or -1.
func (s scanner) unit(i int) int {
	if i+6 > len(s) || s[i] != '\\' || s[i+1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(s[i+2:i+6]), 16, 16)
	if err != nil {
		return -1
	}
	return int(unit)
}

func (s scanner) digits(i int) int {
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}

// number reads a number, and judges its value.
func (s scanner) number(start int) int {
	end, mantissa := s.numeral(start)
	if end < 0 || !oneValue(s[start:end], s[start:mantissa]) {
		return -1
	}
	return end
}

// numeral follows the grammar of RFC 8259, section 6. It returns the index
// after the number, and the one after its mantissa.
func (s scanner) numeral(start int) (end, mantissa int) {
	i := start
	if s.is(i, '-') {
		i++
	}
	whole := s.digits(i)
	if whole == i || s[i] == '0' && whole > i+1 {
		return -1, -1
	}
	if i = whole; s.is(i, '.') {
		if i = s.digits(whole + 1); i == whole+1 {
			return -1, -1
		}
	}
	mantissa = i
	if s.is(i, 'e') || s.is(i, 'E') {
		if i++; s.is(i, '+') || s.is(i, '-') {
			i++
		}
		from := i
		if i = s.digits(from); i == from {
			return -1, -1
		}
	}
	return i, mantissa
}

// oneValue reports whether every reader gets one value from a number.
func oneValue(number, mantissa []byte) bool {
	const sure = 15 // so many characters without an exponent stay below 2^53
	if len(number) == len(mantissa) && len(number) <= sure {
		return true
	}
	f, err := strconv.ParseFloat(string(number), 64)
	if err != nil || f >= maxInteger || f <= -maxInteger {
		return false
	}
	return f != 0 || !bytes.ContainsAny(mantissa, "123456789")
}
