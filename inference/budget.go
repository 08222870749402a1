package inference

import (
	"errors"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/inference/model"
	"github.com/wardgate/wardgate/internal/assertion"
)

// errSpent says that a subject has had as many predictions of a model as the
// decision about this request allows in its time.
var errSpent = errors.New("the budget of predictions is spent")

// A ledger counts how many rows each subject has had of each model. Sessions,
// addresses and ways of asking share it, and a row is counted before it is
// predicted: requests that arrive at once cannot pass together.
type ledger struct {
	now func() time.Time

	mu    sync.Mutex
	spent map[account][]spending
	swept time.Time
}

type account struct{ subject, model string }

type spending struct {
	at   time.Time
	rows int
}

func newLedger(now func() time.Time) *ledger {
	return &ledger{now: now, spent: map[account][]spending{}}
}

// longestBudget bounds for how long a row is remembered.
const longestBudget = time.Hour

// spend takes rows out of a budget, all of them or none. When there are not as
// many left it returns after how long there may be.
func (l *ledger) spend(of account, rows int, b assertion.Budget) (wait time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.sweep(now)
	within := min(time.Duration(b.Seconds)*time.Second, longestBudget)
	total, oldest := 0, now
	for _, s := range l.spent[of] {
		if now.Sub(s.at) < within {
			total += s.rows
			if s.at.Before(oldest) {
				oldest = s.at
			}
		}
	}
	if total+rows > b.Rows {
		return within - now.Sub(oldest), false
	}
	l.spent[of] = append(l.spent[of], spending{now, rows})
	return 0, true
}

// sweep forgets what no budget counts any more, once a minute.
func (l *ledger) sweep(now time.Time) {
	if now.Sub(l.swept) < time.Minute {
		return
	}
	l.swept = now
	for of, all := range l.spent {
		kept := all[:0]
		for _, s := range all {
			if now.Sub(s.at) < longestBudget {
				kept = append(kept, s)
			}
		}
		if len(kept) == 0 {
			delete(l.spent, of)
			continue
		}
		l.spent[of] = kept
	}
}

// charge counts rows of a model against the budget of who asks, as the decision
// about this request states it.
func (s *Service) charge(c *gin.Context, m *model.Model, rows int) error {
	claims := assertion.From(c.Request.Context())
	if claims == nil || claims.Budget == nil {
		return nil
	}
	wait, ok := s.ledger.spend(account{claims.Subject, m.Name()}, rows, *claims.Budget)
	if ok {
		return nil
	}
	return spentError{wait}
}

// A spentError also says when to come again.
type spentError struct{ wait time.Duration }

func (spentError) Error() string { return errSpent.Error() }
func (spentError) Unwrap() error { return errSpent }
