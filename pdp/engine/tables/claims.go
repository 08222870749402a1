package tables

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"

	"github.com/wardgate/wardgate/pdp"
)

// What a caller says of the client has its place in the input, and is trusted
// by these names in the table of callers.
const (
	claimAddress = "address"
	claimAgent   = "user_agent"
)

const maxClaims = 32

// OtherWord stands for what a caller that is trusted about a claim said in
// none of its words. A claim may deny: what a rule does not understand must not
// read as if nothing had been said.
const OtherWord = "other"

// A claimRow says where a caller makes a claim, and in which words.
type claimRow struct {
	At    string   `json:"at"`
	Words []string `json:"words"`
}

// A Claim is one that rules may read.
type Claim struct {
	Name, At string
	Words    map[string]bool // in which it comes to the rules, and OtherWord
}

// trust is the table of callers: by kind and name, about what.
type trust map[string]map[string][]string

// of reports whether a caller is trusted about a claim. This house's own
// enforcement point claims nothing: it is part of the house.
func (t trust) of(c pdp.Caller, name string) bool {
	return c != (pdp.Caller{}) && slices.Contains(t[c.Kind][c.Name], name)
}

var (
	claimName  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	claimPlace = regexp.MustCompile(`^(subject\.properties|action\.properties|resource\.properties|context)\.[^.]{1,64}$`)
	claimWord  = regexp.MustCompile(`^[ -~]{1,64}$`)
)

// readClaims checks both tables whole.
func readClaims(rows map[string]claimRow, callers trust) ([]Claim, []error) {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	var list []Claim
	if len(rows) > maxClaims {
		fault("claims: expected at most %d rows", maxClaims)
	}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		row := rows[name]
		one := Claim{Name: name, At: row.At, Words: map[string]bool{}}
		if !claimName.MatchString(name) || name == claimAddress || name == claimAgent {
			fault("claims.%s: expected a name of small letters, digits and _ that is neither address nor user_agent", name)
		}
		if !claimPlace.MatchString(row.At) || row.At == "context."+claimAddress || row.At == "context."+claimAgent {
			fault("claims.%s: at: expected a place in the question such as context.purpose or subject.properties.ward", name)
		}
		for _, word := range row.Words {
			if one.Words[word] = true; !claimWord.MatchString(word) || word == OtherWord {
				fault("claims.%s: words: expected short texts, and not %q, which stands for all others", name, OtherWord)
			}
		}
		if len(row.Words) == 0 {
			fault("claims.%s: words: expected the words that are heard", name)
		}
		list = append(list, one)
	}
	for _, kind := range slices.Sorted(maps.Keys(callers)) {
		if kind != pdp.CallerToken && kind != pdp.CallerCertificate {
			fault("callers.%s: expected token or certificate", kind)
		}
		for _, name := range slices.Sorted(maps.Keys(callers[kind])) {
			if _, claimed := rows[name]; claimed || name == claimAddress || name == claimAgent {
				fault("callers.%s: %q is what callers are trusted about; expected the name of a caller", kind, name)
			}
			for _, about := range callers[kind][name] {
				if _, known := rows[about]; !known && about != claimAddress && about != claimAgent {
					fault("callers.%s: %q is trusted about %q, which stands in no row of claims", kind, name, about)
				}
			}
		}
	}
	return list, faults
}

// Forget takes away what a caller says of the client without being trusted. An
// address that is not known denies.
func (t *Tables) Forget(c *pdp.Context) {
	if c.Caller == (pdp.Caller{}) {
		return
	}
	if !t.callers.of(c.Caller, claimAddress) {
		c.Address = netip.Addr{}
	}
	if !t.callers.of(c.Caller, claimAgent) {
		c.UserAgent = ""
	}
}

// Said is what a caller claims, as far as it is trusted: "" for nothing, and
// OtherWord for what is none of the claim's words.
func (t *Tables) Said(one *Claim, c *pdp.Context) string {
	said, stated := c.Claims[one.At]
	switch {
	case !stated || !t.callers.of(c.Caller, one.Name):
		return ""
	case !one.Words[said]:
		return OtherWord
	default:
		return said
	}
}

// Trusts reports whether a caller is trusted about a claim.
func (t *Tables) Trusts(c pdp.Caller, one *Claim) bool { return t.callers.of(c, one.Name) }

// Hears reports whether a caller is trusted about the address of its client.
func (t *Tables) Hears(c pdp.Caller) bool { return t.callers.of(c, claimAddress) }
