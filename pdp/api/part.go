package api

import (
	"encoding/json"
	"maps"
	"net/netip"

	"github.com/wardgate/wardgate/pdp"
)

// members names what a question has, in the order in which faults are told.
func members() [4]string { return [...]string{"subject", "action", "resource", "context"} }

// A part is one member of a question, read once, however many questions of a
// batch have it as their default.
type part struct {
	fill   func(*question)
	faults malformed
}

// parts are the members that an object has, by name.
type parts map[string]part

// readParts reads the members that are there; at is where o stands in the body.
func readParts(o object, at string) parts {
	p := make(parts, 4)
	for _, name := range members() {
		if _, there := o[name]; there {
			p[name] = readPart(o, at, name)
		}
	}
	return p
}

func readPart(o object, at, name string) part {
	var r reading
	inner := r.object(o, at, name)
	at += "." + name
	var read question
	var fill func(*question)
	claims := r.claims(inner, at, name)
	switch name {
	case "subject":
		read.subject = r.subject(inner, at)
		fill = func(q *question) { q.subject = read.subject }
	case "action":
		read.action = r.text(inner, at, "name", 1)
		fill = func(q *question) { q.action = read.action }
	case "resource":
		read.resource = pdp.Resource{Type: r.text(inner, at, "type", 1), ID: r.text(inner, at, "id", 0)}
		fill = func(q *question) { q.resource = read.resource }
	case "context":
		read.address, read.agent = r.address(inner, at), r.agent(inner, at)
		fill = func(q *question) { q.address, q.agent = read.address, read.agent }
	}
	return part{fill: func(q *question) { fill(q); q.claim(claims) }, faults: r.faults}
}

// over gives what p lacks from defaults. A member replaces the default of its
// name whole.
func (p parts) over(defaults parts) parts {
	for name, d := range defaults {
		if _, there := p[name]; !there {
			p[name] = d
		}
	}
	return p
}

// question puts the parts together. Its error is a malformed that names every
// faulty field.
func (p parts) question(at string) (question, error) {
	var q question
	var r reading
	for _, name := range members() {
		one, there := p[name]
		switch {
		case there:
			one.fill(&q)
			r.faults = append(r.faults, one.faults...)
		case name != "context":
			r.fault(at+"."+name, messageRequired)
		}
	}
	if err := r.err(); err != nil {
		return question{}, err
	}
	return q, nil
}

// subject reads who asks. Only a stranger has no id, and a stranger has none.
func (r *reading) subject(o object, at string) pdp.Subject {
	s := pdp.Subject{Type: r.text(o, at, "type", 1)}
	if s.Type != pdp.SubjectAnonymous {
		s.ID = r.text(o, at, "id", 1)
		return s
	}
	if s.ID = r.text(o, at, "id", 0); s.ID != "" {
		r.fault(at+".id", "expected an empty text for an anonymous subject")
	}
	return s
}

// Bounds of what is kept of a member's claims.
const (
	maxClaims = 64
	maxClaim  = 64 // bytes of a text
)

// claims are a member's properties, or what stands in the context, by where it
// stands: short texts and booleans as they are, all else as "", which is no
// word of any claim. What is null is not said.
func (r *reading) claims(inner object, at, name string) map[string]string {
	if name != "context" {
		if _, there := inner["properties"]; !there {
			return nil
		}
		inner, name = r.object(inner, at, "properties"), name+".properties"
	}
	if len(inner) > maxClaims {
		r.fault(at, "expected at most 64 claims")
		return nil
	}
	claims := make(map[string]string, len(inner))
	for key, raw := range inner {
		if string(raw) != "null" {
			claims[name+"."+key] = claim(raw)
		}
	}
	return claims
}

func claim(raw json.RawMessage) string {
	if text := string(raw); text == "true" || text == "false" {
		return text
	}
	if text, ok := plainText(raw, maxClaim); ok {
		return text
	}
	return ""
}

// claim adds claims to those of other members, in a map of the question's own.
func (q *question) claim(more map[string]string) {
	if len(more) == 0 {
		return
	}
	all := make(map[string]string, len(q.claims)+len(more))
	maps.Copy(all, q.claims)
	maps.Copy(all, more)
	q.claims = all
}

// address reads where the subject comes from. Without it the place is unknown.
func (r *reading) address(o object, at string) netip.Addr {
	raw, there := o["address"]
	if !there {
		return netip.Addr{}
	}
	text, ok := plainText(raw, maxText)
	address, err := netip.ParseAddr(text)
	if !ok || err != nil || address.Zone() != "" {
		r.fault(at+".address", "expected an IP address")
		return netip.Addr{}
	}
	return address.Unmap()
}

func (r *reading) agent(o object, at string) string {
	raw, there := o["user_agent"]
	if !there {
		return ""
	}
	text, ok := plainText(raw, maxAgent)
	if !ok {
		r.fault(at+".user_agent", "expected a plain text of at most 4096 bytes")
	}
	return text
}
