package input

import (
	"fmt"
	"regexp"

	"github.com/wardgate/wardgate/pip"
)

// The sections that a request itself fills, by which of them an engine writes.
// The first four stand outside of the context.
const (
	Subject = iota
	Properties
	Action
	Resource
	Credential
	firstOfContext = Credential
	firstMeasured  = Credential + 1
)

// before and after are the sections of a request that stand before those of the
// information points, and after them.
func before() []pip.Section {
	return []pip.Section{
		{Name: "subject", Members: []pip.Member{pip.WordOf("type", "", "user", "machine", "anonymous"), pip.TextOf("id")}},
		{Name: "properties", Members: []pip.Member{
			pip.WordOf("account", "", "active", "pending", "disabled"), pip.TextOf("role"),
			pip.TextOf("staff"), pip.TextOf("patient"), pip.TextOf("department"),
		}},
		{Name: "action", Members: []pip.Member{pip.TextOf("name"), pip.WordOf("method", "", "safe", "unsafe", "upgrade")}},
		{Name: "resource", Members: []pip.Member{pip.TextOf("type"), pip.TextOf("id")}},
		{Name: "credential", Members: []pip.Member{
			pip.WordOf("state", "", "none", "valid", "expired", "invalid", "delegated"),
			pip.WordOf("presented", "", "header", "cookie"), pip.WordOf("site", "unknown", "own", "foreign"), pip.TextOf("acr"), pip.TextOf("amr"),
			pip.WordOf("factors", "none", "one", "two"), pip.WordOf("elevation", "none", "fresh", "expired"),
		}},
	}
}

func after(claims []pip.Member) []pip.Section {
	return []pip.Section{
		{Name: "log_in", Members: []pip.Member{
			pip.WordOf("factor", "", "password", "code"), pip.WordOf("failures", "none", "few", "many"),
			pip.WordOf("familiar", "none", "network", "device"),
		}},
		{Name: "time", Members: []pip.Member{pip.WordOf("state", "unknown", "fresh"), pip.WordOf("period", "", "day", "night")}},
		{Name: CallerSection, Members: []pip.Member{
			{Name: "kind", Type: pip.TypeClaim, Words: []string{"token", "certificate"}}, {Name: "name", Type: pip.TypeClaim},
		}},
		{Name: ClaimsSection, Members: claims},
	}
}

const (
	// CallerSection and ClaimsSection are there only when something stands in them.
	CallerSection = "caller"
	ClaimsSection = "claims"
)

// A Layout is what every input under one rule book looks like. It is not changed
// once it was made.
type Layout struct {
	all      []pip.Section // in the order of the document
	measured int           // how many of them are information points'
	pairs    []pair        // what stands there when nothing is known
	members  []pip.Member  // of each pair
	sections []part
}

var sectionName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// NewLayout lays out the sections of information points, in their order, between
// those that a request itself fills. It refuses sections that clash, and members
// that say nothing of what may stand there.
func NewLayout(points []pip.Section, claims []pip.Member) (*Layout, error) {
	l := &Layout{measured: len(points)}
	l.all = append(append(before(), points...), after(claims)...)
	seen := map[string]bool{"": true, ownKey: true}
	for i := range l.all {
		s := &l.all[i]
		if seen[s.Name] || !sectionName.MatchString(s.Name) {
			return nil, fmt.Errorf("section %q of the input: expected a name of small letters, digits and _ that no other section has", s.Name)
		}
		seen[s.Name] = true
		optional := s.Name == CallerSection || s.Name == ClaimsSection
		if err := l.add(s, optional); err != nil {
			return nil, err
		}
		l.sections = append(l.sections, part{key: s.Name, end: len(l.pairs), optional: optional})
	}
	return l, nil
}

func (l *Layout) add(s *pip.Section, optional bool) error {
	seen := map[string]bool{}
	for _, m := range s.Members {
		p := pair{key: m.Name}
		switch {
		case seen[m.Name] || !sectionName.MatchString(m.Name):
			return fmt.Errorf("section %s of the input: member %q: expected a name that no other member has", s.Name, m.Name)
		case optional != (m.Type == pip.TypeClaim):
			return fmt.Errorf("section %s of the input: member %s: claims are those of callers", s.Name, m.Name)
		case m.Type == pip.TypeWord && len(m.Words) == 0:
			return fmt.Errorf("section %s of the input: member %s has no words", s.Name, m.Name)
		case m.Type == pip.TypeWord:
			p.text = m.Words[0]
		case m.Type == pip.TypeBoolean:
			p.kind = isFalse
		case m.Type == pip.TypeClaim:
			p.kind = isNothing
		}
		seen[m.Name] = true
		l.pairs, l.members = append(l.pairs, p), append(l.members, m)
	}
	return nil
}

// Sections are all of a document, in its order, by the path of each:
// "subject.properties", "context.device".
func (l *Layout) Sections(each func(path string, s *pip.Section)) {
	for i := range l.all {
		each(pathOf(i, l.all[i].Name), &l.all[i])
	}
}

func pathOf(i int, name string) string {
	switch {
	case i == Properties:
		return "subject." + name
	case i >= firstOfContext:
		return "context." + name
	default:
		return name
	}
}

// Blank is the document of a request about which nothing is known.
func (l *Layout) Blank() *Document {
	in := &Document{}
	in.Reset(l)
	return in
}

// Measured is the section of information point i, and After of those behind
// them: log_in, time, caller, claims.
func (l *Layout) Measured(i int) int { return firstMeasured + i }

// After numbers the sections behind the information points'.
func (l *Layout) After(i int) int { return firstMeasured + l.measured + i }

// The sections behind those of the information points, for After.
const (
	LogIn = iota
	Time
	Caller
	Claims
)
