package process

import (
	"net/netip"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/refusals"
	"github.com/wardgate/wardgate/pep"
)

// A trail is where this process keeps what it decided: each decision, or one record
// for many refusals.
type trail struct {
	journal  *journal
	refusals *refusals.Ledger
}

// newRefusals keeps count of what this process refuses, where it enforces or
// answers enforcement points of others. It writes its last count before the journal
// is closed.
func newRefusals(g ground, tables pep.TableSource, j *journal) (*refusals.Ledger, error) {
	if tables == nil || j == nil || !g.config.Runs(config.RolePEP) && !g.config.Runs(config.RoleEngine) {
		return nil, nil
	}
	l := g.begin()
	ledger, err := refusals.New(refusals.Config{
		Limits: func() refusals.Limits {
			r := &tables.Tables().Recorded
			return refusals.Limits{Anonymous: r.Anonymous, AnonymousOnSite: r.OnSite, Session: r.Session, Denied: r.Denied}
		},
		OnSite:  func(at netip.Addr) bool { return tables.Tables().OnSite(at) },
		Journal: j, Log: g.log.With("part", "refusals"),
	})
	if err != nil {
		return nil, err
	}
	l.inBackground(ledger.Run)
	l.onClose(ledger.Close)
	g.board.Refusals(ledger)
	return ledger, nil
}
