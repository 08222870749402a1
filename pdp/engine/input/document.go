package input

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// A Document is the input that rules read: sections of texts and booleans. It
// is held once, in order, and written in three forms: as JSON for the journal,
// exactly as the key of a remembered answer, and as OPA's value for an evaluation.
// An input is used again for other requests: nothing may keep parts of it.
type Document struct {
	layout   *Layout
	pairs    []pair
	sections []part // subject, its properties, action, resource, then the context's
	writer   Writer
	fault    error

	// What words were made of. unmeasured is a record of before that was kept.
	measures   []measured // by section
	unmeasured bool
	untold     []string

	// Room that evaluations use again.
	Key    []byte
	values []*ast.Term
	terms  []termOf // by pair
}

// termOf is a pair and the term that stands for it.
type termOf struct {
	pair pair
	term *ast.Term
}

// A part is the pairs from the one before it up to end.
type part struct {
	key      string
	end      int
	optional bool
}

// A pair is one member: a text, or a boolean.
type pair struct {
	key  string
	text string
	kind kind
}

type kind uint8

const (
	isText kind = iota
	isFalse
	isTrue
	isNothing // there is no such member
)

// Reset begins another document, about which nothing is known.
func (in *Document) Reset(l *Layout) {
	in.layout, in.sections, in.fault = l, l.sections, nil
	in.pairs = append(in.pairs[:0], l.pairs...)
	in.forget()
}

// Put writes a text, a boolean or, with nil, nothing at a place of a document that
// was filled before.
func (in *Document) Put(place int, v any) {
	p := &in.pairs[place]
	p.text, p.kind = "", isNothing
	switch v := v.(type) {
	case string:
		p.text, p.kind = v, isText
	case bool:
		p.kind = isFalse
		if v {
			p.kind = isTrue
		}
	}
}

// of returns the pairs of section i.
func (in *Document) of(i int) []pair {
	begin := 0
	if i > 0 {
		begin = in.sections[i-1].end
	}
	return in.pairs[begin:in.sections[i].end]
}

// there reports whether section i is part of the document.
func (in *Document) there(i int) bool {
	return !in.sections[i].optional || slices.ContainsFunc(in.of(i), func(p pair) bool { return p.kind != isNothing })
}

// Value is the document as OPA evaluates it.
func (in *Document) Value() ast.Value {
	subject := object(in.of(Subject))
	subject.Insert(ast.InternedTerm("properties"), ast.NewTerm(object(in.of(Properties))))
	context := ast.NewObjectWithCapacity(len(in.sections) - firstOfContext)
	for i := firstOfContext; i < len(in.sections); i++ {
		if in.there(i) {
			context.Insert(ast.InternedTerm(in.sections[i].key), ast.NewTerm(object(in.of(i))))
		}
	}
	return ast.NewObject(
		[2]*ast.Term{ast.InternedTerm("subject"), ast.NewTerm(subject)},
		[2]*ast.Term{ast.InternedTerm("action"), ast.NewTerm(object(in.of(Action)))},
		[2]*ast.Term{ast.InternedTerm("resource"), ast.NewTerm(object(in.of(Resource)))},
		[2]*ast.Term{ast.InternedTerm("context"), ast.NewTerm(context)},
	)
}

func object(pairs []pair) ast.Object {
	o := ast.NewObjectWithCapacity(len(pairs) + 1)
	for i := range pairs {
		if pairs[i].kind == isNothing {
			continue
		}
		o.Insert(ast.InternedTerm(pairs[i].key), pairs[i].term())
	}
	return o
}

// term is the value as OPA evaluates it. OPA keeps one term for common words.
func (p *pair) term() *ast.Term {
	if p.kind == isText {
		return ast.InternedTerm(p.text)
	}
	return ast.InternedTerm(p.kind == isTrue)
}

// AppendJSON appends the same document as JSON.
func (in *Document) AppendJSON(b []byte) []byte {
	b = append(b, `{"subject":{`...)
	b = appendPairs(b, in.of(Subject))
	b = append(b, `,"properties":{`...)
	b = appendPairs(b, in.of(Properties))
	b = append(b, `}},"action":{`...)
	b = appendPairs(b, in.of(Action))
	b = append(b, `},"resource":{`...)
	b = appendPairs(b, in.of(Resource))
	b = append(b, `},"context":{`...)
	for i := firstOfContext; i < len(in.sections); i++ {
		if !in.there(i) {
			continue
		}
		if i > firstOfContext {
			b = append(b, ',')
		}
		b = appendText(b, in.sections[i].key)
		b = append(b, ':', '{')
		b = appendPairs(b, in.of(i))
		b = append(b, '}')
	}
	return append(b, '}', '}')
}

func appendPairs(b []byte, pairs []pair) []byte {
	first := true
	for i := range pairs {
		if pairs[i].kind == isNothing {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = appendText(b, pairs[i].key)
		b = append(b, ':')
		switch pairs[i].kind {
		case isTrue:
			b = append(b, "true"...)
		case isFalse:
			b = append(b, "false"...)
		default:
			b = appendText(b, pairs[i].text)
		}
	}
	return b
}

// AppendExact appends every value with its length. JSON will not do as a key:
// it has one sign for whatever is no UTF-8.
func (in *Document) AppendExact(b []byte) []byte {
	for i := range in.pairs {
		b = appendValue(b, &in.pairs[i])
	}
	return b
}

func appendValue(b []byte, p *pair) []byte {
	b = append(b, byte(p.kind))
	b = binary.AppendUvarint(b, uint64(len(p.text)))
	return append(b, p.text...)
}

// appendText appends s as a JSON string. Ids and words are plain ASCII; what is
// not goes the long way.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always encodes
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// IsClaim reports whether a path of the input may be missing.
func IsClaim(path string) bool {
	return strings.HasPrefix(path, "context."+CallerSection+".") || strings.HasPrefix(path, "context."+ClaimsSection+".")
}
