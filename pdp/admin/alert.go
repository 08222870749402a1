package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pdp"
)

// alertPeople is the obligation to tell people of what stops no request: it rests on
// the client's own word. Properties: {"seconds": n, "reason": code}.
const alertPeople = "alert"

// An alarm is what people are told once for so long.
type alarm struct {
	Seconds int64  `json:"seconds"`
	Reason  string `json:"reason"`
}

// alarmsOf reads the obligations of a decision that allows a session to begin or
// to go on. Any other than to tell people, or one that cannot be read, is an error:
// it could not be met here.
func alarmsOf(obligations []pdp.Obligation) ([]alarm, error) {
	var list []alarm
	for _, o := range obligations {
		var n alarm
		if o.ID != alertPeople {
			return nil, fmt.Errorf("obligation %s is not known here", o.ID)
		}
		if err := strictjson.DecodeKnown(o.Properties, &n); err != nil || n.Reason == "" || n.Seconds < 0 {
			return nil, fmt.Errorf("obligation %s: expected seconds and a reason", o.ID)
		}
		list = append(list, n)
	}
	return list, nil
}

// raise keeps evidence of what people are to be told, filed as an alert, once for
// as long as each says, of all processes. That it cannot be kept is logged:
// the session is not held up by what ends nothing, and the next one tells them.
func (a *Admin) raise(ctx context.Context, c Client, account, session string, d pdp.Decision, list []alarm, now time.Time) {
	ctx = context.WithoutCancel(ctx)
	for _, n := range list {
		life := min(max(time.Duration(n.Seconds)*time.Second, orderRepeats), MaxBan)
		_, err := a.once(ctx, Order{Verdict: n.Reason, Do: pdp.ActionAlert, Subject: account, Life: life}, func(ctx context.Context, _ time.Time) error {
			e := a.withDecision(a.event(c, "session.alert", account, session, now), d)
			e.Outcome, e.Allow, e.Reasons, e.Alarm = "success", true, []string{n.Reason}, true
			return a.parts.Journal.Append(ctx, e)
		})
		if err != nil {
			a.parts.Log.Error("people are not told", "reason", n.Reason, "error", err)
		}
	}
}
