// Package jar carries the cookies of an application with hosts of its own to a browser
// and back: sealed under names of Wardgate's, or listed ones as they are, each bound to
// the session under which the application set it. What came under another session goes
// nowhere, and the browser is told to forget it. It decides nothing, and no log or error
// of its holds a name or a value that an application chose.
package jar

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Policy says which cookies of an application reach browsers and come back. The zero
// value lets none.
type Policy struct {
	Sealed bool     // all, under other names and sealed
	Plain  []string // those of these names, as they are
}

// None reports whether no cookie passes.
func (p *Policy) None() bool { return !p.Sealed && len(p.Plain) == 0 }

// Check says what is wrong with p, all together.
func (p *Policy) Check() error {
	var faults []error
	if p.Sealed && len(p.Plain) > 0 {
		faults = append(faults, errors.New("cookies are sealed or plain, not both"))
	}
	if len(p.Plain) > mostCookies {
		faults = append(faults, fmt.Errorf("expected at most %d names", mostCookies))
	}
	for i, name := range p.Plain {
		switch err := checkName(name); {
		case err != nil:
			faults = append(faults, fmt.Errorf("%q: %w", name, err))
		case slices.Contains(p.Plain[:i], name):
			faults = append(faults, fmt.Errorf("%q is there twice", name))
		}
	}
	return errors.Join(faults...)
}

// passes reports whether cookies that hold something of an application's of that name pass.
func (p *Policy) passes(k kind, name string) bool {
	if k == sealed {
		return p.Sealed
	}
	return slices.Contains(p.Plain, name)
}

// checkName says why no cookie of a name can pass as it is; nil when one can.
func checkName(name string) error {
	switch {
	case reserved(name):
		return errors.New("names like Wardgate's own are Wardgate's, with or without __Host- and __Secure-")
	case !isName(name):
		return fmt.Errorf("expected the name of a cookie: at most %d letters, digits and signs such as - and _", mostName)
	}
	return nil
}

const mostName = 128

// isName reports whether a text is a token (RFC 6265, section 4.1.1), of a bounded length.
func isName(name string) bool {
	return name != "" && len(name) <= mostName && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= 0x20 || r > 0x7e || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	})
}

// reserved reports whether a name is like one of Wardgate's own, in any spelling: browsers
// compare the prefixes of names without regard to case.
func reserved(name string) bool {
	name = strings.ToLower(strings.TrimSpace(name))
	for {
		bare := strings.TrimPrefix(strings.TrimPrefix(name, "__host-"), "__secure-")
		if bare == name {
			return strings.HasPrefix(name, "wardgate")
		}
		name = strings.TrimSpace(bare)
	}
}
