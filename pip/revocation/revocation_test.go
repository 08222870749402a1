package revocation_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/revocation"
)

func gather(t *testing.T, l *revocation.List, session string) (pip.Revoked, error) {
	t.Helper()
	var f pip.Facts
	err := l.Gather(context.Background(), &pip.Query{Session: session}, &f)
	return f.Revocation, err
}

func TestListKnowsNothingBeforeItIsRestored(t *testing.T) {
	l := revocation.New()
	got, err := gather(t, l, uuid.NewString())
	if err == nil || got.State != pip.Unknown {
		t.Errorf("got %+v, %v, want unknown and an error", got, err)
	}
}

func TestRevokedSessions(t *testing.T) {
	l := revocation.New()
	old, fresh, other := uuid.NewString(), uuid.NewString(), uuid.NewString()
	until := time.Now().Add(time.Hour)
	if err := l.Restore([]revocation.Entry{{Session: old, Until: until}}); err != nil {
		t.Fatal(err)
	}
	if err := l.Revoke(context.Background(), fresh, until); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, session string
		want          bool
	}{{"restored", old, true}, {"revoked now", fresh, true}, {"another", other, false}, {"a stranger", "", false}} {
		got, err := gather(t, l, tt.session)
		if err != nil || got.State != pip.Fresh || got.Session != tt.want {
			t.Errorf("%s: got %+v, %v, want %t", tt.name, got, err, tt.want)
		}
	}
}

func TestSessionIDThatIsNoneClearsNothing(t *testing.T) {
	l := revocation.New()
	if err := l.Restore(nil); err != nil {
		t.Fatal(err)
	}
	if got, err := gather(t, l, "../x"); err == nil || got.State == pip.Fresh {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := l.Revoke(context.Background(), "../x", time.Now()); err == nil {
		t.Error("an id that is none was revoked")
	}
}

// An entry is forgotten only after no token of its session can be valid.
func TestForgetting(t *testing.T) {
	l := revocation.New()
	now := time.Now()
	over, live := uuid.NewString(), uuid.NewString()
	err := l.Restore([]revocation.Entry{{Session: over, Until: now.Add(-time.Minute)}, {Session: live, Until: now.Add(time.Minute)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Revoke(context.Background(), live, now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := l.Forget(now); n != 1 {
		t.Errorf("%d entries are left, want 1", n)
	}
	if got, _ := gather(t, l, live); !got.Session {
		t.Error("an earlier end shortened an entry")
	}
}

func TestBans(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	l := revocation.New()
	if err := errors.Join(l.Restore(nil), l.Ban(t.Context(), "u-1", now.Add(time.Minute)), l.Ban(t.Context(), "u-2", now.Add(time.Minute))); err != nil {
		t.Fatal(err)
	}
	if err := l.Unban(t.Context(), "u-2"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		subject string
		at      time.Time
		want    bool
	}{
		{"banned", "u-1", now, true},
		{"a moment before its end", "u-1", now.Add(time.Minute - 1), true},
		{"over", "u-1", now.Add(time.Minute), false},
		{"at no time", "u-1", time.Time{}, true},
		{"lifted", "u-2", now, false},
		{"somebody else", "u-3", now, false},
		{"a stranger", "", now, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var f pip.Facts
			if err := l.Gather(t.Context(), &pip.Query{Subject: tt.subject, Now: tt.at}, &f); err != nil || f.Revocation.Subject != tt.want {
				t.Errorf("got %v, %v, want %v", f.Revocation.Subject, err, tt.want)
			}
		})
	}
	l.Forget(now.Add(time.Hour))
	var f pip.Facts
	if err := l.Gather(t.Context(), &pip.Query{Subject: "u-1", Now: now}, &f); err != nil || f.Revocation.Subject {
		t.Errorf("a clock that stepped back revived a forgotten ban: %v, %v", f.Revocation.Subject, err)
	}
	if err := l.Ban(t.Context(), "", now); err == nil {
		t.Error("nobody was banned")
	}
}
