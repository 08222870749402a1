package strictjson

import (
	"errors"
	"fmt"
	"strings"
)

const (
	maxPointers = 64
	maxTokens   = 16
)

// A Pointer names members of a JSON text to be taken out: a JSON Pointer (RFC
// 6901) in which the token "*" stands for every element of an array, or for
// every member of an object. It ends in a member's name: an element that went
// missing would renumber the others.
type Pointer struct {
	text   string
	tokens []string // folded; "*" stands for itself
}

// String is the pointer as it was written.
func (p Pointer) String() string { return p.text }

// ParsePointers reads pointers, and reports all that are none. Names are
// visible ASCII without commas, so that a list of pointers fits a header.
func ParsePointers(texts []string) ([]Pointer, error) {
	if len(texts) == 0 || len(texts) > maxPointers {
		return nil, fmt.Errorf("expected 1 to %d pointers", maxPointers)
	}
	pointers := make([]Pointer, 0, len(texts))
	var faults []error
	for i, text := range texts {
		p, err := parsePointer(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("pointer %d: %w", i+1, err))
		}
		pointers = append(pointers, p)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return pointers, nil
}

func parsePointer(text string) (Pointer, error) {
	rest, ok := strings.CutPrefix(text, "/")
	if !ok || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ',' }) {
		return Pointer{}, errors.New("expected a JSON Pointer of visible ASCII without commas, such as /items/*/contact")
	}
	p := Pointer{text: text}
	for token := range strings.SplitSeq(rest, "/") {
		plain := strings.NewReplacer("~0", "", "~1", "").Replace(token)
		if token == "" || strings.Contains(plain, "~") {
			return Pointer{}, errors.New("expected tokens that are not empty, with ~0 for ~ and ~1 for /")
		}
		p.tokens = append(p.tokens, fold(strings.NewReplacer("~0", "~", "~1", "/").Replace(token)))
	}
	if len(p.tokens) > maxTokens || p.tokens[len(p.tokens)-1] == "*" {
		return Pointer{}, fmt.Errorf("expected at most %d tokens, the last of them a member's name", maxTokens)
	}
	return p, nil
}
