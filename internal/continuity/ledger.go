// Package continuity keeps what was ordered in force when a database lies behind what
// it once held: an older copy was put in its place, an emptied one, or one that a
// fail-over brought up. The journal knows how far each database had come, and what was
// ordered since; see docs/decisions/0025-databases-that-lie-behind.md.
//
// It orders nothing itself, and never lets anybody in: what it cannot bring back
// ends.
package continuity

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pip"
)

// The records about databases, all of kind "system".
const (
	ActionDigest   = "database.digest"   // what is in force, all of it
	ActionBehind   = "database.behind"   // one lies behind
	ActionRestored = "database.restored" // what was in force was put into it
	ActionLoss     = "database.loss"     // somebody answered for one that is gone
)

// How long a fact can contradict an older copy of a database.
const (
	liftsCount      = 366 * 24 * time.Hour // no ban is longer
	enrolmentsCount = 366 * 24 * time.Hour
)

// A Fact is what was last done about one thing.
type Fact struct {
	Change pip.Change `json:"change"`
	Time   time.Time  `json:"time"`
	Mark   uint64     `json:"mark"` // of the database concerned: copies with a smaller one may lack it
}

// A topic is what a fact is about: of two facts about one the later holds.
type topic struct{ kind, of string }

const (
	aboutBan       = "ban"
	aboutAccount   = "account"
	aboutPassword  = "password"
	aboutApp       = "app"
	aboutPasskey   = "passkey"
	aboutRecovery  = "recovery"
	aboutMachine   = "machine keys"
	aboutEnrolment = "enrolment"
)

var topics = map[pip.ChangeKind]string{
	pip.ChangeBan: aboutBan, pip.ChangeRestrict: aboutBan, pip.ChangeLift: aboutBan,
	pip.ChangeAccount: aboutAccount, pip.ChangePassword: aboutPassword,
	pip.ChangeAppAdded: aboutApp, pip.ChangeAppRemoved: aboutApp, pip.ChangeRecoveryUsed: aboutRecovery,
	pip.ChangePasskeyAdded: aboutPasskey, pip.ChangePasskeyGone: aboutPasskey,
	pip.ChangeMachineKeys: aboutMachine, pip.ChangeEnrolmentUsed: aboutEnrolment,
}

// concerns is the database that a change was made in.
func concerns(what pip.ChangeKind) string {
	switch topics[what] {
	case aboutBan, aboutMachine:
		return pip.DatabaseSessions
	case aboutEnrolment:
		return pip.DatabaseRecords
	default:
		return pip.DatabaseIdentity
	}
}

// A Ledger is what records of the journal amount to: how far each database had come,
// and what holds. It is folded in the order of the journal.
type Ledger struct {
	Marks    map[string]pip.Mark
	facts    map[topic]Fact
	accepted map[string]bool // databases whose loss somebody has answered for
	newest   time.Time       // at which a session began, as its id says
	lost     bool            // records of the journal itself are gone
	parts    []digest        // of a digest that is not complete yet
	digested bool            // there was a whole digest
}

// NewLedger is that of an empty journal.
func NewLedger() *Ledger {
	return &Ledger{Marks: map[string]pip.Mark{}, facts: map[topic]Fact{}, accepted: map[string]bool{}}
}

// Fold takes the next record.
func (l *Ledger) Fold(e *pip.Event) {
	for name, m := range e.Marks {
		l.mark(name, m)
	}
	if e.Change != nil {
		l.change(e)
	}
	if e.Kind == pip.KindSession && e.Session != "" {
		l.begun(e.Session)
	}
	if e.Kind != pip.KindSystem {
		return
	}
	switch e.Action {
	case "journal.loss":
		l.lost = true
	case ActionRestored:
		l.lost = false
	case ActionLoss:
		l.accepted[e.Detail] = true
	case ActionDigest:
		l.digest(e.Input)
	}
}

func (l *Ledger) mark(name string, m pip.Mark) {
	if was := l.Marks[name]; was.Epoch != m.Epoch || was.Sequence < m.Sequence {
		l.Marks[name] = m
	}
	delete(l.accepted, name)
}

func (l *Ledger) change(e *pip.Event) {
	c := *e.Change
	about, known := topics[c.What]
	if !known || c.Of == "" {
		return
	}
	at := topic{about, c.Of}
	was, had := l.facts[at]
	switch {
	case c.What == pip.ChangeRestrict && had && was.Change.Until.After(c.Until):
		return
	case c.What == pip.ChangeRestrict && had:
		c.What = pip.ChangeBan // all that was before is known, and this is in place of it
	case c.What == pip.ChangeAccount && had:
		merged := maps.Clone(was.Change.Set)
		maps.Copy(merged, c.Set)
		c.Set = merged
	}
	l.facts[at] = Fact{Change: c, Time: e.Time, Mark: e.Marks[concerns(c.What)].Sequence}
}

