package analysis

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pip"
)

// verdictVerb begins the action of what the sentinel did, and lasts the detail.
const (
	verdictVerb  = "sentinel."
	verdictUntil = "until "
)

// verdict asks the book's sentinel about the behaviour that a verdict was recorded
// with. A verdict that would come besides is not told of: it may have stood already,
// and what stands is not recorded again.
func (r *replayer) verdict(ctx context.Context, e *pip.Event) error {
	r.report.Decisions++
	r.report.revisions[e.Revision] = true
	r.report.Asked++
	book := r.candidate.Book()
	list, untold, err := book.Behaviour.Again(ctx, e, book.Tables)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if e.Revision != r.candidate.Revision() {
		r.report.untold(untold)
	}
	was := pdp.Verdict{ID: strings.Join(e.Reasons, ","), Do: pdp.VerdictAction(strings.TrimPrefix(e.Action, verdictVerb)), Seconds: lasts(e)}
	class, rule := answer.Looser, "-"+was.ID // a sentinel that fails does nothing
	for i := range list {
		if err == nil && list[i].ID == was.ID {
			class, rule = changedVerdict(&was, &list[i])
		}
	}
	if class == answer.Equal {
		r.report.Same++
		return nil
	}
	r.report.add(e, FlipKey{Direction: VerdictChanged, Class: class, Role: e.Role, Action: e.Action, Rule: rule})
	return nil
}

// lasts is how long a recorded verdict held, in seconds; 0 when that is not known.
func lasts(e *pip.Event) int {
	until, err := time.Parse(time.RFC3339, strings.TrimPrefix(e.Detail, verdictUntil))
	if err != nil {
		return 0
	}
	return int(until.Sub(e.Time.Truncate(time.Second)) / time.Second)
}

func changedVerdict(was, now *pdp.Verdict) (answer.Class, string) {
	switch {
	case was.Do != now.Do:
		return answer.Other, fmt.Sprintf("~%s:%s->%s", was.ID, was.Do, now.Do)
	case was.Seconds == 0 || was.Seconds == now.Seconds:
		return answer.Equal, ""
	case now.Seconds > was.Seconds:
		return answer.Stricter, fmt.Sprintf("~%s.seconds:%d->%d", was.ID, was.Seconds, now.Seconds)
	default:
		return answer.Looser, fmt.Sprintf("~%s.seconds:%d->%d", was.ID, was.Seconds, now.Seconds)
	}
}
