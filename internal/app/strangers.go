package app

import (
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pep/strangers"
)

// openStrangers makes the bounds of callers without a session, from the active
// rule book's numbers. Where another process decides, they are the numbers of
// the rule book that this process was given, which decides nothing here.
func (a *App) openStrangers() (*strangers.Guard, error) {
	book := a.engine
	if book == nil {
		if err := a.checkBook(); err != nil {
			return nil, err
		}
		var err error
		if book, err = engine.New(a.ruleBook(), nil, checkRoutes, a.log); err != nil {
			return nil, err
		}
	}
	return strangers.New(strangers.Config{
		Limits: func() strangers.Limits { return strangerLimits(book) }, OnSite: book.OnSite,
		Journal: a.journal, Log: a.log.With("part", "pep"),
	})
}

func strangerLimits(book *engine.Engine) strangers.Limits {
	l := book.Limits().Strangers
	return strangers.Limits{
		PerMinute: l.PerMinute, Burst: l.Burst, OffSite: l.OffSitePerMinute,
		OnSitePerMinute: l.OnSitePerMinute, OnSiteBurst: l.OnSiteBurst,
		Recorded: l.Recorded, OnSiteRecorded: l.OnSiteRecorded,
		AtOnce: l.CostlyAtOnce, Waiting: l.CostlyWaiting, Costly: l.Costly,
	}
}
