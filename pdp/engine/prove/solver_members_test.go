//go:build integration

package prove

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// members write in SMT-LIB what may stand at the members of an input. What stands
// there is a number: 0 for nothing, one for each constant that a rule book names, and
// any other for a text that none does. Two members have the same text exactly when they
// have the same number. Of a text that is taken apart it is known whether it has a word.
type members struct {
	*script
	space   *symbolic.Space
	numbers map[string]int      // of constants, by how Rego writes them
	words   map[string][]string // by member, those for which somebody asks
	buts    map[string][]string // by member, those for others than which somebody asks
	faults  []string            // what could not be written
}

// bits of a number: far more numbers than there are constants and members, so that
// all members can have texts of their own.
const bits = 12

const nothing = "#x000"

func newMembers(space *symbolic.Space) *members {
	return &members{
		script: newScript(), space: space,
		numbers: map[string]int{"nothing": 0}, words: map[string][]string{}, buts: map[string][]string{},
	}
}

func (m *members) fault(format string, args ...any) string {
	m.faults = append(m.faults, fmt.Sprintf(format, args...))
	return "false"
}

func (m *members) number(constant *ast.Term) string {
	n, known := m.numbers[constant.String()]
	if !known {
		n = len(m.numbers)
		m.numbers[constant.String()] = n
	}
	return fmt.Sprintf("#x%03x", n)
}

// member is the variable of a path, nil for none.
func (m *members) member(path string) *symbolic.Variable {
	if i := m.space.Find(path); i >= 0 {
		return m.space.Variables()[i]
	}
	m.fault("input.%s is no member of the space", path)
	return nil
}

// is: a constant stands at a member.
func (m *members) is(path string, constant *ast.Term) string {
	if v := m.member(path); v != nil && v.Words != nil {
		return m.fault("input.%s is compared as a whole and taken apart", path)
	}
	return m.claim("|"+path+"|", m.number(constant))
}

// present: anything stands at a member.
func (m *members) present(path string) string {
	m.member(path)
	return m.not(m.claim("|"+path+"|", nothing))
}

// same: the same stands at two members.
func (m *members) same(path, other string) string {
	m.member(other)
	return m.all(m.present(path), m.define(fmt.Sprintf("(= |%s| |%s|)", path, other)))
}

// has: a text has a word.
func (m *members) has(path string, word *ast.Term) string {
	if v := m.member(path); v == nil || v.Words == nil {
		return m.fault("input.%s is not taken apart by the diagrams", path)
	}
	note(m.words, path, word)
	return hasWord(path, word.String())
}

// hasBut: a text has another word than that.
func (m *members) hasBut(path string, word *ast.Term) string {
	m.has(path, word)
	note(m.buts, path, word)
	return hasOther(path, word.String())
}

func note(words map[string][]string, path string, word *ast.Term) {
	if !slices.Contains(words[path], word.String()) {
		words[path] = append(words[path], word.String())
	}
}

// hasAnother: a text has a word that the diagrams do not tell from others.
func hasAnother(path string) string { return "|" + path + " has another word|" }

// hasUnnamed: a text has a word that no rule asks for.
func hasUnnamed(path string) string { return "|" + path + " has an unnamed word|" }

func hasOther(path, word string) string { return "|" + path + " has another word than " + word + "|" }

func hasWord(path, word string) string { return "|" + path + " has " + word + "|" }

// declared are the members, and which inputs there are: every word of a member that the
// schema knows, and absence.
func (m *members) declared() string {
	var b strings.Builder
	for _, v := range m.space.Variables() {
		if _, isWord := v.Word(); isWord {
			continue
		}
		fmt.Fprintf(&b, "(declare-const |%s| (_ BitVec %d))\n", v.Path, bits)
		if v.Words != nil {
			m.declareWords(&b, v)
		}
	}
	for _, v := range m.space.Variables() {
		if _, isWord := v.Word(); !isWord {
			m.limit(&b, v)
		}
	}
	return b.String()
}

// limit says what may stand at a member.
func (m *members) limit(b *strings.Builder, v *symbolic.Variable) {
	assert := func(format string, args ...any) { fmt.Fprintf(b, "(assert "+format+")\n", args...) }
	if v.Open {
		for _, name := range slices.Sorted(maps.Keys(m.numbers)) {
			if n := m.numbers[name]; n != 0 && !strings.HasPrefix(name, `"`) {
				assert("(not (= |%s| #x%03x))", v.Path, n) // it is no text
			}
		}
	} else {
		var may []string
		for _, t := range v.Values {
			number := nothing
			if t != nil {
				number = m.number(t)
			}
			may = append(may, fmt.Sprintf("(= |%s| %s)", v.Path, number))
		}
		assert("(or %s)", strings.Join(may, " "))
	}
	for _, within := range m.space.Variables() {
		if strings.HasPrefix(v.Path, within.Path+".") {
			assert("(or (= |%s| %s) (not (= |%s| %s)))", v.Path, nothing, within.Path, nothing)
		}
	}
}

// declareWords says that a text that is there has a word, and one that is missing none.
func (m *members) declareWords(b *strings.Builder, v *symbolic.Variable) {
	known := map[string]bool{}
	for _, i := range v.Words {
		if word, _ := m.space.Variables()[i].Word(); !m.space.Variables()[i].AnyWord() {
			known[word.String()] = true
			m.has(v.Path, word)
		}
	}
	all, another := []string{hasUnnamed(v.Path)}, []string{hasUnnamed(v.Path)}
	for _, word := range m.words[v.Path] {
		all = append(all, hasWord(v.Path, word))
		if !known[word] {
			another = append(another, hasWord(v.Path, word))
		}
	}
	for _, name := range all {
		fmt.Fprintf(b, "(declare-const %s Bool)\n", name)
	}
	fmt.Fprintf(b, "(define-fun %s () Bool (or %s))\n", hasAnother(v.Path), strings.Join(another, " "))
	for _, word := range m.buts[v.Path] {
		others := slices.DeleteFunc(slices.Clone(all), func(name string) bool { return name == hasWord(v.Path, word) })
		fmt.Fprintf(b, "(define-fun %s () Bool (or %s))\n", hasOther(v.Path, word), strings.Join(others, " "))
	}
	fmt.Fprintf(b, "(assert (= (or %s) (not (= |%s| %s))))\n", strings.Join(all, " "), v.Path, nothing)
}

// show is the command that shows an input.
func (m *members) show() string {
	var names []string
	for _, v := range m.space.Variables() {
		if _, isWord := v.Word(); !isWord {
			names = append(names, "|"+v.Path+"|")
		}
	}
	for path, words := range m.words {
		for _, word := range words {
			names = append(names, hasWord(path, word))
		}
	}
	return "(get-value (" + strings.Join(names, " ") + "))"
}

var shownNumber = regexp.MustCompile(`#x[0-9a-f]{3}`)

// read puts constants in the place of the numbers of an input that z3 shows.
func (m *members) read(shown string) string {
	return shownNumber.ReplaceAllStringFunc(shown, func(number string) string {
		n, err := strconv.ParseInt(number[2:], 16, 0)
		for name, of := range m.numbers {
			if err == nil && of == int(n) {
				return name
			}
		}
		return "unnamed-" + number[2:]
	})
}
