package input

import (
	"bytes"
	"slices"
	"strconv"
)

// A Form is what stands between the values of every input that this program
// writes. What was written by it is read back without a JSON parser; all else
// goes the long way.
type Form struct {
	blank Document
	gaps  [][]byte // before each value, and after the last
	whole int      // so many pairs are always there
}

// NewForm reads documents that look like blank, which is not changed.
func NewForm(blank *Document) *Form {
	f := &Form{}
	f.blank.layout, f.blank.sections = blank.layout, blank.sections
	f.blank.pairs = slices.Clone(blank.pairs)
	for i := range f.blank.pairs {
		if p := &f.blank.pairs[i]; p.kind != isNothing {
			p.kind, p.text = isText, placeholder(i)
			f.whole = i + 1
		}
	}
	rest := f.blank.AppendJSON(nil)
	for i := range f.whole {
		gap, after, _ := bytes.Cut(rest, []byte(strconv.Quote(placeholder(i))))
		f.gaps, rest = append(f.gaps, gap), after
	}
	f.gaps = append(f.gaps, rest)
	return f
}

// placeholder is a text that nothing else in a blank input holds.
func placeholder(i int) string { return "~" + strconv.Itoa(i) + "~" }

// Read fills in from a document that AppendJSON wrote, and reports whether it
// is one.
func (f *Form) Read(in *Document, document []byte) bool {
	in.pairs = append(in.pairs[:0], f.blank.pairs...)
	in.layout, in.sections, in.fault = f.blank.layout, f.blank.sections, nil
	in.forget()
	for i := range f.whole {
		rest, ok := bytes.CutPrefix(document, f.gaps[i])
		if !ok {
			return false
		}
		if document, ok = in.pairs[i].read(rest); !ok {
			return false
		}
	}
	rest, ok := bytes.CutPrefix(document, []byte("}")) // of the last section that is always there
	return ok && bytes.Equal(in.readOptional(rest), f.gaps[len(f.gaps)-1][1:])
}

// readOptional takes the sections off the document that not every input has,
// and returns the rest; nil when it is nothing that AppendJSON writes.
func (in *Document) readOptional(document []byte) []byte {
	for i := firstOfContext; i < len(in.sections); i++ {
		if !in.sections[i].optional {
			continue
		}
		members, ok := bytes.CutPrefix(document, []byte(`,"`+in.sections[i].key+`":{`))
		if !ok {
			continue
		}
		separator := ""
		for p := range in.of(i) {
			one := &in.of(i)[p]
			rest, ok := bytes.CutPrefix(members, []byte(separator+`"`+one.key+`":`))
			if !ok {
				continue
			}
			if members, ok = one.read(rest); !ok {
				return nil
			}
			separator = ","
		}
		if document, ok = bytes.CutPrefix(members, []byte("}")); !ok || separator == "" {
			return nil
		}
	}
	return document
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
