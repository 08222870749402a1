package revocation_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/revocation"
)

func gather(t testing.TB, l *revocation.List, session string) (pip.Revoked, error) {
	t.Helper()
	return l.Measure(&pip.Query{Session: session})
}

func banned(t testing.TB, l *revocation.List, subject string, at time.Time) bool {
	t.Helper()
	r, err := l.Measure(&pip.Query{Subject: subject, Now: at})
	if err != nil {
		t.Fatal(err)
	}
	return r.Subject
}

func ended(until time.Time, sessions ...string) pip.Revocations {
	var r pip.Revocations
	for _, s := range sessions {
		r.Sessions = append(r.Sessions, pip.EndedSession{Session: s, Until: until})
	}
	return r
}

func bansOf(until time.Time, subjects ...string) pip.Revocations {
	var r pip.Revocations
	for _, s := range subjects {
		r.Bans = append(r.Bans, pip.BannedSubject{Subject: s, Until: until})
	}
	return r
}

func TestListKnowsNothingBeforeTheFirstWord(t *testing.T) {
	l := revocation.New()
	got, err := gather(t, l, uuid.NewString())
	if err == nil || got.State != pip.Unknown {
		t.Errorf("got %+v, %v, want unknown and an error", got, err)
	}
}

func TestRevokedSessions(t *testing.T) {
	l := revocation.New()
	old, fed, fresh, other := uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString()
	until := time.Now().Add(time.Hour)
	_, learnt := l.Learn(l.Inquire(), ended(until, fed))
	if err := errors.Join(l.Restore(l.Inquire(), ended(until, old)), learnt, l.Revoke(t.Context(), fresh, until)); err != nil {
		t.Fatal(err)
	}
	if err := l.Restore(l.Inquire(), pip.Revocations{}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, session string
		want          bool
	}{{"restored", old, true}, {"fed", fed, true}, {"revoked now", fresh, true}, {"another", other, false}, {"a stranger", "", false}} {
		got, err := gather(t, l, tt.session)
		if err != nil || got.State != pip.Fresh || got.Session != tt.want {
			t.Errorf("%s: got %+v, %v, want %t", tt.name, got, err, tt.want)
		}
	}
}

func TestSessionIDThatIsNoneClearsNothing(t *testing.T) {
	l := revocation.New()
	if err := l.Restore(l.Inquire(), pip.Revocations{}); err != nil {
		t.Fatal(err)
	}
	if got, err := gather(t, l, "../x"); err == nil || got.State == pip.Fresh {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := l.Revoke(context.Background(), "../x", time.Now()); err == nil {
		t.Error("an id that is none was revoked")
	}
}

// An answer that names what is no session is taken in as far as it can be, and
// is no proof that the list is complete.
func TestGarbledAnswerIsNoWord(t *testing.T) {
	session := uuid.NewString()
	garbled := ended(time.Now().Add(time.Hour), "../x", session)
	for name, hear := range map[string]func(*revocation.List) error{
		"authority": func(l *revocation.List) error { return l.Restore(l.Inquire(), garbled) },
		"feed":      func(l *revocation.List) error { _, err := l.Learn(l.Inquire(), garbled); return err },
	} {
		t.Run(name, func(t *testing.T) {
			l := revocation.New()
			if err := hear(l); err == nil || l.Reading().State != pip.Unknown {
				t.Errorf("got %v, %v", err, l.Reading().State)
			}
			if err := l.Restore(l.Inquire(), pip.Revocations{}); err != nil {
				t.Fatal(err)
			}
			if got, _ := gather(t, l, session); !got.Session {
				t.Error("the session beside it was dropped")
			}
		})
	}
}

// Freshness goes by a clock that nobody sets, from when the answer was asked
// for.
func TestStates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := revocation.New()
		in := l.Inquire()
		time.Sleep(time.Second)
		if err := l.Restore(in, pip.Revocations{}); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			wait time.Duration
			want pip.State
			age  time.Duration
		}{
			{0, pip.Fresh, time.Second},
			{time.Second, pip.Fresh, 2 * time.Second},
			{time.Millisecond, pip.Stale, 2*time.Second + time.Millisecond},
			{time.Hour, pip.Stale, time.Hour + 2*time.Second + time.Millisecond},
		} {
			time.Sleep(tt.wait)
			// The first word is at least a nanosecond old.
			if got := l.Reading(); got.State != tt.want || got.Age.Round(time.Microsecond) != tt.age {
				t.Errorf("got %v at %v, want %v at %v", got.State, got.Age, tt.want, tt.age)
			}
		}
		if _, err := l.Learn(l.Inquire(), pip.Revocations{}); err != nil || l.Reading().State != pip.Fresh {
			t.Errorf("after the feed spoke: got %v, %v", l.Reading().State, err)
		}
		if err := l.Restore(in, pip.Revocations{}); err != nil || l.Reading().State != pip.Fresh {
			t.Errorf("a late answer made the list older: got %v, %v", l.Reading().State, err)
		}
	})
}

