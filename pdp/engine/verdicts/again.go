package verdicts

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pip"
)

// measured is what a behaviour is judged by, besides who it is of.
type measured struct {
	Role    string      `json:"role,omitempty"`
	Signals pip.Signals `json:"signals"`
}

// Measures are the counts that words of a behaviour are made of, for the journal.
func (j *Judge) Measures(b *pdp.Behaviour) (json.RawMessage, error) {
	return json.Marshal(measured{b.Role, b.Signals})
}

// Again judges the behaviour that a verdict was recorded with, by the tables of this
// revision. Where the record holds no counts, its words stand, and untold names the
// tables that could not be gone by.
func (j *Judge) Again(ctx context.Context, e *pip.Event, t *tables.Tables) (list []pdp.Verdict, untold []string, err error) {
	if len(e.Measures) == 0 {
		list, err = j.judge(ctx, e.Input)
		return list, []string{"sentinel.thresholds"}, err
	}
	var m measured
	if err := json.Unmarshal(e.Measures, &m); err != nil {
		return nil, nil, fmt.Errorf("measures of a verdict: %w", err)
	}
	b := pdp.Behaviour{Subject: e.Subject, Role: m.Role, Signals: m.Signals}
	b.Address, _ = netip.ParseAddr(e.Address) // what is no address is not known
	list, _, err = j.Verdicts(ctx, &b, t)
	return list, nil, err
}
