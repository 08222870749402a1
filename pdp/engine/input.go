package engine

import (
	"encoding/json"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// An input is the document that rules read: an object of objects of strings
// and booleans. It is held once, in order, and written in two forms: as OPA's
// value for the evaluation, and as JSON for the journal.
type input struct {
	subject  [2]pair
	account  [5]pair
	action   [1]pair
	resource [2]pair
	context  [8]section
}

type pair struct {
	key  *ast.Term
	text string
	term *ast.Term // set for a word of a fixed vocabulary, else made from text
	flag bool      // the value is the boolean that term holds
}

type section struct {
	key   *ast.Term
	pairs []pair
}

var (
	keySubject  = ast.InternedTerm("subject")
	keyAction   = ast.InternedTerm("action")
	keyResource = ast.InternedTerm("resource")
)

// newInput turns a request and the facts about it into the words that rules read.
func newInput(r *pdp.Request, f *pip.Facts, t *tables) *input {
	who := &f.Identity
	in := &input{
		subject: [2]pair{word("type", r.Subject.Type), id("id", r.Subject.ID)},
		account: [5]pair{
			word("account", string(who.Account)),
			word("role", who.Role),
			id("staff", who.Staff),
			id("patient", who.Patient),
			id("department", who.Department),
		},
		action:   [1]pair{word("name", r.Action.Name)},
		resource: [2]pair{word("type", r.Resource.Type), id("id", r.Resource.ID)},
	}
	in.context = [8]section{
		{interned("credential"), credentialWords(&r.Context, t)},
		{interned("identity"), []pair{state(who.State)}},
		{interned("revocation"), []pair{
			state(f.Revocation.State),
			either("session", f.Revocation.Session, "revoked", "clear"),
			either("subject", f.Revocation.Subject, "banned", "clear"),
			either("log_in", f.Revocation.LogIn, "barred", "clear"),
		}},
		{interned("device"), []pair{state(f.Device.State), word("match", string(f.Device.Match))}},
		{interned("location"), []pair{
			state(f.Location.State),
			word("place", t.place(r.Context.Address)),
			word("country", f.Location.Country),
		}},
		{interned("care"), careWords(f, who)},
		{interned("signals"), []pair{
			state(f.Signals.State),
			either("denials", f.Signals.Denials >= t.thresholds.DenialsMany, "many", "usual"),
			either("failed_log_ins", f.Signals.FailedLogIns >= t.thresholds.FailedLogInsMany, "many", "usual"),
		}},
		{interned("time"), timeWords(r.Context.Time, t)},
	}
	return in
}

func credentialWords(c *pdp.Context, t *tables) []pair {
	factors := "none"
	switch len(slices.Compact(slices.Sorted(slices.Values(c.Credential.AMR)))) {
	case 0:
	case 1:
		factors = "one"
	default:
		factors = "two"
	}
	return []pair{
		word("state", string(c.Credential.State)),
		word("presented", c.Credential.Presented),
		word("acr", c.Credential.ACR),
		word("factors", factors),
		word("elevation", t.elevation(c)),
	}
}

// careWords compares ids that are both there: two missing ids are not a match.
func careWords(f *pip.Facts, who *pip.Identity) []pair {
	care := &f.Care
	return []pair{
		state(care.State),
		boolean("treats", who.Staff != "" && slices.Contains(care.Staff, who.Staff)),
		boolean("same_department", who.Department != "" && care.Department == who.Department),
		boolean("own", who.Patient != "" && care.Patient == who.Patient),
	}
}

func interned(s string) *ast.Term { return ast.InternedTerm(s) }

// word is a value of a small vocabulary: OPA keeps one term for the common ones.
func word(key, text string) pair {
	return pair{key: interned(key), text: text, term: ast.InternedTerm(text)}
}

func id(key, text string) pair {
	return pair{key: interned(key), text: text, term: ast.StringTerm(text)}
}

func either(key string, condition bool, yes, no string) pair {
	if condition {
		return word(key, yes)
	}
	return word(key, no)
}

func boolean(key string, b bool) pair {
	return pair{key: interned(key), term: ast.InternedTerm(b), flag: true}
}

func state(s pip.State) pair { return word("state", s.String()) }

// value is the document as OPA evaluates it.
func (in *input) value() ast.Value {
	subject := object(in.subject[:])
	subject.Insert(keyProperties, ast.NewTerm(object(in.account[:])))
	context := ast.NewObjectWithCapacity(len(in.context))
	for i := range in.context {
		context.Insert(in.context[i].key, ast.NewTerm(object(in.context[i].pairs)))
	}
	root := ast.NewObjectWithCapacity(4)
	root.Insert(keySubject, ast.NewTerm(subject))
	root.Insert(keyAction, ast.NewTerm(object(in.action[:])))
	root.Insert(keyResource, ast.NewTerm(object(in.resource[:])))
	root.Insert(keyContext, ast.NewTerm(context))
	return root
}

func object(pairs []pair) ast.Object {
	o := ast.NewObjectWithCapacity(len(pairs) + 1)
	for i := range pairs {
		o.Insert(pairs[i].key, pairs[i].term)
	}
	return o
}

// appendJSON appends the same document as JSON.
func (in *input) appendJSON(b []byte) []byte {
	if b == nil {
		b = make([]byte, 0, 1024)
	}
	b = append(b, `{"subject":{`...)
	b = appendPairs(b, in.subject[:])
	b = append(b, `,"properties":{`...)
	b = appendPairs(b, in.account[:])
	b = append(b, `}},"action":{`...)
	b = appendPairs(b, in.action[:])
	b = append(b, `},"resource":{`...)
	b = appendPairs(b, in.resource[:])
	b = append(b, `},"context":{`...)
	for i, s := range in.context {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, string(s.key.Value.(ast.String)))
		b = append(b, ':', '{')
		b = appendPairs(b, s.pairs)
		b = append(b, '}')
	}
	return append(b, '}', '}')
}

func appendPairs(b []byte, pairs []pair) []byte {
	for i, p := range pairs {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, string(p.key.Value.(ast.String)))
		b = append(b, ':')
		if !p.flag {
			b = appendString(b, p.text)
			continue
		}
		if p.term.Value == ast.Boolean(true) {
			b = append(b, "true"...)
		} else {
			b = append(b, "false"...)
		}
	}
	return b
}

// appendString appends s as a JSON string. Ids and words are plain ASCII; what
// is not goes the long way.
func appendString(b []byte, s string) []byte {
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
