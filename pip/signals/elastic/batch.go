package elastic

import (
	"errors"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip/signals"
)

// A batch is the document of a signals.Batch.
type batch struct {
	Origin  string    `json:"origin"`
	Number  uint64    `json:"number"`
	Newest  time.Time `json:"newest"` // of its slots
	Tallies []row     `json:"tallies"`
}

// A row is a tally. Its figures stand in the order of signals.Figures, without
// the zeros at the end. Countries are for habits alone.
type row struct {
	Who      string         `json:"w"`
	Slot     int64          `json:"t"` // Unix seconds
	Figures  []int32        `json:"n,omitempty"`
	External map[string]int `json:"x,omitempty"`
	Accounts []string       `json:"a,omitempty"`
	Patients []string       `json:"p,omitempty"`
}

func newBatch(b *signals.Batch) *batch {
	one := &batch{Origin: b.Origin, Number: b.Number, Tallies: make([]row, len(b.Tallies))}
	for i := range b.Tallies {
		t := &b.Tallies[i]
		if t.Slot.After(one.Newest) {
			one.Newest = t.Slot.UTC()
		}
		figures := t.Figures()
		used := len(figures)
		for used > 0 && figures[used-1] == 0 {
			used--
		}
		one.Tallies[i] = row{
			Who: key(t.Who), Slot: t.Slot.Unix(), Figures: figures[:used:used], External: t.External,
			Accounts: t.Accounts, Patients: t.Patients,
		}
	}
	return one
}

func (r *row) tally() signals.Tally {
	var figures signals.Figures
	copy(figures[:], r.Figures)
	t := signals.Tally{
		Who: whoOf(r.Who), Slot: time.Unix(r.Slot, 0).UTC(), Counts: figures.Counts(),
		Accounts: r.Accounts, Patients: r.Patients,
	}
	t.External = r.External
	return t
}

// errNoBatch says that the answer has what is no batch of anybody's.
var errNoBatch = errors.New("the index holds a batch without an origin or a number")

// A line is one origin's batches of a day, which are on one shard: a later
// batch is never seen before an earlier one.
type line struct{ origin, day string }

func (b *batch) line() line { return line{b.Origin, b.Newest.UTC().Format(day)} }

// A mark is up to where a line was read.
type mark struct {
	number uint64
	newest time.Time // of the slots that were read
}

// A log is what was read of all lines.
type log struct {
	ledger signals.Ledger
	marks  map[line]mark
}

// follows reports whether all that the origin of b has added before was read.
// Only then may b be taken when it is added: its mark would hide from the next
// search what others have added for the origin, or this process before it began.
func (l *log) follows(b *batch) bool {
	if b.Number == 1 {
		return true
	}
	for of, at := range l.marks {
		if of.origin == b.Origin && at.number == b.Number-1 {
			return true
		}
	}
	return false
}

// take adds a batch, once.
func (l *log) take(b *batch) (taken bool) {
	if l.marks == nil {
		l.marks = map[line]mark{}
	}
	at := l.marks[b.line()]
	if b.Number <= at.number {
		return false
	}
	if b.Newest.After(at.newest) {
		at.newest = b.Newest
	}
	at.number = b.Number
	l.marks[b.line()] = at
	for i := range b.Tallies {
		t := b.Tallies[i].tally()
		l.ledger.Add(&t)
	}
	return true
}

// forget drops the marks of lines of which nothing is in a window any more.
func (l *log) forget(edge time.Time) {
	for of, at := range l.marks {
		if !at.newest.After(edge.Add(-signals.Window)) {
			delete(l.marks, of)
		}
	}
}

// A member is what one tally adds to habits.
type member struct {
	Who       string    `json:"who"`
	Slot      time.Time `json:"slot"`
	Patients  []string  `json:"patients,omitempty"`
	Countries []string  `json:"countries,omitempty"`

	tally int // its place in the batch
}

// notes are the members that this process has added, by the hour, so that a
// patient who is read of all day is there once an hour and not each second.
type notes struct {
	hours map[time.Time]map[note]struct{}
}

type note struct{ who, patient, country string }

func (n *notes) unnoted(b *signals.Batch) []member {
	var all []member
	for i := range b.Tallies {
		t := &b.Tallies[i]
		there := n.hours[t.Slot.Truncate(time.Hour)]
		who := key(t.Who)
		m := member{Who: who, Slot: t.Slot.UTC(), tally: i}
		m.Patients = slices.DeleteFunc(slices.Clone(t.Patients), func(id string) bool { _, is := there[note{who: who, patient: id}]; return is })
		m.Countries = slices.DeleteFunc(slices.Clone(t.Countries), func(c string) bool { _, is := there[note{who: who, country: c}]; return is })
		if len(m.Patients)+len(m.Countries) > 0 {
			all = append(all, m)
		}
	}
	return all
}

// note notes what is kept now, and forgets the hours that are long over.
func (n *notes) note(members []member, of []signals.Tally) {
	if n.hours == nil {
		n.hours = map[time.Time]map[note]struct{}{}
	}
	for i := range members {
		m := &members[i]
		hour := m.Slot.Truncate(time.Hour)
		if n.hours[hour] == nil {
			n.hours[hour] = map[note]struct{}{}
		}
		for _, id := range m.Patients {
			n.hours[hour][note{who: m.Who, patient: id}] = struct{}{}
		}
		for _, c := range m.Countries {
			n.hours[hour][note{who: m.Who, country: c}] = struct{}{}
		}
	}
	for hour := range n.hours {
		if slices.ContainsFunc(of, func(t signals.Tally) bool { return t.Slot.Sub(hour) > 2*time.Hour }) {
			delete(n.hours, hour)
		}
	}
}
