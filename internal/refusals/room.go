package refusals

import "net/netip"

// Shares of subjects and networks, in those of one session. All off-site callers
// without a session share maxOffSite, and all other refusals maxOwn, however many
// sources they come from.
const (
	ofSubject  = 2
	ofNetwork  = 8
	ofCaller   = 8
	maxOffSite = 200
	maxOwn     = 4000
)

// A part is what room is kept for. Its members are those that its scope names.
type part struct {
	of              scope
	kind            Kind
	session         string
	subject, caller string
	network         netip.Prefix
}

type scope uint8

const (
	ofOneSession scope = iota
	ofOneSubject
	ofOneCaller
	ofOneNetwork
	ofOffSite
	ofAll
)

// A bound is how many refusals of a part have a record of their own.
type bound struct {
	part part
	most int
}

// room counts the refusals of a window that have a record of their own. It grows by
// those alone.
type room map[part]int

// take takes the room that one refusal needs, or none.
func (r *room) take(all []bound) bool {
	for _, b := range all {
		if (*r)[b.part] >= b.most {
			return false
		}
	}
	if *r == nil {
		*r = room{}
	}
	for _, b := range all {
		(*r)[b.part]++
	}
	return len(all) > 0
}

// bounds are those within which a refusal has a record of its own; without any it
// has none.
func bounds(s *Source, k Kind, l *Limits, onSite bool) []bound {
	network := part{of: ofOneNetwork, kind: k, network: networkOf(s.Address)}
	everywhere := bound{part{of: ofAll, kind: k}, maxOwn}
	most := l.Session
	switch {
	case k == Turned:
		return nil
	case k == Anonymous && onSite:
		return []bound{{network, l.AnonymousOnSite}, everywhere}
	case k == Anonymous:
		return []bound{{network, l.Anonymous}, {part{of: ofOffSite}, maxOffSite}}
	case k == Denied:
		most = l.Denied
	}
	all := []bound{
		{part{of: ofOneSession, kind: k, session: s.Session, subject: s.Subject, caller: s.Caller}, most},
		{part{of: ofOneSubject, kind: k, subject: s.Subject, caller: s.Caller}, most * ofSubject},
		{network, most * ofNetwork},
		everywhere,
	}
	if s.Caller != "" {
		all = append(all, bound{part{of: ofOneCaller, kind: k, caller: s.Caller}, most * ofCaller})
	}
	return all
}

// networkOf is what counts as one address: a client that has one IPv6 address
// has all 2^64 of its network.
func networkOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	return prefix(a, bits)
}

// wider is the network that further networks are counted in: /24 and /48.
func wider(p netip.Prefix) netip.Prefix {
	bits := 24
	if p.Addr().Is6() {
		bits = 48
	}
	return prefix(p.Addr(), min(bits, p.Bits()))
}

// common is the smallest network that has both; zero when none has.
func common(p, q netip.Prefix) netip.Prefix {
	if !p.IsValid() || !q.IsValid() || p.Addr().BitLen() != q.Addr().BitLen() {
		return netip.Prefix{}
	}
	for bits := min(p.Bits(), q.Bits()); bits > 0; bits-- {
		if wide := prefix(p.Addr(), bits); wide.Contains(q.Addr()) {
			return wide
		}
	}
	return netip.Prefix{}
}

func prefix(a netip.Addr, bits int) netip.Prefix {
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
