package session

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/wardgate/wardgate/internal/deadline"
	"github.com/wardgate/wardgate/pdp"
)

const (
	// ContinueTime bounds the wait for a session to be continued.
	ContinueTime = 2 * time.Second

	// again is how long a token that is due, but not over, is used on before its
	// session is continued again after that failed.
	again = time.Second

	maxTokens = 100_000 // handles remembered
)

// Tokens are the access tokens behind handles, in memory alone. However many
// requests come with one handle at once, the session is continued once for all.
type Tokens struct {
	continuer pdp.Continuer

	mu    sync.Mutex
	known map[string]*entry
}

type entry struct {
	token        string
	renew, until time.Time // the token is due, and over
	over         bool      // the session is
	under        *continuation
}

// A continuation is under way until done is closed.
type continuation struct {
	done chan struct{}
	err  error
}

// NewTokens returns an empty memory of what c answers.
func NewTokens(c pdp.Continuer) *Tokens {
	return &Tokens{continuer: c, known: map[string]*entry{}}
}

var errSlow = errors.New("the session was not continued in time")

// Token returns the access token behind a handle. pdp.ErrSessionOver says that there
// is none any more; any other error, that it is not known now. A token that is due
// serves on, until it is over, while its session is being continued or cannot be.
func (t *Tokens) Token(ctx context.Context, c pdp.Continuation, now time.Time) (string, error) {
	t.mu.Lock()
	e := t.known[c.Handle]
	if e == nil {
		e = t.add(c.Handle, now)
	}
	alive := e.token != "" && now.Before(e.until)
	switch {
	case e.over:
		t.mu.Unlock()
		return "", pdp.ErrSessionOver
	case alive && (now.Before(e.renew) || e.under != nil):
		token := e.token
		t.mu.Unlock()
		return token, nil
	}
	under, first := e.under, e.under == nil
	if first {
		under = &continuation{done: make(chan struct{})}
		e.under = under
	}
	t.mu.Unlock()
	if first {
		t.proceed(ctx, e, under, c, now)
	} else if err := wait(ctx, under); err != nil {
		return "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case e.over:
		return "", pdp.ErrSessionOver
	case e.token != "" && now.Before(e.until):
		return e.token, nil
	case under.err != nil:
		return "", under.err
	default:
		return "", errSlow
	}
}

// wait ends with the continuation, or when that takes too long for this request.
func wait(ctx context.Context, under *continuation) error {
	late := time.NewTimer(ContinueTime)
	defer late.Stop()
	select {
	case <-under.done:
		return nil
	case <-late.C:
		return errSlow
	case <-ctx.Done():
		return ctx.Err()
	}
}

// proceed continues the session for all who wait. It goes on when the client that
// came first has gone. A panic leaves it unknown.
func (t *Tokens) proceed(ctx context.Context, e *entry, under *continuation, c pdp.Continuation, now time.Time) {
	got, err := pdp.Continued{}, errSlow
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		e.under, under.err = nil, err
		switch {
		case errors.Is(err, pdp.ErrSessionOver):
			e.over, e.token = true, ""
		case err != nil:
			e.renew = now.Add(again)
		default:
			e.token, e.until, e.renew = got.AccessToken, got.Expires, now.Add(got.RenewAfter)
		}
		close(under.done)
	}()
	ctx, cancel := deadline.Within(context.WithoutCancel(ctx), ContinueTime)
	defer cancel()
	got, err = t.continuer.Continue(ctx, c)
	if err == nil && got.AccessToken == "" {
		err = errors.New("a session was continued without a token")
	}
}

// Forget has the session behind a handle be continued anew at its next request.
func (t *Tokens) Forget(handle string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.known, handle)
}

// add makes room for a handle. When there is none, what is of no more use goes
// first, and then everything: it is continued anew.
func (t *Tokens) add(handle string, now time.Time) *entry {
	if len(t.known) >= maxTokens {
		for h, e := range t.known {
			if e.under == nil && !now.Before(e.until) {
				delete(t.known, h)
			}
		}
	}
	if len(t.known) >= maxTokens {
		clear(t.known)
	}
	e := &entry{}
	t.known[handle] = e
	return e
}
