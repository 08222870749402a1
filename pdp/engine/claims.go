package engine

import (
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp"
)

// What a caller says of the client has its place in the input, and is believed
// by these names in the table of callers.
const (
	claimAddress = "address"
	claimAgent   = "user_agent"
)

const (
	callerSection = "caller"
	claimsSection = "claims"
)

const maxClaims = 32

// otherWords stands for what a caller that is believed about a claim said in
// none of its words. A claim may deny: what a rule does not understand must not
// read as if nothing had been said.
const otherWords = "other"

// A claimRow says where a caller makes a claim, and in which words.
type claimRow struct {
	At    string   `json:"at"`
	Words []string `json:"words"`
}

// A claim is one that rules may read.
type claim struct {
	name, at string
	words    map[string]bool
}

// belief is the table of callers: by kind and name, about what.
type belief map[string]map[string][]string

// of reports whether a caller is believed about a claim. This house's own
// enforcement point claims nothing: it is part of the house.
func (b belief) of(c pdp.Caller, name string) bool {
	return c != (pdp.Caller{}) && slices.Contains(b[c.Kind][c.Name], name)
}

var (
	claimName  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	claimPlace = regexp.MustCompile(`^(subject\.properties|action\.properties|resource\.properties|context)\.[^.]{1,64}$`)
	claimWord  = regexp.MustCompile(`^[ -~]{1,64}$`)
)

// readClaims checks both tables whole.
func readClaims(rows map[string]claimRow, callers belief) ([]claim, []error) {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	var list []claim
	if len(rows) > maxClaims {
		fault("claims: expected at most %d rows", maxClaims)
	}
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		row := rows[name]
		one := claim{name: name, at: row.At, words: map[string]bool{}}
		if !claimName.MatchString(name) || name == claimAddress || name == claimAgent {
			fault("claims.%s: expected a name of small letters, digits and _ that is neither address nor user_agent", name)
		}
		if !claimPlace.MatchString(row.At) || row.At == "context."+claimAddress || row.At == "context."+claimAgent {
			fault("claims.%s: at: expected a place in the question such as context.purpose or subject.properties.ward", name)
		}
		for _, word := range row.Words {
			if one.words[word] = true; !claimWord.MatchString(word) || word == otherWords {
				fault("claims.%s: words: expected short texts, and not %q, which stands for all others", name, otherWords)
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
			for _, about := range callers[kind][name] {
				if _, known := rows[about]; !known && about != claimAddress && about != claimAgent {
					fault("callers.%s: %q is believed about %q, which stands in no row of claims", kind, name, about)
				}
			}
		}
	}
	return list, faults
}

// believe forgets what a caller says of the client without being believed. An
// address that is not known denies.
func (t *tables) believe(c *pdp.Context) {
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

// caller writes who asks, when that is an enforcement point of others, and what
// it claims as far as it is believed. What is not said is not there; of what is
// said in other words it is there that it was.
func (in *input) caller(c *pdp.Context, t *tables) {
	in.maybe("kind", c.Caller.Kind)
	in.maybe("name", c.Caller.Name)
	in.end(callerSection)
	for i := range t.claims {
		one := &t.claims[i]
		said, stated := c.Claims[one.at]
		switch {
		case !stated || !t.callers.of(c.Caller, one.name):
			said = ""
		case !one.words[said]:
			said = otherWords
		}
		in.maybe(one.name, said)
	}
	in.end(claimsSection)
}

// optional reports whether a section is there only when something stands in it.
func optional(key string) bool { return key == callerSection || key == claimsSection }

// isClaim reports whether a path of the input may be missing.
func isClaim(path string) bool {
	return strings.HasPrefix(path, "context."+callerSection+".") || strings.HasPrefix(path, "context."+claimsSection+".")
}
