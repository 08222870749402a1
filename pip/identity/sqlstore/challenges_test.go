package sqlstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/sqlstore"
)

// An answer that saw the challenge before others had used it up counts on what they
// left, and none is counted for a code that is another one by now.
func TestAnAttemptCountsOnWhatOthersLeft(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, err := sqlstore.New(ctx, sqldbtest.New(t)())
	if err != nil {
		t.Fatal(err)
	}
	r := identity.Record{ID: "u-1", Username: "u-1", EmailIndex: "u-1", PasswordHash: "hash", Role: "nurse", Standing: pip.AccountActive, Created: now}
	if err := s.AddAccount(ctx, r); err != nil {
		t.Fatal(err)
	}
	p := identity.Pending{
		ID: "c-1", Account: "u-1", Purpose: identity.PurposeLogIn, Kept: "old", Origin: "network/10.0.0.0/24",
		Created: now, Expires: now.Add(5 * time.Minute), Sent: now,
	}
	if err := s.AddChallenge(ctx, p); err != nil {
		t.Fatal(err)
	}
	barred := now.Add(time.Minute)
	if err := s.UpdateLimiter(ctx, "u-1/"+p.Origin, func(g *identity.Limiter) { g.Bar(barred) }); err != nil {
		t.Fatal(err)
	}
	seen, err := s.Opened(ctx, "c-1")
	if err != nil || seen.Pending != p || seen.Owner.ID != "u-1" || seen.Owner.Standing != pip.AccountActive || !seen.BarredUntil.Equal(barred) {
		t.Fatalf("got %+v, %v", seen, err)
	}
	renewed := p
	renewed.Kept = "new"
	if hit, err := s.RenewChallenge(ctx, renewed, 3); err != nil || !hit {
		t.Fatal(hit, err)
	}
	for attempt := 1; attempt <= 5; attempt++ {
		got, counted, err := s.CountAttempt(ctx, seen.Pending, 3, now)
		if err != nil || counted != (attempt <= 3) {
			t.Fatalf("attempt %d: %t, %v", attempt, counted, err)
		}
		if counted && (got.Attempts != attempt || got.Kept != "new") {
			t.Errorf("attempt %d: got %d attempts, and what the %q code left", attempt, got.Attempts, got.Kept)
		}
	}
	now = now.Add(time.Hour)
	if _, counted, err := s.CountAttempt(ctx, p, 9, now); err != nil || counted {
		t.Errorf("after its time: %t, %v", counted, err)
	}
	if _, err := s.Opened(ctx, "c-2"); !errors.Is(err, identity.ErrNotFound) {
		t.Errorf("no challenge: got %v", err)
	}
}

// A count holds however it goes on: begun, continued, forgotten, over.
func TestFailuresAreCountedToTheLast(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, err := sqlstore.New(ctx, sqldbtest.New(t)())
	if err != nil {
		t.Fatal(err)
	}
	f := identity.FailureCount{Subject: "u-1", Authenticator: "email", Most: 3, Within: time.Hour}
	count := func(at time.Time, want bool) {
		t.Helper()
		if got, err := s.CountFailure(ctx, f, at); err != nil || got != want {
			t.Errorf("got %t, %v, want %t", got, err, want)
		}
	}
	for _, want := range []bool{true, true, true, false, false} {
		count(now, want)
	}
	count(now.Add(2*time.Hour), true)
	if err := s.ForgetFailures(ctx, "u-1"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{true, true, true, false} {
		count(now, want)
	}
}

// Who settles a check counts on what others have stored meanwhile.
func TestLimitersAreSettledOnWhatOthersLeft(t *testing.T) {
	ctx, now := t.Context(), time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	s, err := sqlstore.New(ctx, sqldbtest.New(t)())
	if err != nil {
		t.Fatal(err)
	}
	reserve := func() (reserved identity.Limiter) {
		t.Helper()
		err := s.UpdateLimiter(ctx, "u-1", func(g *identity.Limiter) {
			if wait := g.Reserve(now, identity.Limits{}); wait > 0 {
				t.Errorf("refused for %v", wait)
			}
			reserved = *g
		})
		if err != nil {
			t.Fatal(err)
		}
		return reserved
	}
	fail := func(reserved identity.Limiter, want int) {
		t.Helper()
		failures := 0
		if err := s.UpdateLimiterAfter(ctx, "u-1", reserved, func(g *identity.Limiter) { failures = g.Fail(now, identity.Limits{}) }); err != nil || failures != want {
			t.Errorf("got %d failures, %v, want %d", failures, err, want)
		}
	}
	first, second := reserve(), reserve()
	fail(first, 1)
	fail(second, 2)
	fail(reserve(), 3)
	err = s.UpdateLimiter(ctx, "u-1", func(g *identity.Limiter) {
		if g.Pending != 0 || len(g.Failed) != 3 {
			t.Errorf("got %d under way and %d failed, want 0 and 3", g.Pending, len(g.Failed))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ForgetLimiters(ctx, "u-1"); err != nil {
		t.Fatal(err)
	}
	fail(second, 1) // it was forgotten meanwhile
}
