package symbolic

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// anyWord ends the name of what stands for all words of a text that no rule book
// names.
const anyWord = " word"

// addWord adds the variable of whether a text has a word.
func (s *Space) addWord(i int, word *ast.Term) {
	if s.hasWord(i, word) {
		return
	}
	owner := s.variables[i]
	v := &Variable{Path: fmt.Sprintf("%s has %s", owner.Path, word), index: map[string]int{}, word: word}
	v.put(nil)
	v.put(ast.BooleanTerm(true))
	owner.Words = append(owner.Words, len(s.variables))
	s.byPath[v.Path] = len(s.variables)
	s.variables = append(s.variables, v)
}

// Word is the word for which a variable asks whether a text has it; ok is false for
// other variables. Where AnyWord, it is no word that stands in a text.
func (v *Variable) Word() (word *ast.Term, ok bool) { return v.word, v.word != nil }

func (s *Space) hasWord(i int, word *ast.Term) bool {
	return slices.ContainsFunc(s.variables[i].Words, func(w int) bool { return s.variables[w].word.Equal(word) })
}

// joined is a text that has the words of an assignment.
func (s *Space) joined(v *Variable, assignment []int) *ast.Term {
	var list []string
	for _, w := range v.Words {
		if assignment[w] != 1 {
			continue
		}
		word, _ := s.variables[w].word.Value.(ast.String)
		if strings.HasPrefix(string(word), mark) {
			word = "other"
		}
		list = append(list, string(word))
	}
	if len(list) == 1 && list[0] == "other" && !s.hasWord(s.byPath[v.Path], ast.StringTerm("")) {
		list[0] = "" // no word is one too, where no rule book tells it from others
	}
	return ast.StringTerm(strings.Join(list, " "))
}

// takeApart assigns the words of a text.
func (s *Space) takeApart(v *Variable, t *ast.Term, assignment []int) error {
	text, ok := t.Value.(ast.String)
	if !ok {
		return fmt.Errorf("%s: %v is no text", v.Path, t)
	}
	for word := range strings.SplitSeq(string(text), " ") {
		at := v.Words[0]
		for _, w := range v.Words {
			if s.variables[w].word.Equal(ast.StringTerm(word)) {
				at = w
			}
		}
		assignment[at] = 1
	}
	return nil
}

// Split makes the words of a member a set, whose elements are variables.
func (x *explorer) Split(text *ast.Term) int {
	path, ok := marked(text)
	i := x.book.space.Find(path)
	if !ok || i < 0 || !x.book.space.variables[i].Open {
		return 0
	}
	if x.book.space.variables[i].Words == nil {
		x.book.space.split[i] = true
		panic(stop{errNoSuch}) // it is analysed again with words
	}
	return -1 - i
}

// words are the variables behind a set of words.
func (x *explorer) words(set int) []int { return x.book.space.variables[-1-set].Words }

// oneWord forks over the words that a text may have.
func (x *explorer) oneWord(set int) *ast.Term {
	return term(x.ask(func(yield func(any, Node)) {
		for _, w := range x.words(set) {
			yield(x.book.space.variables[w].word, x.book.d.Is(w, 1))
		}
	}))
}

// inOrder refuses a loop in which the order of words could matter.
func (x *explorer) inOrder(set int) {
	panic(stop{&Refusal{x.at, fmt.Sprintf("the words of input.%s are visited where their order may matter: ask for one in a rule of its own",
		x.book.space.variables[-1-set].Path)}})
}

// notApart refuses to compare a text as a whole that is taken apart elsewhere.
func (x *explorer) notApart(path string) {
	if i := x.book.space.Find(path); i >= 0 && x.book.space.variables[i].Words != nil {
		panic(stop{&Refusal{x.at, fmt.Sprintf("input.%s is compared as a whole here and taken apart elsewhere: do one of both", path)}})
	}
}
