// Package obligation reads what a decision obliges the enforcement point to do
// into effects, which are data: the stage of each way does them. An obligation
// that no handler knows, that cannot be read, or that cannot be kept on the way
// of this very request, denies.
//
// One obligation is one file with its Handler and a test, and one line in All.
package obligation

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
)

// All are the obligations that the enforcement point knows.
func All() []Handler {
	return []Handler{
		revokeSession(),
		stepUp(),
		rowCondition(),
		withhold(),
		withholdFragile(),
		predictionBudget(),
		maskResponse(),
	}
}

// A Handler knows one obligation.
type Handler struct {
	ID string

	// Ways are those on which the obligation can be kept. On any other it denies;
	// a handler that declares none denies always.
	Ways Ways

	// Read adds what the properties amount to. Properties that it does not
	// understand whole are an error: a member that is not known could limit the
	// answer further.
	Read func(o *pdp.Obligation, e *Effects) error
}

// Effects is what the obligations of one decision amount to. Each field is
// consumed by one part of the enforcement point, and parts says which: effects
// that nothing consumes on a way deny there.
type Effects struct {
	// Ways are those on which all of the obligations can be kept.
	Ways Ways

	Revoke    []string   // reasons for which the session is to be ended
	Challenge *Challenge // a fresh factor would help

	// Limits are stated to the application, which keeps them.
	Limits Limits

	// Answers change what is asked of the application, and what of its answer
	// goes out, one after the other.
	Answers []Answer
}

// An Answer changes an answer on its way to the client.
type Answer interface {
	// Ask takes out of a request what would let its answer escape the change.
	Ask(method string, h http.Header)
	// Change replaces an answer of at most limit bytes by what may be seen of it.
	// Its error is ErrWithheld, and quotes nothing of the answer.
	Change(res *http.Response, limit int64) error
}

// ErrWithheld says that an answer had to be changed and could not be.
var ErrWithheld = errors.New("the answer is withheld: it cannot be masked")

// A Challenge asks for a fresh factor (RFC 9470).
type Challenge struct {
	ACR    string `json:"acr_values"`
	MaxAge int    `json:"max_age"` // seconds

	// Tap says that badge and PIN at this workstation would do too. Of several challenges
	// each has to say it.
	Tap bool `json:"tap"`
}

// Limits are what one of Wardgate's own services may touch and show. The
// assertion carries them.
type Limits struct {
	Rows            *assertion.Condition // rows that the service may touch
	Withhold        []string             // fields that it must not show
	WithholdFragile bool                 // nor what a model says when a small change would turn it
	Budget          *assertion.Budget    // of predictions
}

// A Discharger reads obligations by its handlers.
type Discharger struct {
	handlers map[string]Handler
	known    memory
}

// New returns a discharger that knows these handlers, and no other obligation.
func New(handlers []Handler) (*Discharger, error) {
	d := &Discharger{handlers: make(map[string]Handler, len(handlers))}
	for _, h := range handlers {
		if _, again := d.handlers[h.ID]; h.ID == "" || h.Read == nil || again {
			return nil, fmt.Errorf("obligation %q: expected an id of its own and a reader", h.ID)
		}
		d.handlers[h.ID] = h
	}
	return d, nil
}

// Discharge returns what the obligations of d amount to on the way that the
// request goes: Refused when d denies. With an error the request must be
// denied. The effects are then those of the obligations that could be read: a
// revocation never depends on what stands beside it. What it returns is
// shared, and must not be changed.
//
// What limits an answer means nothing for a denial, and is skipped there
// unread.
func (d *Discharger) Discharge(decision *pdp.Decision, way Way) (Effects, error) {
	if decision.Allow == (way == Refused) || way.bit() == 0 || way.onTop() {
		return Effects{}, fmt.Errorf("no decision goes the way %s", way)
	}
	if len(decision.Obligations) == 0 {
		return Effects{Ways: everywhere}, nil
	}
	e, err := d.known.of(way, decision.Obligations, func() (Effects, error) { return d.read(decision.Obligations, way) })
	if err == nil && (!e.Ways.Has(way) || e.parts()&^way.takes() != 0) {
		return Effects{}, fmt.Errorf("effects that nothing keeps on the way %s", way)
	}
	return e, err
}

func (d *Discharger) read(list []pdp.Obligation, way Way) (Effects, error) {
	e := Effects{Ways: everywhere}
	var faults []error
	for i := range list {
		if err := d.one(&list[i], way, &e); err != nil {
			faults = append(faults, fmt.Errorf("obligation %s: %w", list[i].ID, err))
		}
	}
	return e, errors.Join(faults...)
}

func (d *Discharger) one(o *pdp.Obligation, way Way, e *Effects) error {
	h, known := d.handlers[o.ID]
	switch {
	case !known:
		return errors.New("this enforcement point does not know it")
	case h.Ways == 0:
		return errors.New("it can be kept nowhere")
	case way == Refused && !h.Ways.Has(Refused):
		return nil
	case !h.Ways.Has(way):
		return fmt.Errorf("it cannot be kept on the way %s", way)
	}
	e.Ways &= h.Ways
	return h.Read(o, e)
}
