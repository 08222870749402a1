package input

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

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
	state      pip.State // to which that is trusted
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
	w.reading, w.state = pip.Reading{}, pip.Unknown
	w.in.measures[w.section] = measured{}
}

// Reading is what was trusted.
func (w *Writer) Reading() pip.Reading { return w.reading }

// Wording is what the section's wording made of the tables.
func (w *Writer) Wording() any { return w.wording }

// Trust writes how far a reading is trusted. Its age counts as it is journalled, in
// whole microseconds, of which the last has begun: nothing is believed for longer than
// its row says.
func (w *Writer) Trust(r pip.Reading) pip.State {
	if part := r.Age % time.Microsecond; part > 0 {
		r.Age += min(time.Microsecond-part, math.MaxInt64-r.Age)
	}
	w.reading = r
	w.state = w.freshness.Of(&r)
	m := &w.in.measures[w.section]
	m.own, m.lowered = r.State, w.state != r.State
	w.Word("state", w.state.String())
	return w.state
}

// Again writes how far the reading of a record is trusted by these tables: one of
// this age, where the word for it was what stands in the document.
func (w *Writer) Again(source string, age time.Duration) {
	m := &w.in.measures[w.section]
	was := stateOf(w.Text("state"))
	own := was
	if m.lowered {
		own = m.own
	}
	r := pip.Reading{Source: source, State: own, Age: age}
	if w.in.unmeasured && was != pip.Fresh {
		// The source may have trusted it further than the tables of that time did.
		r.State = pip.Fresh
		if w.freshness.Of(&r) > was {
			w.Untold("freshness")
		}
		r.State = was
	}
	w.reading, w.state = r, w.freshness.Of(&r)
	w.Word("state", w.state.String())
}

// Stay trusts a reading of a record as it was trusted: its age is not known.
func (w *Writer) Stay() { w.reading, w.state = pip.Reading{}, stateOf(w.Text("state")) }

// Unsay takes a claim away.
func (w *Writer) Unsay(member string) {
	if i := w.find(member); i >= 0 {
		w.in.pairs[i].text, w.in.pairs[i].kind = "", isNothing
	}
}

// Trusted is how far the section's reading is trusted, and its age.
func (w *Writer) Trusted() (pip.State, time.Duration) { return w.state, w.reading.Age }

// Measure notes a number of which words are made.
func (w *Writer) Measure(i int, n int64) {
	if i < 0 || i >= pip.MaxMeasures {
		w.fault("measures", strconv.Itoa(i))
		return
	}
	m := &w.in.measures[w.section]
	m.numbers[i], m.n = n, max(m.n, i+1)
}

// Measured is what was noted.
func (w *Writer) Measured(i int) (n int64, known bool) {
	if i < 0 || i >= pip.MaxMeasures {
		return 0, false
	}
	return w.in.measures[w.section].numbers[i], !w.in.unmeasured
}

// Noted reports whether any number was.
func (w *Writer) Noted() bool { return w.in.measures[w.section].n > 0 }

// Untold says by which table words could not be made again.
func (w *Writer) Untold(table string) {
	if !slices.Contains(w.in.untold, table) {
		w.in.untold = append(w.in.untold, table)
	}
}

// Text is the one that stands at a member.
func (w *Writer) Text(member string) string {
	for i := w.begin; i < w.end; i++ {
		if w.in.pairs[i].key == member {
			return w.in.pairs[i].text
		}
	}
	return ""
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
