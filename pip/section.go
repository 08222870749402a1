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

	// Reword writes those words that tables make of measures. A source calls it after
	// it has measured; a replay of a recorded decision under another rule book calls
	// it with what was measured then. It goes by its arguments alone, and writes each
	// of its words, also the one for nothing known. A nil Reword makes no such words.
	Reword func(s *Situation, w Words)
}

// A Situation is what words are made of besides a section's own measures.
type Situation struct {
	Address netip.Addr // of the client, as far as its source is believed
	Country string     // where that is registered, "" when it is not known
	Role    string     // of who asks
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

	// Measure notes number i, from 0 to MaxMeasures-1, of those that words of the
	// section are made of. It is journalled beside them, and so is no field of a
	// patient, no address and no text.
	Measure(i int, n int64)
	// Measured is number i, 0 when it was not noted. It is not known in a record of
	// before numbers were kept: then Reword leaves the words that are made of it, and
	// says by Untold which table it could not go by.
	Measured(i int) (n int64, known bool)
	Untold(table string)
	// Trusted is how far the section's reading is trusted, and its age.
	Trusted() (State, time.Duration)
	// Text is the one that stands at a member now.
	Text(member string) string
}

// MaxMeasures is how many numbers a section may note.
const MaxMeasures = 8

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
	rows, err := ReadNetworkRows(t)
	if err != nil {
		return nil, err
	}
	var all Networks
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		all = append(all, rows[name]...)
	}
	return all, nil
}

// ReadNetworkRows reads the table of networks row by row, and names the rows that are
// none.
func ReadNetworkRows(t Tables) (map[string]Networks, error) {
	var rows map[string][]string
	if err := t.Read("networks", &rows); err != nil {
		return nil, err
	}
	all := map[string]Networks{}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		for _, cidr := range rows[name] {
			prefix, err := readNetwork(cidr)
			if err != nil {
				faults = append(faults, fmt.Errorf("networks.%s: %w", name, err))
				continue
			}
			all[name] = append(all[name], prefix)
		}
	}
	return all, errors.Join(faults...)
}

func readNetwork(cidr string) (netip.Prefix, error) {
	prefix, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil:
		return prefix, fmt.Errorf("%q is no network in CIDR form", cidr)
	case prefix.Bits() == 0:
		return prefix, fmt.Errorf("%q holds every address, so that no client would be off-site", cidr)
	case prefix != prefix.Masked():
		return prefix, fmt.Errorf("%q is an address in a network: write %q for the network, or the whole length for the address", cidr, prefix.Masked())
	case prefix.Addr().Is4In6():
		return prefix, fmt.Errorf("%q: write an IPv4 network in IPv4 form", cidr)
	}
	return prefix, nil
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
	Country string // seen: how the countries of the two addresses compare; "" when the first is not known

	// What the client said of itself.
	Measured   bool    // both ends have coordinates
	Kilometres float64 // between them
	Lost       bool    // it said where it was, and no longer does

	Elapsed time.Duration // between the two
}

// How the countries of a Journey compare.
const (
	CountrySame  = "same"
	CountryOther = "other"
	CountryLost  = "lost" // known then, not known now
)
