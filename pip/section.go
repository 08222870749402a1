package pip

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// A Section is a part of the input that rules read: what one information point
// contributes, or what a request itself says. It is declared once, beside what
// fills it: the engine, the gate of rule books, health, events, dashboards and
// documents go through the list of sections.
type Section struct {
	Name    string // "device" is input.context.device
	Members []Member

	// Default says how old is too old where the table of freshness has no row of
	// that name. The zero Freshness belongs to what is not measured.
	Default Freshness

	// Wording reads what the section needs of a revision's tables: thresholds,
	// networks. It is called once a revision, and names faults by table and row. A
	// nil Wording needs none.
	Wording func(Tables) (any, error)
}

// A Member is one value of a section.
type Member struct {
	Name  string
	Type  Type
	Words []string // of TypeWord: the first is what stands there when nothing is known
}

// Type tells what may stand in a member.
type Type uint8

// The types of members. Free text is for ids alone: the input is journalled whole.
const (
	TypeText Type = iota
	TypeWord
	TypeBoolean
	TypeClaim // a word of the table of claims, or a name, that may be missing
)

// TextOf, WordOf and BooleanOf declare a member.
func TextOf(name string) Member { return Member{Name: name} }

// WordOf declares a member of a fixed list; the first is what stands there when
// nothing is known.
func WordOf(name string, words ...string) Member {
	return Member{Name: name, Type: TypeWord, Words: words}
}

// BooleanOf declares a truth; false is what stands there when nothing is known.
func BooleanOf(name string) Member { return Member{Name: name, Type: TypeBoolean} }

// Measured declares the section of an information point. Its first member is the
// state, which is written by Words.Trust.
func Measured(name string, d Freshness, members ...Member) Section {
	state := WordOf("state", Unknown.String(), Stale.String(), Fresh.String())
	return Section{Name: name, Default: d, Members: append([]Member{state}, members...)}
}

// Words takes what a source writes about one request, under the tables of one
// revision. What is not written says that nothing is known. A word that the
// section does not declare is an error of the whole decision, which denies.
type Words interface {
	// Wording is what Section.Wording made of the revision's tables.
	Wording() any
	// Trust writes how far a reading is trusted, which is no further than its age
	// allows, and returns it. Without it the section is unknown.
	Trust(r Reading) State
	Word(member, text string)
	Boolean(member string, b bool)
}

// Tables are those of one revision of a rule book.
type Tables interface {
	// Read decodes the table of that name, as JSON, and leaves into as it is when
	// there is none.
	Read(name string, into any) error
}

// Freshness is how old is too old, in seconds.
type Freshness struct {
	StaleAfter   int `json:"stale_after"`
	UnknownAfter int `json:"unknown_after"`
}

// Of is how far a reading is trusted: never further than its source says, and no
// further than its age allows.
func (f Freshness) Of(r *Reading) State {
	switch {
	case r.Age > time.Duration(f.UnknownAfter)*time.Second:
		return Unknown
	case r.Age > time.Duration(f.StaleAfter)*time.Second:
		return min(r.State, Stale)
	default:
		return r.State
	}
}

// Networks are the hospital's own.
type Networks []netip.Prefix

// ReadNetworks reads the table of networks, and names the rows that are none.
func ReadNetworks(t Tables) (Networks, error) {
	var rows map[string][]string
	if err := t.Read("networks", &rows); err != nil {
		return nil, err
	}
	var all Networks
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		for _, cidr := range rows[name] {
			prefix, err := netip.ParsePrefix(cidr)
			if err != nil {
				faults = append(faults, fmt.Errorf("networks.%s: %q is no network in CIDR form", name, cidr))
				continue
			}
			all = append(all, prefix)
		}
	}
	return all, errors.Join(faults...)
}

// Place is "on_site", "off_site", or "" when there is no address.
func (n Networks) Place(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	a = a.Unmap()
	if slices.ContainsFunc(n, func(p netip.Prefix) bool { return p.Contains(a) }) {
		return "on_site"
	}
	return "off_site"
}

// Journey leads from where a client was, at the log-in or at the log-in before,
// to where it is. The zero Journey knows nothing.
type Journey struct {
	Measured   bool          // both ends have coordinates
	Kilometres float64       // between them
	Country    string        // how the two countries compare; "" when the first is not known
	Lost       bool          // the client said where it was, and no longer does
	Elapsed    time.Duration // between the two
}

// How the countries of a Journey compare.
const (
	CountrySame  = "same"
	CountryOther = "other"
	CountryLost  = "lost" // known then, not known now
)