// begun notes when a session began.
func (l *Ledger) begun(session string) {
	id, err := uuid.Parse(session)
	if err != nil || id.Version() != 7 {
		return
	}
	seconds, nanos := id.Time().UnixTime()
	if at := time.Unix(seconds, nanos); at.After(l.newest) {
		l.newest = at
	}
}

// Since returns the facts that a copy of a database may lack which stands at a mark:
// all when it is another database.
func (l *Ledger) Since(name string, found pip.Mark) []Fact {
	all := found.Epoch != l.Marks[name].Epoch
	var lacking []Fact
	for _, f := range l.sorted() {
		// What was journalled without a mark may have been lost at that very moment; the
		// mark of the records moves at starts alone.
		always := f.Mark == 0 || name == pip.DatabaseRecords
		if concerns(f.Change.What) == name && (all || always || f.Mark > found.Sequence) {
			lacking = append(lacking, f)
		}
	}
	return lacking
}

// sorted are all facts in the order in which they became true.
func (l *Ledger) sorted() []Fact {
	facts := slices.Collect(maps.Values(l.facts))
	slices.SortFunc(facts, func(a, b Fact) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return strings.Compare(string(a.Change.What)+a.Change.Of, string(b.Change.What)+b.Change.Of)
	})
	return facts
}

// Renew says of all facts of a database that a copy below a mark may lack them: they
// were put into it again.
func (l *Ledger) renew(name string, m pip.Mark) {
	for at, f := range l.facts {
		if concerns(f.Change.What) == name {
			f.Mark = max(f.Mark, m.Sequence)
			if l.Marks[name].Epoch != m.Epoch {
				f.Mark = m.Sequence
			}
			l.facts[at] = f
		}
	}
	l.mark(name, m)
}

// over reports whether no copy of a database can contradict a fact any more.
func (f *Fact) over(now time.Time) bool {
	switch f.Change.What {
	case pip.ChangeBan, pip.ChangeRestrict:
		return !f.Change.Until.After(now)
	case pip.ChangeLift:
		return now.Sub(f.Time) > liftsCount
	case pip.ChangeEnrolmentUsed:
		return now.Sub(f.Time) > enrolmentsCount
	default:
		return false
	}
}

// A digest carries everything forward, so that no more of the journal need be read at
// a start than what follows it, and older segments may be removed.
type digest struct {
	ID     string              `json:"id"`
	Part   int                 `json:"part"` // from 1
	Of     int                 `json:"of"`
	Marks  map[string]pip.Mark `json:"marks"`
	Newest time.Time           `json:"newest,omitzero"`
	Facts  []Fact              `json:"facts"`
}

// digestFacts is how many facts one record holds at most.
const digestFacts = 2000

// Digest is the ledger as events, to be appended in their order.
func (l *Ledger) Digest(now time.Time) ([]pip.Event, error) {
	for at, f := range l.facts {
		if f.over(now) {
			delete(l.facts, at)
		}
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return nil, fmt.Errorf("digest of the databases: %w", err)
	}
	chunks := slices.Collect(slices.Chunk(l.sorted(), digestFacts))
	if len(chunks) == 0 {
		chunks = append(chunks, []Fact{})
	}
	var events []pip.Event
	for i, facts := range chunks {
		text, err := json.Marshal(digest{ID: id.String(), Part: i + 1, Of: len(chunks), Marks: l.Marks, Newest: l.newest, Facts: facts})
		if err != nil {
			return nil, fmt.Errorf("digest of the databases: %w", err)
		}
		events = append(events, pip.Event{Kind: pip.KindSystem, Time: now, Action: ActionDigest, Outcome: "success", Input: text})
	}
	return events, nil
}

// digest takes a part of one. What was folded between its parts stays.
func (l *Ledger) digest(text json.RawMessage) {
	var d digest
	if json.Unmarshal(text, &d) != nil {
		return
	}
	if d.Part == 1 {
		l.parts = nil
	}
	if len(l.parts) > 0 && l.parts[0].ID != d.ID || d.Part != len(l.parts)+1 {
		return
	}
	if l.parts = append(l.parts, d); d.Part < d.Of {
		return
	}
	for _, part := range l.parts {
		for _, f := range part.Facts {
			about, known := topics[f.Change.What]
			at := topic{about, f.Change.Of}
			if was, had := l.facts[at]; known && (!had || was.Time.Before(f.Time)) {
				l.facts[at] = f
			}
		}
	}
	for name, m := range d.Marks {
		l.mark(name, m)
	}
	if d.Newest.After(l.newest) {
		l.newest = d.Newest
	}
	l.parts, l.digested = nil, true
}
