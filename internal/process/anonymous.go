package process

import (
	"net/netip"

	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/anonymous"
)

// openStrangers makes the limits of callers without a session. Their numbers
// are those of the rule book that decides, wherever it does.
func (a *Process) openStrangers(tables pep.TableSource) (*anonymous.Limiter, error) {
	return anonymous.New(anonymous.Config{
		Limits:  func() anonymous.Limits { return anonymousLimits(tables) },
		OnSite:  func(at netip.Addr) bool { return tables.Tables().OnSite(at) },
		Journal: a.journal, Log: a.log.With("part", "pep"),
	})
}

func anonymousLimits(tables pep.TableSource) anonymous.Limits {
	l := &tables.Tables().Anonymous
	return anonymous.Limits{
		PerMinute: l.PerMinute, Burst: l.Burst, OffSite: l.OffSitePerMinute,
		OnSitePerMinute: l.OnSitePerMinute, OnSiteBurst: l.OnSiteBurst,
		Recorded: l.Recorded, OnSiteRecorded: l.OnSiteRecorded,
		AtOnce: l.CostlyAtOnce, Waiting: l.CostlyWaiting, Costly: l.Costly,
	}
}
