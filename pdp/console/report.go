package console

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/pip"
)

const (
	day       = 24 * time.Hour
	maxSpan   = 31 * day
	maxGroups = 10_000 // of one table of a report; further ones are counted as omitted
)

// A count is how many events have these words. Events that one record
// aggregates count as many as they are.
type count struct {
	Kind    pip.Kind `json:"kind"`
	Action  string   `json:"action"`
	Role    string   `json:"role"`
	Outcome string   `json:"outcome,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	Count   int      `json:"count"`
}

// A report counts what the journal holds of a span.
type report struct {
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Events  int       `json:"events"`
	Items   []count   `json:"items"`   // by kind, action, role and outcome
	Reasons []count   `json:"reasons"` // by kind, action, role and reason; an event has as many as it has reasons
	Omitted int       `json:"omitted"` // that no row counts, because there were too many different ones
}

func (h handler) report(c *gin.Context) {
	q := newQuery(c)
	since, until := q.time("since"), q.time("until")
	if until.IsZero() {
		until = h.now().UTC().Truncate(time.Second).Add(time.Second) // with all of this second
	}
	if since.IsZero() {
		since = until.Add(-day)
	}
	switch span := until.Sub(since); {
	case span <= 0:
		q.fault("until", "expected a time after since")
	case span > maxSpan:
		q.fault("since", "expected at most 31 days before until")
	}
	if !q.understood(c) {
		return
	}
	h.reading(c, func(ctx context.Context) (any, error) { return h.sum(ctx, since, until) })
}

func (h handler) sum(ctx context.Context, since, until time.Time) (report, error) {
	r := report{Since: since, Until: until}
	items, reasons := map[count]int{}, map[count]int{}
	add := func(table map[count]int, key count, n int) {
		if _, there := table[key]; !there && len(table) == maxGroups {
			r.Omitted += n
			return
		}
		table[key] += n
	}
	for rec, err := range h.journal.Records(ctx, Filter{Since: since, Until: until}) {
		if err != nil {
			return report{}, err
		}
		e := &rec.Event
		n := max(1, e.Count)
		r.Events += n
		add(items, count{Kind: e.Kind, Action: e.Action, Role: e.Role, Outcome: e.Outcome}, n)
		for _, reason := range e.Reasons {
			had := n
			if of, told := e.Codes[reason]; told {
				had = of
			}
			add(reasons, count{Kind: e.Kind, Action: e.Action, Role: e.Role, Reason: reason}, had)
		}
	}
	r.Items, r.Reasons = rows(items), rows(reasons)
	return r, nil
}

// rows are those of a table, in the order of their words.
func rows(table map[count]int) []count {
	out := make([]count, 0, len(table))
	for key, n := range table {
		key.Count = n
		out = append(out, key)
	}
	slices.SortFunc(out, func(a, b count) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Action, b.Action), cmp.Compare(a.Role, b.Role),
			cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}
