package session_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/session"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

type continuerFunc func(context.Context, pdp.Continuation) (pdp.Continued, error)

func (f continuerFunc) Continue(ctx context.Context, c pdp.Continuation) (pdp.Continued, error) {
	return f(ctx, c)
}

// young gives a token for five minutes that is due after one, and counts.
func young(count *atomic.Int64) continuerFunc {
	return func(context.Context, pdp.Continuation) (pdp.Continued, error) {
		token := "token"
		if count != nil {
			token += string(rune('0' + count.Add(1)))
		}
		return pdp.Continued{AccessToken: token, Expires: noon.Add(5 * time.Minute), RenewAfter: time.Minute}, nil
	}
}

func TestFiftyRequestsContinueASessionOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		tokens := session.NewTokens(continuerFunc(func(ctx context.Context, c pdp.Continuation) (pdp.Continued, error) {
			time.Sleep(time.Second)
			return young(&count)(ctx, c)
		}))
		ask := func() {
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					if got, err := tokens.Token(t.Context(), pdp.Continuation{Handle: "h"}, noon); got != "token1" || err != nil {
						t.Errorf("got %q, %v", got, err)
					}
				})
			}
			all.Wait()
		}
		ask()
		ask()
		if count.Load() != 1 {
			t.Errorf("continued %d times", count.Load())
		}
	})
}

func TestATokenThatIsDueServesOnWhileItCannotBeReplaced(t *testing.T) {
	var count atomic.Int64
	var fault error
	tokens := session.NewTokens(continuerFunc(func(ctx context.Context, c pdp.Continuation) (pdp.Continued, error) {
		got, _ := young(&count)(ctx, c)
		return got, fault
	}))
	get := func(after time.Duration) (string, error) {
		return tokens.Token(t.Context(), pdp.Continuation{Handle: "h"}, noon.Add(after))
	}
	for _, step := range []struct {
		after time.Duration
		fault error
		want  string
		calls int64
	}{
		{0, nil, "token1", 1},
		{59 * time.Second, nil, "token1", 1},
		{60 * time.Second, errors.New("away"), "token1", 2},
		{60*time.Second + 500*time.Millisecond, errors.New("away"), "token1", 2},
		{61 * time.Second, errors.New("away"), "token1", 3},
		{62 * time.Second, nil, "token4", 4},
		{5 * time.Minute, errors.New("away"), "", 5},
		{5 * time.Minute, errors.New("away"), "", 6},
	} {
		fault = step.fault
		got, err := get(step.after)
		if got != step.want || count.Load() != step.calls || (err == nil) != (step.want != "") || errors.Is(err, pdp.ErrSessionOver) {
			t.Errorf("after %v: got %q, %v with %d calls; want %q with %d", step.after, got, err, count.Load(), step.want, step.calls)
		}
	}
	fault = pdp.ErrSessionOver
	for range 2 {
		if got, err := get(6 * time.Minute); got != "" || !errors.Is(err, pdp.ErrSessionOver) || count.Load() != 7 {
			t.Errorf("over: got %q, %v with %d calls", got, err, count.Load())
		}
	}
}

func TestOneWhoHangsKeepsNobodyForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var count atomic.Int64
		tokens := session.NewTokens(continuerFunc(func(ctx context.Context, _ pdp.Continuation) (pdp.Continued, error) {
			count.Add(1)
			<-ctx.Done()
			return pdp.Continued{}, ctx.Err()
		}))
		began := time.Now()
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if got, err := tokens.Token(t.Context(), pdp.Continuation{Handle: "h"}, noon); got != "" || err == nil || errors.Is(err, pdp.ErrSessionOver) {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		all.Wait()
		if waited := time.Since(began); waited > session.ContinueTime || count.Load() != 1 {
			t.Errorf("waited %v, asked %d times", waited, count.Load())
		}
	})
}

// TestAClientThatGoesTakesNobodyAlong: it came first, and others wait for what it asked.
func TestAClientThatGoesTakesNobodyAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := session.NewTokens(continuerFunc(func(ctx context.Context, c pdp.Continuation) (pdp.Continued, error) {
			time.Sleep(time.Second)
			if ctx.Err() != nil {
				return pdp.Continued{}, ctx.Err()
			}
			return young(nil)(ctx, c)
		}))
		first, hangUp := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _, _ = tokens.Token(first, pdp.Continuation{Handle: "h"}, noon) })
		synctest.Wait()
		all.Go(func() {
			if got, err := tokens.Token(t.Context(), pdp.Continuation{Handle: "h"}, noon); got != "token" || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		})
		hangUp()
		all.Wait()
	})
}

func TestWhatIsForgottenIsContinuedAnew(t *testing.T) {
	var count atomic.Int64
	tokens := session.NewTokens(young(&count))
	for i, want := range []string{"token1", "token1", "token2"} {
		if i == 2 {
			tokens.Forget("h")
		}
		if got, err := tokens.Token(t.Context(), pdp.Continuation{Handle: "h"}, noon); got != want || err != nil {
			t.Errorf("%d: got %q, %v", i, got, err)
		}
	}
	if got, _ := tokens.Token(t.Context(), pdp.Continuation{Handle: "other"}, noon); got != "token3" {
		t.Errorf("another handle: got %q", got)
	}
}
