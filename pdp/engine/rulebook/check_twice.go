package rulebook

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// checkTwice finds rows of tables, and words of sets, that stand twice. OPA keeps the
// last row without a word, so that a reader may look at the other; a word was meant to
// be another.
func (c *checker) checkTwice(files map[string][]byte) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, row := range rowsTwice(string(files[name])) {
			c.add(&ast.Location{File: name, Row: row.again}, "conflict", "remove one of the two, or correct the name of one",
				"%q stands in line %d too, and counts once", row.key, row.first)
		}
	}
}

// A twice is a key that an object has again, or a word of a set, by its lines.
type twice struct {
	key          string
	first, again int
}

// rowsTwice reads the text of a module, because the parser keeps one of two equal
// keys. A module that does not parse may give any answer, and is refused for that.
func rowsTwice(text string) (list []twice) {
	type object struct {
		keys  map[string]int // by line
		begin bool           // a key may stand here
	}
	open, line := []object{{}}, 1
	for i := 0; i < len(text); i++ {
		top := &open[len(open)-1]
		switch c := text[i]; c {
		case '\n':
			line++
		case ' ', '\t', '\r':
		case '#':
			comment, _, _ := strings.Cut(text[i:], "\n")
			i += len(comment) - 1
		case '{', '[', '(':
			top.begin = false
			inside := object{keys: map[string]int{}, begin: c == '{'}
			if c == '(' {
				inside.keys = nil // two arguments may be the same
			}
			open = append(open, inside)
		case '}', ']', ')':
			if len(open) > 1 {
				open = open[:len(open)-1]
			}
		case ',':
			top.begin = top.keys != nil
		case '`':
			raw, _, _ := strings.Cut(text[i+1:], "`")
			line += strings.Count(raw, "\n")
			i += len(raw) + 1
			top.begin = false
		case '"':
			quoted := text[i : i+quotedLength(text[i:])]
			i += len(quoted) - 1
			key, err := strconv.Unquote(quoted)
			if err == nil && top.begin && standsAlone(text[i+1:]) {
				if first, again := top.keys[key]; again {
					list = append(list, twice{key, first, line})
				}
				top.keys[key] = line
			}
			top.begin = false
		default:
			top.begin = false
		}
	}
	return list
}

// standsAlone reports whether what follows a text ends a key or an element: it is no
// part of an expression then.
func standsAlone(text string) bool {
	rest := strings.TrimLeft(text, " \t\r\n")
	return rest != "" && strings.ContainsRune(":,}", rune(rest[0])) && !strings.HasPrefix(rest, ":=")
}

// quotedLength is that of a text in quotes at the beginning, with both quotes.
func quotedLength(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
