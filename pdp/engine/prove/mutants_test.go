package prove

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// A mutant is the built-in book with one word of a table or a rule replaced, dropped
// or turned round.
type mutant struct {
	file         string
	offset       int // of what is replaced
	old, changed string
	row          int
}

// String names a mutant by what it does, not by where: an edit elsewhere in the file
// leaves the name as it is.
func (m mutant) String() string { return fmt.Sprintf("%s: %s -> %s", m.file, m.old, m.changed) }

func (m mutant) of(book rulebook.Files) rulebook.Files {
	files, text := maps.Clone(book), string(book[m.file])
	files[m.file] = []byte(text[:m.offset] + m.changed + text[m.offset+len(m.old):])
	return files
}

// unread are tables that no decision, row, column, verdict or bound depends on: what
// people are told.
var unread = []string{"authz/tables/advice.rego", "authz/tables/remedies.rego"}

// mutantsOf are all mutants of one file.
func mutantsOf(name, text string, words func(*ast.Term) []string) (list []mutant) {
	m, err := ast.ParseModuleWithOpts(name, text, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		return nil
	}
	add := func(at *ast.Location, old string, changed ...string) {
		for _, c := range changed {
			if c != old && at.Offset+len(old) <= len(text) && text[at.Offset:at.Offset+len(old)] == old {
				list = append(list, mutant{name, at.Offset, old, c, at.Row})
			}
		}
	}
	seen := map[int]bool{}
	for _, rule := range m.Rules {
		ast.WalkTerms(rule, func(t *ast.Term) bool {
			if t.Location == nil || t.Location.Row == 0 || seen[t.Location.Offset] && !isContainer(t) {
				return false
			}
			seen[t.Location.Offset] = true
			switch v := t.Value.(type) {
			case ast.String:
				add(t.Location, strconv.Quote(string(v)), words(t)...)
			case ast.Boolean:
				add(t.Location, v.String(), strconv.FormatBool(!bool(v)))
			case ast.Number:
				n, ok := v.Int()
				if ok && n != 0 {
					add(t.Location, v.String(), strconv.Itoa(n*100), "0")
				} else if ok {
					add(t.Location, v.String(), "1")
				}
			case ast.Set:
				dropped(text, v.Slice(), add)
			case *ast.Array:
				var all []*ast.Term
				v.Foreach(func(e *ast.Term) { all = append(all, e) })
				dropped(text, all, add)
			case ast.Object:
				v.Foreach(func(k, e *ast.Term) {
					if k.Location != nil && e.Location != nil {
						droppedPair(text, k, e, add)
					}
				})
			}
			return false
		})
	}
	return list
}

func isContainer(t *ast.Term) bool {
	switch t.Value.(type) {
	case ast.Set, *ast.Array, ast.Object:
		return true
	}
	return false
}

// dropped leaves out one element of several, with the comma behind it.
func dropped(text string, all []*ast.Term, add func(*ast.Location, string, ...string)) {
	for _, e := range all {
		word, isText := e.Value.(ast.String)
		if !isText || e.Location == nil || len(all) < 2 {
			continue
		}
		quoted := strconv.Quote(string(word))
		if end := e.Location.Offset + len(quoted); end < len(text) && text[end] == ',' {
			add(e.Location, quoted+",", "")
		}
	}
}

// droppedPair leaves out one pair of an object whose value is a word, a number or on
// the same line.
func droppedPair(text string, k, e *ast.Term, add func(*ast.Location, string, ...string)) {
	line := text[k.Location.Offset:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	end := e.Location.Offset - k.Location.Offset + len(e.Location.Text)
	if end < len(line) && line[end] == ',' {
		add(k.Location, line[:end+1], "")
	}
}

// wordsOf are what a word can be mistaken for: the words of the schema's enum that it
// stands in, or else words of the same file that stand at the like place.
func wordsOf(text string, enums [][]string) func(*ast.Term) []string {
	var all []string
	m, err := ast.ParseModuleWithOpts("x.rego", text, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err == nil {
		ast.WalkTerms(m, func(t *ast.Term) bool {
			if s, ok := t.Value.(ast.String); ok && t.Location != nil && strings.HasPrefix(string(t.Location.Text), `"`) {
				all = append(all, string(s))
			}
			return false
		})
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return func(t *ast.Term) (list []string) {
		word := string(t.Value.(ast.String))
		for _, enum := range enums {
			if slices.Contains(enum, word) {
				for _, other := range enum {
					list = append(list, strconv.Quote(other))
				}
			}
		}
		if len(list) > 0 {
			return list
		}
		for _, other := range all {
			if alike(word, other) {
				list = append(list, strconv.Quote(other))
			}
		}
		return list
	}
}

// alike: both are names of actions, of rights, paths, or plain words.
func alike(a, b string) bool {
	kind := func(s string) string {
		switch {
		case strings.Contains(s, "/"):
			return "path"
		case strings.Contains(s, "."):
			return "action"
		case s != "" && s[0] >= 'A' && s[0] <= 'Z':
			return "right"
		}
		return "word"
	}
	return a != b && kind(a) == kind(b)
}

// enums are the lists of words of the schema.
func enums(b *Book) (list [][]string) {
	for _, v := range spaceOf([]*Book{b}).Variables() {
		var words []string
		for _, t := range v.Values {
			if t == nil {
				continue
			}
			if s, ok := t.Value.(ast.String); ok && !v.Open {
				words = append(words, string(s))
			}
		}
		if len(words) > 1 {
			list = append(list, words)
		}
	}
	return list
}

// seed is of one file, so that an edit of another changes no mutant of it.
func seed(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // it never fails
	return h.Sum64()
}

// draw takes n mutants, as many of each file as of any other while it has some; the
// same ones each time, and a shorter draw begins a longer one.
func draw(original *Book, book rulebook.Files, n int) (list []mutant) {
	words := enums(original)
	var names []string
	for name := range book {
		if !strings.HasSuffix(name, "_test.rego") && !strings.HasPrefix(name, below) && !slices.Contains(unread, name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(seed(a), seed(b)) })
	var files [][]mutant
	for _, name := range names {
		text := string(book[name])
		all := mutantsOf(name, text, wordsOf(text, words))
		random := rand.New(rand.NewPCG(seed(name), 3))
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		files = append(files, all)
	}
	for round := 0; len(list) < n; round++ {
		before := len(list)
		for _, all := range files {
			if round < len(all) && len(list) < n {
				list = append(list, all[round])
			}
		}
		if len(list) == before {
			break
		}
	}
	return list
}
