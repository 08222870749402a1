package input

import (
	"strings"

	"github.com/wardgate/wardgate/pip"
)

// What is done to the document of a record, to ask about it again.

// Fill reads a document that this program did not write, member by member; what it
// does not have is nothing.
func (f *Form) Fill(in *Document, from map[string]any) {
	in.Reset(f.blank.layout)
	for path, place := range Places(in) {
		var v any = from
		for key := range strings.SplitSeq(path, ".") {
			object, _ := v.(map[string]any)
			v = object[key]
		}
		in.Put(place, v)
	}
}

// Copy makes in a copy of another document, without its measures.
func (in *Document) Copy(of *Document) {
	in.layout, in.sections, in.fault = of.layout, of.sections, of.fault
	in.pairs = append(in.pairs[:0], of.pairs...)
}

// Changed are the places of members that are not what they were before. What was not
// there is not told of: no rule of that time read it.
func (in *Document) Changed(before *Document) (places []int) {
	for i := range in.pairs {
		if in.pairs[i] != before.pairs[i] && before.pairs[i].kind != isNothing {
			places = append(places, i)
		}
	}
	return places
}

// At is what stands at a place, as a text.
func (in *Document) At(place int) string {
	switch p := &in.pairs[place]; p.kind {
	case isTrue:
		return "true"
	case isFalse:
		return "false"
	default:
		return p.text
	}
}

// Set writes what stands at a place into a document that another program wrote.
func (in *Document) Set(into map[string]any, path string, place int) {
	keys := strings.Split(path, ".")
	for _, key := range keys[:len(keys)-1] {
		inner, ok := into[key].(map[string]any)
		if !ok {
			inner = map[string]any{}
			into[key] = inner
		}
		into = inner
	}
	last := keys[len(keys)-1]
	switch p := &in.pairs[place]; p.kind {
	case isNothing:
		delete(into, last)
	case isText:
		into[last] = p.text
	default:
		into[last] = p.kind == isTrue
	}
}

// Who is the role of who asks, and for what.
func (in *Document) Who() (role, action string) {
	return in.of(Properties)[1].text, in.of(Action)[0].text
}

// Resource is what is asked for.
func (in *Document) Resource() pip.Resource {
	of := in.of(Resource)
	return pip.Resource{Type: of[0].text, ID: of[1].text}
}

// Route writes what a request line means: nothing, when no row has it.
func (in *Document) Route(action string, r pip.Resource) {
	write := func(p *pair, text string) {
		if p.text != text || p.kind != isText {
			p.text, p.kind = text, isText
		}
	}
	write(&in.of(Action)[0], action)
	of := in.of(Resource)
	write(&of[0], r.Type)
	write(&of[1], r.ID)
}
