package input

import (
	"errors"
	"fmt"

	"github.com/wardgate/wardgate/pip"
)

var _ pip.Words = (*Writer)(nil)

// ErrSection says that a section was given what it does not declare.
var ErrSection = errors.New("what is not declared was written into the input")

// A Writer writes into one section of a document. What the section does not
// declare makes the document one that no rule may see.
type Writer struct {
	in         *Document
	section    int
	begin, end int
	next       int // where the member after the last one stands
	wording    any
	freshness  pip.Freshness
	reading    pip.Reading
}

// Section begins to write into a section. The writer is of use until the next
// one begins.
func (in *Document) Section(i int, wording any, f pip.Freshness) *Writer {
	begin := 0
	if i > 0 {
		begin = in.sections[i-1].end
	}
	in.writer = Writer{in: in, section: i, begin: begin, end: in.sections[i].end, next: begin, wording: wording, freshness: f}
	return &in.writer
}

// Forget makes the section say that nothing is known.
func (w *Writer) Forget() {
	copy(w.in.pairs[w.begin:w.end], w.in.layout.pairs[w.begin:w.end])
	w.reading = pip.Reading{}
}

// Reading is what was trusted.
func (w *Writer) Reading() pip.Reading { return w.reading }

// Wording is what the section's wording made of the tables.
func (w *Writer) Wording() any { return w.wording }

// Trust writes how far a reading is trusted.
func (w *Writer) Trust(r pip.Reading) pip.State {
	w.reading = r
	state := w.freshness.Of(&r)
	w.Word("state", state.String())
	return state
}

// Word writes a text.
func (w *Writer) Word(member, text string) {
	i := w.find(member)
	if i < 0 {
		return
	}
	m, p := &w.in.layout.members[i], &w.in.pairs[i]
	switch {
	case m.Type == pip.TypeText:
	case m.Type == pip.TypeWord && !contains(m.Words, text), m.Type == pip.TypeBoolean:
		w.fault(member, text)
		return
	case m.Type == pip.TypeClaim && text == "":
		return
	}
	p.text, p.kind = text, isText
}

// Boolean writes a truth.
func (w *Writer) Boolean(member string, b bool) {
	i := w.find(member)
	if i < 0 {
		return
	}
	if w.in.layout.members[i].Type != pip.TypeBoolean {
		w.fault(member, "a boolean")
		return
	}
	p := &w.in.pairs[i]
	if p.kind = isFalse; b {
		p.kind = isTrue
	}
}

// find returns where a member stands. They are mostly written in their order.
func (w *Writer) find(member string) int {
	for i := w.next; i < w.end; i++ {
		if w.in.pairs[i].key == member {
			w.next = i + 1
			return i
		}
	}
	for i := w.begin; i < w.next; i++ {
		if w.in.pairs[i].key == member {
			return i
		}
	}
	w.fault(member, "a value")
	return -1
}

func (w *Writer) fault(member, text string) {
	if w.in.fault == nil {
		w.in.fault = fmt.Errorf("%w: %s.%s: %q", ErrSection, w.in.sections[w.section].key, member, text)
	}
}

func contains(words []string, text string) bool {
	for i := range words {
		if words[i] == text {
			return true
		}
	}
	return false
}

// Fault says that a section was given what it does not declare. Such a document
// must not be asked about.
func (in *Document) Fault() error { return in.fault }
