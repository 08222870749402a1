package process

import (
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pep/anonymous"
)

// openStrangers makes the bounds of callers without a session, from the active
// rule book's numbers. Where another process decides, they are the numbers of
// the rule book that this process was given, which decides nothing here.
func (a *Process) openStrangers() (*anonymous.Limiter, error) {
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
	return anonymous.New(anonymous.Config{
		Limits: func() anonymous.Limits { return strangerLimits(book) }, OnSite: book.OnSite,
		Journal: a.journal, Log: a.log.With("part", "pep"),
	})
}

func strangerLimits(book *engine.Engine) anonymous.Limits {
	l := book.Limits().Strangers
	return anonymous.Limits{
		PerMinute: l.PerMinute, Burst: l.Burst, OffSite: l.OffSitePerMinute,
		OnSitePerMinute: l.OnSitePerMinute, OnSiteBurst: l.OnSiteBurst,
		Recorded: l.Recorded, OnSiteRecorded: l.OnSiteRecorded,
		AtOnce: l.CostlyAtOnce, Waiting: l.CostlyWaiting, Costly: l.Costly,
	}
}
