package engine

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// An input is the document that rules read: sections of texts and booleans. It
// is held once, in order, and written in three forms: as JSON for the journal,
// exactly as the key of a remembered answer, and as OPA's value for an evaluation.
// An input is used again for other requests: nothing may keep parts of it.
type input struct {
	pairs    []pair
	sections []part // subject, its properties, action, resource, then the context's

	// Room that evaluations use again.
	key    []byte
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

// fill turns a request and the facts about it into the words that rules read.
func (in *input) fill(r *pdp.Request, f *pip.Facts, t *tables) {
	in.pairs, in.sections = in.pairs[:0], in.sections[:0]
	who := &f.Identity
	in.word("type", r.Subject.Type)
	in.word("id", r.Subject.ID)
	in.end("subject")
	in.word("account", string(who.Account))
	in.word("role", who.Role)
	in.word("staff", who.Staff)
	in.word("patient", who.Patient)
	in.word("department", who.Department)
	in.end("properties")
	in.word("name", r.Action.Name)
	in.end("action")
	in.word("type", r.Resource.Type)
	in.word("id", r.Resource.ID)
	in.end("resource")

	in.credential(&r.Context, t)
	in.believed(t.freshness.Identity, &who.Reading)
	in.end("identity")
	in.revocation(&f.Revocation, who.Role, t)
	in.believed(t.freshness.Device, &f.Device.Reading)
	in.word("match", string(f.Device.Match))
	in.end("device")
	in.believed(t.freshness.Location, &f.Location.Reading)
	in.word("place", t.place(r.Context.Address))
	in.word("country", f.Location.Country)
	in.word("drift", t.drift(&r.Context.Journey))
	in.word("travel", t.travel(&r.Context.Journey))
	in.end("location")
	in.care(&f.Care, who, t)
	in.signals(&f.Signals, t)
	in.logIn(&r.Context.LogIn, t)
	in.time(r.Context.Time, t)
	in.caller(&r.Context, t)
}

func (in *input) credential(c *pdp.Context, t *tables) {
	in.word("state", string(c.Credential.State))
	in.word("presented", c.Credential.Presented)
	in.word("acr", c.Credential.ACR)
	in.word("amr", methods(c.Credential.AMR))
	in.word("factors", factors(c.Credential.AMR))
	in.word("elevation", t.elevation(c))
	in.end("credential")
}

// methods writes the methods of authentication (RFC 8176) as one text.
func methods(amr []string) string {
	if len(amr) == 2 && amr[0] == "pwd" && amr[1] == "otp" {
		return "pwd otp"
	}
	return strings.Join(amr, " ")
}

// factors counts the distinct methods of authentication (RFC 8176).
func factors(amr []string) string {
	switch {
	case len(amr) == 0:
		return "none"
	case slices.ContainsFunc(amr, func(method string) bool { return method != amr[0] }):
		return "two"
	default:
		return "one"
	}
}

func (in *input) revocation(r *pip.Revoked, role string, t *tables) {
	in.believed(t.freshness.Revocation, &r.Reading)
	in.either("session", r.Session, "revoked", "clear")
	in.either("subject", r.Subject, "banned", "clear")
	in.either("log_in", r.LogIn, "barred", "clear")
	in.either("address", r.Address, "barred", "clear")
	in.either("step_up", r.StepUp, "owed", "none")
	in.word("stale_for", t.staleFor(r, role))
	in.end("revocation")
}

// care compares ids that are both there: two missing ids are not a match.
func (in *input) care(care *pip.Care, who *pip.Identity, t *tables) {
	in.believed(t.freshness.Care, &care.Reading)
	in.boolean("treats", who.Staff != "" && slices.Contains(care.Staff, who.Staff))
	in.boolean("same_department", who.Department != "" && care.Department == who.Department)
	in.boolean("own", who.Patient != "" && care.Patient == who.Patient)
	in.end("care")
}

func (in *input) word(key, text string) {
	in.pairs = append(in.pairs, pair{key: key, text: text})
}

// maybe writes a text that is there, or nothing.
func (in *input) maybe(key, text string) {
	p := pair{key: key, text: text}
	if text == "" {
		p.kind = isNothing
	}
	in.pairs = append(in.pairs, p)
}

func (in *input) either(key string, condition bool, yes, no string) {
	if condition {
		in.word(key, yes)
		return
	}
	in.word(key, no)
}

func (in *input) boolean(key string, b bool) {
	p := pair{key: key, kind: isFalse}
	if b {
		p.kind = isTrue
	}
	in.pairs = append(in.pairs, p)
}

// believed writes how far a fact is believed: no further than its row allows.
func (in *input) believed(row shelfLife, r *pip.Reading) { in.word("state", row.of(r).String()) }

// end closes the section that the newest pairs belong to.
func (in *input) end(key string) {
	in.sections = append(in.sections, part{key: key, end: len(in.pairs)})
}

// of returns the pairs of section i.
func (in *input) of(i int) []pair {
	begin := 0
	if i > 0 {
		begin = in.sections[i-1].end
	}
	return in.pairs[begin:in.sections[i].end]
}

// there reports whether section i is part of the document.
func (in *input) there(i int) bool {
	return !optional(in.sections[i].key) || slices.ContainsFunc(in.of(i), func(p pair) bool { return p.kind != isNothing })
}

// value is the document as OPA evaluates it.
func (in *input) value() ast.Value {
	subject := object(in.of(subjectSection))
	subject.Insert(keyProperties, ast.NewTerm(object(in.of(propertiesSection))))
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
		[2]*ast.Term{keyContext, ast.NewTerm(context)},
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

// appendJSON appends the same document as JSON.
func (in *input) appendJSON(b []byte) []byte {
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

// appendExact appends every value with its length. JSON will not do as a key:
// it has one sign for whatever is no UTF-8.
func (in *input) appendExact(b []byte) []byte {
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
