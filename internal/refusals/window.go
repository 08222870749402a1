package refusals

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// How many records for many refusals one window writes at most: of sessions and
// subjects, of networks whose sessions have no more room, of networks without a
// session, and of wider networks. What has no room even there is counted together,
// without a source. The room of callers without a session is apart from that of the
// others.
const (
	maxSessions   = 384
	maxBehind     = 64
	maxNetworks   = 256
	maxWider      = 96
	maxOfSubject  = 16  // of the sessions of one subject; further ones count for the subject
	maxOfNetwork  = 128 // of the sessions and subjects behind one network; further ones count for the network
	maxCodes      = 32  // named in one record; further ones are counted as otherCode
	maxPatients   = 32  // named in one record
	otherCode     = "other"
	detailCounted = "aggregated"
)

// A window is what happened since the last one ended.
type window struct {
	room    room
	tallies map[tally]*counted
	used    map[scopeOf]int // tallies, by what has a bound on them
}

// A tally is what one record for many is about: a source, or what it was folded
// into, and what is the same for all that the record counts.
type tally struct {
	level    level
	subject  string
	session  string
	caller   string
	network  netip.Prefix
	denial   pip.Denial
	alarm    bool
	quota    bool // no behaviour is counted by it
	revision string
}

// A level is how near to its source a refusal is counted.
type level uint8

const (
	bySession level = iota
	bySubject
	behindNetwork // of sessions and subjects
	sessions      // all of them together
	byNetwork     // without a session
	byWider
	anybody
)

// A scopeOf is what has a bound on its number of tallies.
type scopeOf struct {
	level   level
	subject string
	network netip.Prefix
}

// counted is what a tally stands for.
type counted struct {
	tally
	n           int
	codes       map[string]int
	patients    []string
	role        string
	from        netip.Prefix // has all of the addresses; zero when one is not known
	first, last time.Time
}

func (w *window) add(s *Source, r *Refusal) {
	c := &counted{
		tally: tally{subject: s.Subject, session: s.Session, caller: s.Caller, denial: r.Denial, alarm: r.Alarm,
			quota: slices.Contains(r.Codes, pip.ReasonQuota), revision: r.Revision},
		n: 1, codes: map[string]int{}, role: s.Role, from: networkOf(s.Address), first: r.Time, last: r.Time,
	}
	switch {
	case s.Subject == "" && s.Session == "" && s.Caller == "":
		c.level, c.network = byNetwork, c.from
	case r.Patient != "":
		c.patients = []string{r.Patient}
	}
	for _, code := range r.Codes {
		c.count(code, 1)
	}
	w.merge(c)
}

// merge counts what c counted as near to its source as there is room.
func (w *window) merge(c *counted) {
	if w.tallies == nil {
		w.tallies, w.used = map[tally]*counted{}, map[scopeOf]int{}
	}
	for {
		if known := w.tallies[c.tally]; known != nil {
			known.plus(c)
			return
		}
		if room := c.room(); w.has(room) {
			for _, r := range room {
				w.used[r.scopeOf]++
			}
			w.tallies[c.tally] = c
			return
		}
		c.fold()
	}
}

// A bounded is a scope and the most tallies that it may have.
type bounded struct {
	scopeOf
	most int
}

func (w *window) has(room []bounded) bool {
	return !slices.ContainsFunc(room, func(r bounded) bool { return w.used[r.scopeOf] >= r.most })
}

// room is what one more tally takes of the room of a window.
func (c *counted) room() []bounded {
	all := bounded{scopeOf{level: bySession}, maxSessions}
	subject := bounded{scopeOf{level: bySubject, subject: c.caller + " " + c.subject}, maxOfSubject}
	network := bounded{scopeOf{level: behindNetwork, network: c.from}, maxOfNetwork}
	switch c.level {
	case bySession:
		return []bounded{all, subject, network}
	case bySubject:
		return []bounded{all, network}
	case behindNetwork:
		return []bounded{{scopeOf{level: sessions}, maxBehind}}
	case byNetwork:
		return []bounded{{scopeOf{level: byNetwork}, maxNetworks}}
	case byWider:
		return []bounded{{scopeOf{level: byWider}, maxWider}}
	default:
		return nil
	}
}

// fold makes c one of those that are counted further from their source.
func (c *counted) fold() {
	switch c.level {
	case bySession:
		c.level, c.session = bySubject, ""
	case bySubject:
		c.level, c.subject, c.caller, c.role, c.patients, c.network = behindNetwork, "", "", "", nil, c.from
	case behindNetwork:
		c.level, c.network = sessions, netip.Prefix{}
	case byNetwork:
		c.level, c.network = byWider, wider(c.network)
	case byWider:
		c.level, c.network = anybody, netip.Prefix{}
	}
}

// plus adds what was counted elsewhere.
func (c *counted) plus(more *counted) {
	c.n += more.n
	for code, n := range more.codes {
		c.count(code, n)
	}
	for _, id := range more.patients {
		if len(c.patients) < maxPatients && !slices.Contains(c.patients, id) {
			c.patients = append(c.patients, id)
		}
	}
	c.from = common(c.from, more.from)
	if more.first.Before(c.first) {
		c.first = more.first
	}
	if more.last.After(c.last) {
		c.last = more.last
	}
}

func (c *counted) count(code string, n int) {
	if _, named := c.codes[code]; !named && len(c.codes) >= maxCodes {
		code = otherCode
	}
	c.codes[code] += n
}

// end ends the window, and returns what it counted, in the order of time.
func (w *window) end() []*counted {
	all := slices.SortedFunc(maps.Values(w.tallies), func(a, b *counted) int {
		return cmp.Or(a.first.Compare(b.first), a.network.Addr().Compare(b.network.Addr()), cmp.Compare(a.subject, b.subject),
			cmp.Compare(a.session, b.session), cmp.Compare(a.denial, b.denial))
	})
	*w = window{}
	return all
}

// event is the record for many.
func (c *counted) event() pip.Event {
	e := pip.Event{
		Kind: pip.KindDecision, Time: c.first, Since: c.first, Until: c.last, Outcome: "failure",
		Subject: c.subject, Role: c.role, Session: c.session, Caller: c.caller,
		Reasons: slices.Sorted(maps.Keys(c.codes)), Codes: c.codes, Revision: c.revision,
		Patients: c.patients, Detail: detailCounted, Alarm: c.alarm, Count: c.n, Saw: pip.Saw{Denial: c.denial},
	}
	if !c.from.IsValid() {
		return e
	}
	// Whose network it is counts for behaviour as one address does.
	if c.from == networkOf(c.from.Addr()) {
		e.Address = c.from.Addr().String()
	}
	if !c.from.IsSingleIP() {
		e.Network = c.from.String()
	}
	return e
}
