package inflight_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/inflight"
)

// forwarded begins an exchange and has it forwarded.
func forwarded(t *testing.T, s *inflight.Set, session, subject string) (*inflight.Exchange, context.Context) {
	t.Helper()
	e := s.Begin(session, subject)
	ctx, cancel := context.WithCancelCause(t.Context())
	if !e.Forward(cancel, httptest.NewRecorder(), nil) {
		t.Fatal("an exchange that was not cancelled may not be forwarded")
	}
	return e, ctx
}

func TestCancelBreaksOffWhatBelongsToTheSessionOrTheSubject(t *testing.T) {
	for name, tt := range map[string]struct {
		session, subject string // that is revoked
		want             string // for session s-1 of subject u-1
	}{
		"session":         {"s-1", "", code.SessionRevoked},
		"subject":         {"", "u-1", code.SubjectBanned},
		"another session": {"s-2", "", ""},
		"another subject": {"", "u-2", ""},
		"none":            {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var s inflight.Set
			e, ctx := forwarded(t, &s, "s-1", "u-1")
			machine, _ := forwarded(t, &s, "", "u-9") // has no session
			s.Cancel(tt.session, tt.subject)
			if why, _ := e.Revoked(); why != tt.want || errors.Is(context.Cause(ctx), inflight.ErrRevoked) != (tt.want != "") {
				t.Errorf("got %q and %v, want %q", why, context.Cause(ctx), tt.want)
			}
			if e.Answer() != (tt.want == "") {
				t.Error("an answer goes out exactly while the exchange was not cancelled")
			}
			if why, _ := machine.Revoked(); why != "" {
				t.Errorf("the exchange of another subject was cancelled: %s", why)
			}
		})
	}
}

func TestWhatWasCancelledWhileItWasJudgedIsNotForwarded(t *testing.T) {
	var s inflight.Set
	e := s.Begin("s-1", "u-1")
	s.Cancel("s-1", "")
	s.Cancel("", "u-1")
	if e.Forward(func(error) {}, httptest.NewRecorder(), nil) {
		t.Error("it was forwarded")
	}
	if why, _ := e.Revoked(); why != code.SessionRevoked {
		t.Errorf("got %q, want the first cause", why)
	}
}

func TestWhatHasEndedIsNotCancelled(t *testing.T) {
	var s inflight.Set
	e, ctx := forwarded(t, &s, "s-1", "u-1")
	s.End(e)
	s.Cancel("s-1", "")
	if why, _ := e.Revoked(); why != "" || ctx.Err() != nil {
		t.Errorf("got %q, %v", why, ctx.Err())
	}
}

func TestAnExchangeOfNoSubjectIsNone(t *testing.T) {
	var s inflight.Set
	e := s.Begin("", "")
	if e != nil || !e.Answer() { // a nil exchange may be asked
		t.Errorf("got %+v", e)
	}
	s.End(e)
}

func TestManyBeginEndAndAreCancelled(t *testing.T) {
	var s inflight.Set
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 500 {
				e := s.Begin("s-1", "u-1")
				e.Forward(func(error) {}, httptest.NewRecorder(), nil)
				e.Answer()
				s.End(e)
			}
		})
		all.Go(func() {
			for range 50 {
				s.Cancel("s-1", "")
			}
		})
	}
	all.Wait()
}
