package app

import (
	"github.com/wardgate/wardgate/pep/strangers"
)

// openStrangers makes the bounds of callers without a session, from the active
// rule book's numbers.
func (a *App) openStrangers() (*strangers.Guard, error) {
	return strangers.New(strangers.Config{
		Limits: a.strangerLimits, OnSite: a.engine.OnSite, Journal: a.journal, Log: a.log.With("part", "pep"),
	})
}

func (a *App) strangerLimits() strangers.Limits {
	l := a.engine.Limits().Strangers
	return strangers.Limits{
		PerMinute: l.PerMinute, Burst: l.Burst, OffSite: l.OffSitePerMinute,
		OnSitePerMinute: l.OnSitePerMinute, OnSiteBurst: l.OnSiteBurst,
		Recorded: l.Recorded, OnSiteRecorded: l.OnSiteRecorded,
		AtOnce: l.CostlyAtOnce, Waiting: l.CostlyWaiting, Costly: l.Costly,
	}
}
