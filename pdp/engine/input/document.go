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
	pairs    []pair
	sections []part // subject, its properties, action, resource, then the context's

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

// The first sections stand outside of the context.
const (
	subjectSection = iota
	propertiesSection
	actionSection
	resourceSection
	firstOfContext
)

// A part is the pairs from the one before it up to end.
type part struct {
	key string
	end int
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

// Word writes a text.
func (in *Document) Word(key, text string) {
	in.pairs = append(in.pairs, pair{key: key, text: text})
}

// Maybe writes a text that is there, or nothing.
func (in *Document) Maybe(key, text string) {
	p := pair{key: key, text: text}
	if text == "" {
		p.kind = isNothing
	}
	in.pairs = append(in.pairs, p)
}

// Either writes one of two texts.
func (in *Document) Either(key string, condition bool, yes, no string) {
	if condition {
		in.Word(key, yes)
		return
	}
	in.Word(key, no)
}

// Boolean writes a truth.
func (in *Document) Boolean(key string, b bool) {
	p := pair{key: key, kind: isFalse}
	if b {
		p.kind = isTrue
	}
	in.pairs = append(in.pairs, p)
}

// End closes the section that the newest pairs belong to.
func (in *Document) End(key string) {
	in.sections = append(in.sections, part{key: key, end: len(in.pairs)})
}

// Reset begins another document.
func (in *Document) Reset() { in.pairs, in.sections = in.pairs[:0], in.sections[:0] }

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
	return !optional(in.sections[i].key) || slices.ContainsFunc(in.of(i), func(p pair) bool { return p.kind != isNothing })
}

// Value is the document as OPA evaluates it.
func (in *Document) Value() ast.Value {
	subject := object(in.of(subjectSection))
	subject.Insert(ast.InternedTerm("properties"), ast.NewTerm(object(in.of(propertiesSection))))
	context := ast.NewObjectWithCapacity(len(in.sections) - firstOfContext)
	for i := firstOfContext; i < len(in.sections); i++ {
		if in.there(i) {
			context.Insert(ast.InternedTerm(in.sections[i].key), ast.NewTerm(object(in.of(i))))
		}
	}
	return ast.NewObject(
		[2]*ast.Term{ast.InternedTerm("subject"), ast.NewTerm(subject)},
		[2]*ast.Term{ast.InternedTerm("action"), ast.NewTerm(object(in.of(actionSection)))},
		[2]*ast.Term{ast.InternedTerm("resource"), ast.NewTerm(object(in.of(resourceSection)))},
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
	b = appendPairs(b, in.of(subjectSection))
	b = append(b, `,"properties":{`...)
	b = appendPairs(b, in.of(propertiesSection))
	b = append(b, `}},"action":{`...)
	b = appendPairs(b, in.of(actionSection))
	b = append(b, `},"resource":{`...)
	b = appendPairs(b, in.of(resourceSection))
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

const (
	// CallerSection and ClaimsSection are there only when something stands in them.
	CallerSection = "caller"
	ClaimsSection = "claims"
)

// optional reports whether a section is there only when something stands in it.
func optional(key string) bool { return key == CallerSection || key == ClaimsSection }

// IsClaim reports whether a path of the input may be missing.
func IsClaim(path string) bool {
	return strings.HasPrefix(path, "context."+CallerSection+".") || strings.HasPrefix(path, "context."+ClaimsSection+".")
}
