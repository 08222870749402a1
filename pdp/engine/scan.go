package engine

import (
	"bytes"
	"strconv"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// A form is what stands between the values of every input that this program
// writes. What was written by it is read back without a JSON parser; all else
// goes the long way.
type form struct {
	blank input
	gaps  [][]byte // before each value, and after the last
}

func newForm() *form {
	f := &form{}
	f.blank.fill(&pdp.Request{}, &pip.Facts{}, &tables{})
	for i := range f.blank.pairs {
		f.blank.pairs[i].kind, f.blank.pairs[i].text = isText, mark(i)
	}
	rest := f.blank.appendJSON(nil)
	for i := range f.blank.pairs {
		gap, after, _ := bytes.Cut(rest, []byte(strconv.Quote(mark(i))))
		f.gaps, rest = append(f.gaps, gap), after
	}
	f.gaps = append(f.gaps, rest)
	return f
}

// mark is a text that nothing else in a blank input holds.
func mark(i int) string { return "~" + strconv.Itoa(i) + "~" }

// read fills in from a document that appendJSON wrote, and reports whether it
// is one.
func (f *form) read(in *input, document []byte) bool {
	in.pairs = append(in.pairs[:0], f.blank.pairs...)
	in.sections = append(in.sections[:0], f.blank.sections...)
	for i := range in.pairs {
		rest, ok := bytes.CutPrefix(document, f.gaps[i])
		if !ok {
			return false
		}
		if document, ok = in.pairs[i].read(rest); !ok {
			return false
		}
	}
	return bytes.Equal(document, f.gaps[len(f.gaps)-1])
}

// read takes one value off the document. A text with an escape is not plain.
func (p *pair) read(document []byte) (rest []byte, ok bool) {
	if after, ok := bytes.CutPrefix(document, []byte("true")); ok {
		p.kind, p.text = isTrue, ""
		return after, true
	}
	if after, ok := bytes.CutPrefix(document, []byte("false")); ok {
		p.kind, p.text = isFalse, ""
		return after, true
	}
	if len(document) == 0 || document[0] != '"' {
		return nil, false
	}
	end := bytes.IndexByte(document[1:], '"') + 1
	if end == 0 {
		return nil, false
	}
	for _, c := range document[1:end] {
		if c < 0x20 || c >= 0x7f || c == '\\' {
			return nil, false
		}
	}
	if p.kind = isText; string(document[1:end]) != p.text {
		p.text = string(document[1:end])
	}
	return document[end+1:], true
}
