package signals

import (
	"maps"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// Figures are Counts without External, in an order that stays: what is new
// comes last, so that a list of an older program reads as one of zeros there.
type Figures [14]int32

// Figures returns the counts as a list.
func (c *Counts) Figures() Figures {
	k := &c.DenialsByKind
	f := Figures{}
	for i, n := range []int{
		c.Requests, c.Denials, k.Right, k.Relationship, k.Credential, k.Device, k.Other, c.Predictions, c.OffHours,
		c.FailedLogIns, c.Nameless, c.NewDevice, c.NewCountry, c.ImpossibleTravel,
	} {
		f[i] = int32(n)
	}
	return f
}

// Counts is the inverse of Counts.Figures.
func (f Figures) Counts() Counts {
	var n [len(f)]int
	for i := range f {
		n[i] = int(f[i])
	}
	return countsOf(&n)
}

func countsOf(n *[len(Figures{})]int) Counts {
	return Counts{
		Requests: n[0], Denials: n[1],
		DenialsByKind: pip.DenialKinds{Right: n[2], Relationship: n[3], Credential: n[4], Device: n[5], Other: n[6]},
		Predictions:   n[7], OffHours: n[8], FailedLogIns: n[9], Nameless: n[10],
		NewDevice: n[11], NewCountry: n[12], ImpossibleTravel: n[13],
	}
}

// A Ledger adds tallies up as they arrive, and takes back what leaves the
// windows, so that a count of everybody costs what has changed and not what
// has happened. It is for stores that keep the tallies of all processes
// somewhere and follow what is new there. Its zero value is empty. It is for
// one caller at a time.
type Ledger struct {
	edge  time.Time // what is not after it was taken back, or never added
	whos  map[Who]*account
	slots map[int64][]Who // who has a cell of the slot, in Unix seconds
}

// An account is what one who did in the window.
type account struct {
	cells    []cell
	sum      [len(Figures{})]int
	external map[string]int
	accounts map[string]int64 // member -> newest slot
	patients map[string]int64
}

type cell struct {
	slot     int64
	figures  Figures
	external map[string]int
}

// Add adds a tally. One that is too old for the newest window counts nothing.
func (l *Ledger) Add(t *Tally) {
	if t.Who == (Who{}) || !t.Slot.After(l.edge) {
		return
	}
	if l.whos == nil {
		l.whos, l.slots = map[Who]*account{}, map[int64][]Who{}
	}
	a := l.whos[t.Who]
	if a == nil {
		a = &account{}
		l.whos[t.Who] = a
	}
	slot := t.Slot.Unix()
	i := slices.IndexFunc(a.cells, func(c cell) bool { return c.slot == slot })
	if i < 0 {
		i = len(a.cells)
		a.cells = append(a.cells, cell{slot: slot})
		l.slots[slot] = append(l.slots[slot], t.Who)
	}
	a.add(&a.cells[i], t)
}

func (a *account) add(c *cell, t *Tally) {
	for i, n := range t.Figures() {
		c.figures[i] += n
		a.sum[i] += int(n)
	}
	for kind, n := range t.External {
		if c.external == nil {
			c.external = map[string]int{}
		}
		if a.external == nil {
			a.external = map[string]int{}
		}
		c.external[kind] += n
		a.external[kind] += n
	}
	a.accounts = newest(a.accounts, t.Accounts, c.slot)
	a.patients = newest(a.patients, t.Patients, c.slot)
}

func newest(slots map[string]int64, members []string, slot int64) map[string]int64 {
	if slots == nil && len(members) > 0 {
		slots = make(map[string]int64, len(members))
	}
	for _, m := range members {
		slots[m] = max(slots[m], slot)
	}
	return slots
}

// Counts returns what everybody did in the windows that end at now. It is
// false when these begin before a window that was asked for earlier: what that
// took back is then missing, and the caller has to begin anew.
func (l *Ledger) Counts(now time.Time) (map[Who]pip.Signals, bool) {
	edge := Since(now, Window)
	if edge.Before(l.edge) {
		return nil, false
	}
	l.edge = edge
	for slot, whos := range l.slots {
		if slot > edge.Unix() {
			continue
		}
		for _, who := range whos {
			if a := l.whos[who]; a != nil && a.forget(edge.Unix()) {
				delete(l.whos, who)
			}
		}
		delete(l.slots, slot)
	}
	minute := Since(now, Minute).Unix()
	table := make(map[Who]pip.Signals, len(l.whos))
	for who, a := range l.whos {
		table[who] = a.signals(minute)
	}
	return table, true
}

// forget takes back what is not after the edge, and reports whether nothing is
// left.
func (a *account) forget(edge int64) bool {
	a.cells = slices.DeleteFunc(a.cells, func(c cell) bool {
		if c.slot > edge {
			return false
		}
		for i, n := range c.figures {
			a.sum[i] -= int(n)
		}
		for kind, n := range c.external {
			if a.external[kind] -= n; a.external[kind] == 0 {
				delete(a.external, kind)
			}
		}
		return true
	})
	old := func(_ string, slot int64) bool { return slot <= edge }
	maps.DeleteFunc(a.accounts, old)
	maps.DeleteFunc(a.patients, old)
	return len(a.cells) == 0
}

func (a *account) signals(minute int64) pip.Signals {
	s := newSum(pip.Signals{}, nil)
	all := countsOf(&a.sum)
	all.External = a.external
	s.counts(&all)
	for i := range a.cells {
		if c := &a.cells[i]; c.slot > minute {
			s.Requests += int(c.figures[0])
		}
	}
	s.SprayedAccounts += len(a.accounts)
	s.Patients += len(a.patients)
	return s.Signals
}
