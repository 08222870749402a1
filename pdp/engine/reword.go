package engine

import (
	"math"
	"net/netip"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pip"
)

// What is measured of a request itself, by the numbers under which it is journalled.
const (
	measureElevation = 0 // of the credential: seconds since its newest factor
	measureFailures  = 0 // of a log-in: of the factor that failed
	measureTime      = 0 // of the time: milliseconds since 1970, where it is not the record's
)

// Reword makes those words of a recorded input again that this rule book's tables
// make of measures: by the functions that made them when it was decided. in holds the
// input as it was recorded. It returns the tables by which some words could not be
// made again, because the record does not hold what they are made of; those words
// stand as they were.
func (c *Candidate) Reword(in *input.Document, e *pip.Event) (untold []string) {
	t := c.book.Tables
	if len(e.Measures) == 0 && e.Revision == c.Revision() {
		return nil // these tables made the words
	}
	if !in.ReadMeasures(e.Measures) {
		return []string{"measures"} // of a form that this program does not know
	}
	member := c.scope.Member(in)
	text := func(path string) string { s, _ := member(path).(string); return s }
	caller := pdp.Caller{Kind: text("context.caller.kind"), Name: text("context.caller.name")}
	said := pip.Situation{Role: text("subject.properties.role"), Country: e.Country, Address: c.address(in, e, caller)}
	for i := range t.Sections {
		s := &t.Sections[i]
		w := in.Section(c.layout.Measured(i), t.Wordings[i], t.Freshness[i])
		if age, aged := e.Ages[s.Name]; aged {
			w.Again(s.Name, time.Duration(age)*time.Microsecond)
		} else {
			w.Stay()
		}
		if s.Reword != nil {
			s.Reword(&said, w)
		}
	}
	own := func(i int) *input.Writer { return in.Section(i, nil, pip.Freshness{}) }
	elevation(own(input.Credential), t)
	failures(own(c.layout.After(input.LogIn)), t)
	w := own(c.layout.After(input.Time))
	at := e.Time
	if ms, _ := w.Measured(measureTime); ms != 0 {
		at = time.UnixMilli(ms)
	}
	if w.Text("state") == pip.Fresh.String() {
		w.Word("period", t.Period(at))
	}
	if caller != (pdp.Caller{}) {
		reclaim(own(c.layout.After(input.Claims)), caller, t)
	}
	return in.Untold()
}

// address is the one of which a record's words are made by these tables. A caller
// that says where its client is may be believed otherwise than it was.
func (c *Candidate) address(in *input.Document, e *pip.Event, caller pdp.Caller) netip.Addr {
	address, _ := netip.ParseAddr(e.Address) // what is no address is not known
	if caller != (pdp.Caller{}) && c.book.Tables.Hears(caller) != address.IsValid() {
		in.Section(c.layout.After(input.Caller), nil, pip.Freshness{}).Untold("callers")
	}
	return address
}

// elevation says whether a fresh factor still counts.
func elevation(w *input.Writer, t *tables.Tables) {
	age, known := w.Measured(measureElevation)
	switch {
	case known:
		w.Word("elevation", t.Elevation(w.Text("acr"), time.Duration(age)*time.Second, w.Noted()))
	case w.Text("elevation") != "none" || t.Elevation(w.Text("acr"), 0, true) != "none":
		w.Untold("thresholds")
	}
}

// since is a span in whole seconds, away from zero: none is shorter than it was.
func since(begun, now time.Time) int64 {
	const ages = 100 * 365 * 24 * 3600 // more than any table asks for
	seconds := max(-ages, min(ages, now.Sub(begun).Seconds()))
	if seconds < 0 {
		return int64(math.Floor(seconds))
	}
	return int64(math.Ceil(seconds))
}

// failures says how many there were of the factor that failed.
func failures(w *input.Writer, t *tables.Tables) {
	n, known := w.Measured(measureFailures)
	switch {
	case known:
		l := pdp.LogIn{Factor: w.Text("factor"), Failures: int(n), Familiar: w.Text("familiar")}
		w.Word("failures", t.Failures(&l))
	case w.Text("failures") != "none":
		w.Untold("limits")
	}
}

// reclaim says what is heard of a caller's claims by these tables, as far as the
// record tells what it said.
func reclaim(w *input.Writer, caller pdp.Caller, t *tables.Tables) {
	for i := range t.Claims {
		one := &t.Claims[i]
		said := w.Text(one.Name)
		switch trusted := t.Trusts(caller, one); {
		case !trusted && said != "":
			w.Unsay(one.Name)
		case trusted && said == "":
			w.Untold("callers") // it may have said something that was not heard then
		case said == tables.OtherWord:
			w.Untold("claims") // it may be a word now
		case said != "" && !one.Words[said]:
			w.Word(one.Name, tables.OtherWord)
		}
	}
}
