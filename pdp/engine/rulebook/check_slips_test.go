package rulebook_test

import (
	"context"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

var written = regexp.MustCompile(`"([a-z][a-z0-9_.]{2,})"`)

// A literal is a word that a rule or a table writes.
type aLiteral struct {
	file     string
	from, to int
}

// literals are all words of the delivered book, but for the columns and the
// kinds of events, which other tests hold against the programs that have them.
func literals(files fstest.MapFS) (list []aLiteral, words []string) {
	for file, f := range files {
		if !strings.HasSuffix(file, ".rego") || strings.HasSuffix(file, "_test.rego") || strings.HasPrefix(file, "invariants/") {
			continue
		}
		at, free := 0, false
		for line := range strings.Lines(string(f.Data)) {
			free = strings.HasPrefix(line, "columns :=") || strings.HasPrefix(line, "external :=") || free && !strings.HasPrefix(line, "}")
			if !strings.HasPrefix(line, "#") {
				for _, m := range written.FindAllStringSubmatchIndex(line, -1) {
					words = append(words, line[m[2]:m[3]])
					if !free {
						list = append(list, aLiteral{file, at + m[2], at + m[3]})
					}
				}
			}
			at += len(line)
		}
	}
	slices.SortFunc(list, func(a, b aLiteral) int {
		if by := strings.Compare(a.file, b.file); by != 0 {
			return by
		}
		return a.from - b.from
	})
	return list, words
}

// slipped is a word with a letter dropped, doubled, or exchanged with the next.
func slipped(word string, random *rand.Rand, words []string) string {
	for {
		i := random.IntN(len(word) - 1)
		slip := [...]string{
			word[:i] + word[i+1:], word[:i+1] + word[i:], word[:i] + word[i+1:i+2] + word[i:i+1] + word[i+2:],
		}[random.IntN(3)]
		if !slices.Contains(words, slip) && slip+"s" != word && word+"s" != slip { // one and many of a thing
			return slip
		}
	}
}

// A slip of one letter in any word of the book is refused with its file.
func TestASlipOfALetterInAnyWordIsRefused(t *testing.T) {
	files := enginetest.Book(t, policies.FS)
	list, words := literals(files)
	if len(list) < 500 {
		t.Fatalf("only %d words", len(list))
	}
	random := rand.New(rand.NewPCG(18, 2))
	for range 8 {
		at := list[random.IntN(len(list))]
		before := files[at.file].Data
		word := string(before[at.from:at.to])
		slip := slipped(word, random, words)
		files[at.file] = &fstest.MapFile{Data: slices.Concat(before[:at.from], []byte(slip), before[at.to:])}
		book, found := rulebook.Gate{Points: points.Sections()}.Folder(context.Background(), files)
		files[at.file] = &fstest.MapFile{Data: before}
		if book != nil {
			t.Errorf("%s: %q for %q came into force", at.file, slip, word)
		}
		if !slices.ContainsFunc(found, func(f rulebook.Finding) bool { return !f.Note && strings.Contains(f.Problem, slip) && f.Line > 0 }) {
			t.Errorf("%s: %q for %q: no fault says so with its line: %v", at.file, slip, word, found)
		}
	}
}

// A word of the hospital's own, in its table and in its rule, is no slip.
func TestANewWordIsNoSlip(t *testing.T) {
	files := enginetest.Book(t, policies.FS)
	enginetest.Edit(t, files, "authz/tables/rights.rego", `"Add patient": {"doctor": "own"}`, `"Add patient": {"doctor": "owns"}`)
	rule("deny contains \"off_hours\" if ask.reach == \"owns\"")(t, files, "extra")
	for _, f := range rulebook.Check(t.Context(), files, points.Sections()) {
		if strings.Contains(f.Problem, "owns") {
			t.Errorf("got %s", f)
		}
	}
}
