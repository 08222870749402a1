package engine

import (
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/answer"
)

// tookTooLong notes a decision that ended because its rules took too many steps,
// or too long. It changes nothing: which book decides is for people to say.
func (e *Engine) tookTooLong(r *pdp.Request, err error) {
	if !answer.TookTooLong(err) {
		return
	}
	e.overruns.Add(1)
	before := e.overrun.Swap(&Fault{Time: time.Now(), Err: err})
	if before == nil || time.Since(before.Time) > time.Minute {
		e.log.Error("a decision was ended because the rule book took too long; it denies", "action", r.Action.Name, "error", err)
	}
}

// Overruns is how many decisions were ended because the rules took too long.
func (e *Engine) Overruns() uint64 { return e.overruns.Load() }

// Overrun is the newest such decision of the active rule book, or nil.
func (e *Engine) Overrun() *Fault { return e.overrun.Load() }

// Interpreted is why OPA's interpreter decides, or nil when it does not.
func (e *Engine) Interpreted() error { return e.active.Load().book.Slow }
