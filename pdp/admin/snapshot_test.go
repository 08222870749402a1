package admin_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

// begin stores a session of the account, without a log-in.
func (w *world) begin(account string) string {
	w.t.Helper()
	now := w.clock.Now()
	s := admin.Session{
		ID: uuid.NewString(), Account: account, Created: now, LastUsed: now,
		IdleUntil: now.Add(15 * time.Minute), Until: now.Add(12 * time.Hour),
	}
	if err := w.store.Begin(w.t.Context(), s, admin.Refresh{}); err != nil {
		w.t.Fatal(err)
	}
	return s.ID
}

func (w *world) snapshot(a *admin.Admin, since pip.Mark) pip.Revocations {
	w.t.Helper()
	r, err := a.Snapshot(w.t.Context(), since)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// What one process ends, another on the same database reads as what changed.
func TestSnapshotsTellWhatChangedSince(t *testing.T) {
	w := newWorld(t)
	_, other := w.process()
	first, second := w.begin("u-1"), w.begin("u-1")
	empty := w.snapshot(other, pip.Mark{})
	if err := w.admin.Revoke(t.Context(), first, "test"); err != nil {
		t.Fatal(err)
	}
	one := w.snapshot(other, empty.Mark)
	if len(one.Sessions) != 1 || one.Sessions[0].Session != first || !empty.Mark.Behind(one.Mark) || one.Since != empty.Mark {
		t.Errorf("after the first: got %+v", one)
	}
	if err := w.admin.Revoke(t.Context(), second, "test"); err != nil {
		t.Fatal(err)
	}
	if two := w.snapshot(other, one.Mark); len(two.Sessions) != 1 || two.Sessions[0].Session != second {
		t.Errorf("after the second: got %+v", two)
	}
	for name, since := range map[string]pip.Mark{
		"nothing":          {},
		"another epoch":    {Epoch: "another", Sequence: one.Mark.Sequence},
		"a mark to come":   {Epoch: one.Mark.Epoch, Sequence: one.Mark.Sequence + 100},
		"no epoch, marked": {Sequence: one.Mark.Sequence},
	} {
		if all := w.snapshot(other, since); len(all.Sessions) != 2 || all.Since != (pip.Mark{}) {
			t.Errorf("since %s: got %+v, want both", name, all)
		}
	}
	// Ending what has ended is no change.
	mark := w.snapshot(other, pip.Mark{}).Mark
	if err := w.admin.Revoke(t.Context(), second, "again"); err != nil {
		t.Fatal(err)
	}
	if again := w.snapshot(other, mark); again.Mark != mark {
		t.Errorf("got mark %v, want %v", again.Mark, mark)
	}
}

// A token that was signed before the clock was set back lives on the clock's
// way back: its session stays on the list until then.
func TestSnapshotOutlivesAClockThatStepsBack(t *testing.T) {
	w := newWorld(t)
	session := w.begin("u-1")
	signed := w.clock.Now()
	w.clock.Pass(-time.Hour)
	if err := w.admin.Revoke(t.Context(), session, "test"); err != nil {
		t.Fatal(err)
	}
	r := w.snapshot(w.admin, pip.Mark{})
	if len(r.Sessions) != 1 || r.Sessions[0].Until.Before(signed.Add(5*time.Minute)) {
		t.Errorf("got %+v, want until %v at least", r.Sessions, signed.Add(5*time.Minute))
	}
	w.clock.Pass(50 * time.Minute)
	if r := w.snapshot(w.admin, pip.Mark{}); len(r.Sessions) != 1 {
		t.Error("the session was forgotten while a token of it could live")
	}
}

// Every change has a number of its own, whoever makes it, and no reader skips
// one by reading while others write.
func TestParallelEndsAreAllSeen(t *testing.T) {
	w := newWorld(t)
	_, other := w.process()
	const ends = 200
	var sessions []string
	for range ends {
		sessions = append(sessions, w.begin("u-1"))
	}
	seen := map[string]bool{}
	var mark pip.Mark
	read := func() {
		r := w.snapshot(other, mark)
		mark = r.Mark
		for _, e := range r.Sessions {
			seen[e.Session] = true
		}
	}
	var wg sync.WaitGroup
	for i, id := range sessions {
		wg.Go(func() {
			if err := []*admin.Admin{w.admin, other}[i%2].Revoke(t.Context(), id, "test"); err != nil {
				t.Error(err)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for running := true; running; {
		read()
		select {
		case <-done:
			running = false
		default:
		}
	}
	read()
	if len(seen) != ends || mark.Sequence != ends {
		t.Errorf("got %d sessions up to %d, want %d", len(seen), mark.Sequence, ends)
	}
}

func TestSnapshotsTellOfBans(t *testing.T) {
	w := newWorld(t)
	_, other := w.process()
	before := w.snapshot(other, pip.Mark{})
	now := w.clock.Now()
	ban := admin.Ban{Account: "u-1", Reason: "test", By: "u-2", Created: now, Until: now.Add(time.Hour)}
	if err := w.store.Ban(t.Context(), ban); err != nil {
		t.Fatal(err)
	}
	held := w.snapshot(other, before.Mark)
	if len(held.Bans) != 1 || held.Bans[0].Subject != "u-1" || !before.Mark.Behind(held.Mark) {
		t.Errorf("banned: got %+v", held)
	}
	if _, err := w.store.Unban(t.Context(), "u-1"); err != nil {
		t.Fatal(err)
	}
	lifted := w.snapshot(other, held.Mark)
	if len(lifted.Bans) != 0 || !held.Mark.Behind(lifted.Mark) {
		t.Errorf("lifted: got %+v", lifted)
	}
}