// An entry is forgotten only after no token of its session can be valid.
func TestForgetting(t *testing.T) {
	l := revocation.New()
	now := time.Now()
	over, live := uuid.NewString(), uuid.NewString()
	r := ended(now.Add(-time.Minute), over)
	r.Sessions = append(r.Sessions, pip.EndedSession{Session: live, Until: now.Add(time.Minute)})
	if err := l.Restore(l.Inquire(), r); err != nil {
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

// A clock that is set forward and back again revives nobody.
func TestClockStepsReviveNobody(t *testing.T) {
	l := revocation.New()
	now := time.Now()
	session := uuid.NewString()
	r := ended(now.Add(time.Minute), session)
	r.Bans = []pip.BannedSubject{{Subject: "u-1", Until: now.Add(time.Minute)}}
	if err := l.Restore(l.Inquire(), r); err != nil {
		t.Fatal(err)
	}
	if n := l.Forget(now.Add(time.Hour)); n != 1 {
		t.Errorf("%d entries are left, want 1", n)
	}
	if got, _ := gather(t, l, session); !got.Session || !banned(t, l, "u-1", now.Add(-time.Hour)) {
		t.Error("a step of the clock let somebody in")
	}
}

func TestBans(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	l := revocation.New()
	err := errors.Join(l.Restore(l.Inquire(), pip.Revocations{}), l.Ban(t.Context(), "u-1", now.Add(time.Minute)), l.Ban(t.Context(), "u-2", now.Add(time.Minute)))
	if err != nil {
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
		{"lifted, at no time", "u-2", time.Time{}, false},
		{"somebody else", "u-3", now, false},
		{"a stranger", "", now, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := banned(t, l, tt.subject, tt.at); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	l.Forget(now.Add(time.Hour))
	if banned(t, l, "u-1", now) {
		t.Error("a clock that stepped back revived a forgotten ban")
	}
	if err := l.Ban(t.Context(), "", now); err == nil {
		t.Error("nobody was banned")
	}
}

// What changed after an answer was asked for is not undone by the answer.
func TestLateAnswersUndoNothing(t *testing.T) {
	now := time.Now()
	hour := now.Add(time.Hour)
	for _, tt := range []struct {
		name string
		said pip.Revocations // asked for before the change
		do   func(*revocation.List) error
		want bool
	}{
		{"a ban", pip.Revocations{}, func(l *revocation.List) error { return l.Ban(t.Context(), "u-1", hour) }, true},
		{"a lifted ban", bansOf(hour, "u-1"), func(l *revocation.List) error { return l.Unban(t.Context(), "u-1") }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := revocation.New()
			in := l.Inquire()
			if err := errors.Join(tt.do(l), l.Restore(in, tt.said)); err != nil {
				t.Fatal(err)
			}
			if got := banned(t, l, "u-1", now); got != tt.want {
				t.Errorf("after the authority's late answer: got %v, want %v", got, tt.want)
			}
			if _, err := l.Learn(in, tt.said); err != nil {
				t.Fatal(err)
			}
			if got := banned(t, l, "u-1", now); got != tt.want {
				t.Errorf("after the feed's late answer: got %v, want %v", got, tt.want)
			}
		})
	}
}

// Only the authority lifts a ban; a feed that would is noticed.
func TestFeedLiftsNothing(t *testing.T) {
	now := time.Now()
	l := revocation.New()
	if err := l.Restore(l.Inquire(), bansOf(now.Add(time.Hour), "u-1")); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		said  pip.Revocations
		lifts bool
	}{
		{"same", bansOf(now.Add(time.Hour), "u-1"), false},
		{"longer", bansOf(now.Add(2*time.Hour), "u-1"), false},
		{"shorter", bansOf(now.Add(time.Minute), "u-1"), true},
		{"none", pip.Revocations{}, true},
	} {
		lifts, err := l.Learn(l.Inquire(), tt.said)
		if err != nil || lifts != tt.lifts || !banned(t, l, "u-1", now.Add(30*time.Minute)) {
			t.Errorf("%s: got %v, %v, banned %v", tt.name, lifts, err, banned(t, l, "u-1", now))
		}
	}
	if err := l.Restore(l.Inquire(), pip.Revocations{}); err != nil || banned(t, l, "u-1", now) {
		t.Errorf("the authority lifted the ban: got %v, still banned", err)
	}
}

// Whoever listens hears of each cut once, from whichever side it came, and of
// none that was known before the first word.
func TestCuts(t *testing.T) {
	until := time.Now().Add(time.Hour)
	l := revocation.New()
	var heard []string
	l.OnRevoke(func(session, subject string) { heard = append(heard, session+subject) })
	before, own, told, fed := uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString()
	answers := func(sessions []string, subjects ...string) pip.Revocations {
		r := ended(until, sessions...)
		r.Bans = bansOf(until, subjects...).Bans
		return r
	}
	if err := l.Restore(l.Inquire(), answers([]string{before}, "u-before")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, learnt := l.Learn(l.Inquire(), answers([]string{before, own, told, fed}, "u-before", "u-told", "u-fed"))
		err := errors.Join(l.Revoke(t.Context(), own, until), learnt,
			l.Restore(l.Inquire(), answers([]string{told}, "u-before", "u-told", "u-fed")))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Ban(t.Context(), "u-own", until); err != nil {
		t.Fatal(err)
	}
	want := []string{"u-told", "u-fed", own, told, fed, "u-own"} // of one word the bans first
	if fmt.Sprint(heard) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", heard, want)
	}
}

func TestAThousandParallelRevokes(t *testing.T) {
	l := revocation.New()
	if err := l.Restore(l.Inquire(), pip.Revocations{}); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	cut := map[string]int{}
	l.OnRevoke(func(session, _ string) { mu.Lock(); cut[session]++; mu.Unlock() })
	until := time.Now().Add(time.Hour)
	var sessions []string
	var wg sync.WaitGroup
	for range 1000 {
		id := uuid.NewString()
		sessions = append(sessions, id)
		for range 2 {
			wg.Go(func() { _ = l.Revoke(context.Background(), id, until) })
		}
		wg.Go(func() { l.Forget(time.Now()) })
	}
	wg.Wait()
	for _, id := range sessions {
		if got, err := gather(t, l, id); err != nil || !got.Session || cut[id] != 1 {
			t.Fatalf("got %+v, %v, and %d cuts, want revoked and 1", got, err, cut[id])
		}
	}
}

// A moody authority lets one question in three time out.
type moody struct{ asked int }

func (m *moody) Snapshot(ctx context.Context, _ pip.Mark) (pip.Revocations, error) {
	if m.asked++; m.asked%3 == 0 {
		<-ctx.Done()
		return pip.Revocations{}, ctx.Err()
	}
	time.Sleep(150 * time.Millisecond)
	return pip.Revocations{Mark: pip.Mark{Epoch: "e", Sequence: 1}}, nil
}

// A question that is lost makes nothing stale, slow as the next answer may be.
func TestALostQuestionMakesNothingStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := revocation.New()
		ctx, cancel := context.WithCancel(t.Context())
		f := revocation.NewFollower(l, &moody{}, nil, revocation.Pace{}, slog.New(slog.DiscardHandler))
		done := make(chan struct{})
		go func() { defer close(done); f.Run(ctx) }()
		time.Sleep(time.Second)
		var stale int
		for range 3000 {
			time.Sleep(10 * time.Millisecond)
			if l.Reading().State != pip.Fresh {
				stale++
			}
		}
		if stale > 0 {
			t.Errorf("got a stale list %d times", stale)
		}
		cancel()
		<-done
	})
}
