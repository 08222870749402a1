package answer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// A Whole is all that follows from a rule book's answer to one question: what the
// client, the service and the enforcement point meet. Rows and columns are
// properties of duties.
type Whole struct {
	Allow   bool
	Reasons []string // of a denial, sorted
	Status  int      // that a denial is answered with; 0 when it is not known
	Shown   []string // the codes that the client of a denial is shown
	Alarm   bool     // of a denial
	Duties  []Duty
	Bare    bool // the properties of duties are not known
}

// A Duty is an obligation without its kind.
type Duty struct {
	ID         string
	Properties json.RawMessage // nil for none
}

// WholeOf is the whole of a decision by the table of reasons of its rule book.
func WholeOf(d *pdp.Decision, reasons pdp.Reasons) Whole {
	w := Whole{Allow: d.Allow, Reasons: d.Reasons}
	if !d.Allow {
		w.Status, w.Shown = reasons.Answer(d.Reasons)
		w.Alarm = reasons.Alarm(d.Reasons)
	}
	for i := range d.Obligations {
		w.Duties = append(w.Duties, Duty{d.Obligations[i].ID, d.Obligations[i].Properties})
	}
	w.sort()
	return w
}

// sort puts duties into one order, whatever they were sorted by.
func (w *Whole) sort() {
	order := func(x, y Duty) int {
		return cmp.Or(strings.Compare(x.ID, y.ID), bytes.Compare(x.Properties, y.Properties))
	}
	if !slices.IsSortedFunc(w.Duties, order) {
		slices.SortFunc(w.Duties, order)
	}
}

// Recorded is the whole answer that a record holds.
func Recorded(e *pip.Event) Whole {
	w := Whole{Allow: e.Allow, Reasons: e.Reasons, Bare: len(e.Measures) == 0}
	if !e.Allow && e.Answered != 0 {
		w.Status, w.Shown, w.Alarm = e.Answered, e.Shown, e.Alarm
		if w.Shown == nil {
			w.Shown = e.Reasons
		}
	}
	for i, id := range e.Obligations {
		d := Duty{ID: id}
		if i < len(e.Duties) && string(e.Duties[i]) != "null" {
			d.Properties = e.Duties[i]
		}
		w.Duties = append(w.Duties, d)
	}
	w.sort()
	return w
}

// Equal reports whether two answers are one, as far as both are known.
func (w *Whole) Equal(o *Whole) bool {
	return w.Allow == o.Allow && slices.Equal(w.Reasons, o.Reasons) && w.told(o) && w.sameDuties(o)
}

// told reports whether both clients are told the same.
func (w *Whole) told(o *Whole) bool {
	return w.Status == 0 || o.Status == 0 || w.Status == o.Status && w.Alarm == o.Alarm && slices.Equal(w.Shown, o.Shown)
}

func (w *Whole) sameDuties(o *Whole) bool {
	if len(w.Duties) != len(o.Duties) {
		return false
	}
	bare := w.Bare || o.Bare
	for i := range w.Duties {
		x, y := &w.Duties[i], &o.Duties[i]
		if x.ID != y.ID || !bare && string(x.Properties) != string(y.Properties) {
			return false
		}
	}
	return true
}
