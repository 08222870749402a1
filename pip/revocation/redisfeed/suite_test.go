package redisfeed_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/revocation"
	"github.com/wardgate/wardgate/pip/revocation/redisfeed"
)

// suite is what every Redis has to pass, the embedded one as the real one.
func suite(t *testing.T, open func(*testing.T) *server) {
	for name, test := range map[string]func(*testing.T, *server){
		"changes reach the feed":              testChanges,
		"nobody has written":                  testMissing,
		"the mirror died":                     testAbandoned,
		"an evicted key":                      testEvicted,
		"a garbled mark":                      testGarbled,
		"emptied":                             testEmptied,
		"restarted":                           testRestarted,
		"a copy that lies behind":             testBehind,
		"another database takes over":         testEpoch,
		"more than a page":                    testPages,
		"two mirrors, a thousand at once":     testTwoMirrors,
		"a ban is lifted by the authority":    testUnban,
		"a list that knows the feed alone":    testFeedAlone,
		"both gone":                           testBothGone,
		"a feed that begins after the writer": testLateRedis,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// inStep waits until the copy stands where the book stands.
func inStep(t *testing.T, feed *redisfeed.Redis, b *book) pip.Revocations {
	t.Helper()
	var r pip.Revocations
	eventually(t, "a copy in step", func() bool {
		var err error
		r, err = feed.Snapshot(t.Context(), pip.Mark{})
		return err == nil && r.Mark == b.mark()
	})
	return r
}

func testChanges(t *testing.T, s *server) {
	b := newBook()
	before, after := uuid.NewString(), uuid.NewString()
	b.end(before)
	m, _ := mirror(t, s, b)
	list, _ := follow(t, s.config, b, rarely)
	eventually(t, "the session that had ended", func() bool { return revoked(list, before) })
	b.end(after)
	b.ban("u-1")
	m.Kick()
	eventually(t, "the change", func() bool { return revoked(list, after) && banned(list, "u-1") })
	feed := connect(t, s.config)
	all := inStep(t, feed, b)
	if len(all.Sessions) != 2 || len(all.Bans) != 1 || all.Since != (pip.Mark{}) {
		t.Errorf("got %+v", all)
	}
	for _, e := range all.Sessions {
		if wait := time.Until(e.Until); wait < 59*time.Minute || wait > time.Hour+time.Second {
			t.Errorf("kept for %v, want an hour", wait)
		}
	}
	since, err := feed.Snapshot(t.Context(), all.Mark)
	if err != nil || len(since.Sessions) != 0 || since.Since != all.Mark || len(since.Bans) != 1 {
		t.Errorf("since its own mark: got %+v, %v", since, err)
	}
}

func testMissing(t *testing.T, s *server) {
	_, err := connect(t, s.config).Snapshot(t.Context(), pip.Mark{})
	if !errors.Is(err, redisfeed.ErrMissing) {
		t.Errorf("got %v", err)
	}
}

func testAbandoned(t *testing.T, s *server) {
	b := newBook()
	_, stop := mirror(t, s, b)
	feed := connect(t, s.config)
	inStep(t, feed, b)
	stop()
	s.pass(2 * time.Second)
	_, err := feed.Snapshot(t.Context(), pip.Mark{})
	if !errors.Is(err, redisfeed.ErrAbandoned) {
		t.Errorf("got %v", err)
	}
}

func testEvicted(t *testing.T, s *server) {
	b := newBook()
	b.endMany(3)
	b.ban("u-1")
	_, stop := mirror(t, s, b)
	feed := connect(t, s.config)
	inStep(t, feed, b)
	stop()
	for _, key := range []string{"sessions", "bans"} {
		s.del("{wardgate}:revocations:" + key)
		if _, err := feed.Snapshot(t.Context(), pip.Mark{}); !errors.Is(err, redisfeed.ErrSpoilt) {
			t.Errorf("without %s: got %v", key, err)
		}
	}
	mirror(t, s, b)
	if r := inStep(t, feed, b); len(r.Sessions) != 3 || len(r.Bans) != 1 {
		t.Errorf("repaired: got %+v", r)
	}
}

func testGarbled(t *testing.T, s *server) {
	b := newBook()
	b.endMany(1)
	mirror(t, s, b)
	feed := connect(t, s.config)
	inStep(t, feed, b)
	for _, field := range []string{"sequence", "epoch", "sessions"} {
		s.set("{wardgate}:revocations:mark", field)
		if r := inStep(t, feed, b); len(r.Sessions) != 1 {
			t.Errorf("%s repaired: got %+v", field, r)
		}
	}
}

func testEmptied(t *testing.T, s *server) {
	b := newBook()
	b.endMany(3)
	mirror(t, s, b)
	feed := connect(t, s.config)
	inStep(t, feed, b)
	s.flush()
	if r := inStep(t, feed, b); len(r.Sessions) != 3 {
		t.Errorf("rebuilt: got %d sessions, want 3", len(r.Sessions))
	}
}

func testRestarted(t *testing.T, s *server) {
	if s.restart == nil {
		t.Skip("NOT RUN: this Redis is somebody's own, and is not restarted by tests")
	}
	b := newBook()
	known := uuid.NewString()
	b.end(known)
	mirror(t, s, b)
	list, f := follow(t, s.config, b, rarely)
	eventually(t, "the feed", f.Fed)
	s.restart()
	next := uuid.NewString()
	b.end(next)
	eventually(t, "a revocation after the restart", func() bool { return revoked(list, next) })
	if !revoked(list, known) {
		t.Error("the restart shortened the list")
	}
	eventually(t, "the feed again", f.Fed)
	inStep(t, connect(t, s.config), b)
}

// A fail-over may lose the newest changes. Nobody un-learns them, and who
// comes later gets them from the repaired copy.
func testBehind(t *testing.T, s *server) {
	b, old := newBook(), newBook()
	kept, lost := uuid.NewString(), uuid.NewString()
	b.end(kept)
	old.epoch = b.epoch
	old.end(kept)
	_, stop := mirror(t, s, b)
	list, _ := follow(t, s.config, b, rarely)
	b.end(lost)
	b.ban("u-1")
	eventually(t, "all of it", func() bool { return revoked(list, lost) && banned(list, "u-1") })
	stop()
	s.flush()
	_, stop = mirror(t, s, old)
	feed := connect(t, s.config)
	eventually(t, "the copy that lies behind", func() bool {
		r, err := feed.Snapshot(t.Context(), b.mark())
		return err == nil && r.Mark == old.mark()
	})
	if !revoked(list, kept) || !revoked(list, lost) || !banned(list, "u-1") {
		t.Error("a copy that lies behind shortened the list")
	}
	stop()
	mirror(t, s, b)
	if r := inStep(t, feed, b); len(r.Sessions) != 2 || len(r.Bans) != 1 {
		t.Errorf("repaired: got %+v", r)
	}
}

func testEpoch(t *testing.T, s *server) {
	old, b := newBook(), newBook()
	old.endMany(5)
	_, stop := mirror(t, s, old)
	list, _ := follow(t, s.config, old, rarely)
	feed := connect(t, s.config)
	inStep(t, feed, old)
	stop()
	session := uuid.NewString()
	b.end(session)
	mirror(t, s, b)
	eventually(t, "the other database's", func() bool { return revoked(list, session) })
	if r := inStep(t, feed, b); len(r.Sessions) != 1 {
		t.Errorf("got %d sessions, want 1", len(r.Sessions))
	}
}

func testPages(t *testing.T, s *server) {
	const sessions = 12_345
	b := newBook()
	b.endMany(sessions)
	m, _ := mirror(t, s, b)
	feed := connect(t, s.config)
	first := inStep(t, feed, b)
	if len(first.Sessions) != sessions {
		t.Fatalf("got %d sessions, want %d", len(first.Sessions), sessions)
	}
	b.endMany(sessions)
	m.Kick()
	inStep(t, feed, b)
	seen := map[string]bool{}
	more, err := feed.Snapshot(t.Context(), first.Mark)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range append(first.Sessions, more.Sessions...) {
		seen[e.Session] = true
	}
	if len(seen) != 2*sessions {
		t.Errorf("got %d sessions, want %d", len(seen), 2*sessions)
	}
}

func testTwoMirrors(t *testing.T, s *server) {
	b := newBook()
	one, _ := mirror(t, s, b)
	other, _ := mirror(t, s, b)
	list, _ := follow(t, s.config, b, rarely)
	var sessions []string
	var wg sync.WaitGroup
	for i := range 1000 {
		id := uuid.NewString()
		sessions = append(sessions, id)
		wg.Go(func() {
			b.end(id)
			[]*redisfeed.Mirror{one, other}[i%2].Kick()
		})
	}
	wg.Wait()
	for _, id := range sessions {
		eventually(t, "all thousand", func() bool { return revoked(list, id) })
	}
	if r := inStep(t, connect(t, s.config), b); len(r.Sessions) != 1000 {
		t.Errorf("got %d sessions, want 1000", len(r.Sessions))
	}
}

func testUnban(t *testing.T, s *server) {
	b := newBook()
	b.ban("u-1")
	m, _ := mirror(t, s, b)
	list, f := follow(t, s.config, b, rarely)
	eventually(t, "the ban over the feed", func() bool { return f.Fed() && banned(list, "u-1") })
	b.setGone(true)
	b.unban("u-1")
	b.setGone(false)
	m.Kick()
	eventually(t, "the end of the ban", func() bool { return !banned(list, "u-1") })
}

// While its authority is out of reach, a list lives on the feed.
func testFeedAlone(t *testing.T, s *server) {
	b, gone := newBook(), newBook()
	gone.setGone(true)
	first, second := uuid.NewString(), uuid.NewString()
	b.end(first)
	b.ban("u-1")
	m, _ := mirror(t, s, b)
	list, _ := follow(t, s.config, gone, rarely)
	eventually(t, "the first", func() bool { return revoked(list, first) && list.Reading().State == pip.Fresh })
	b.end(second)
	b.unban("u-1")
	m.Kick()
	eventually(t, "the second", func() bool { return revoked(list, second) })
	if !banned(list, "u-1") {
		t.Error("the feed lifted a ban on its own")
	}
}

func testBothGone(t *testing.T, s *server) {
	b := newBook()
	session := uuid.NewString()
	b.end(session)
	_, stop := mirror(t, s, b)
	list, f := follow(t, s.config, b, revocation.Pace{Every: 20 * time.Millisecond, Confirm: 20 * time.Millisecond})
	eventually(t, "the feed", func() bool { return f.Fed() && revoked(list, session) })
	stop()
	b.setGone(true)
	s.flush()
	eventually(t, "a stale list", func() bool { return list.Reading().State == pip.Stale })
	if !revoked(list, session) {
		t.Error("what was known was forgotten")
	}
	b.setGone(false)
	eventually(t, "a fresh list", func() bool { return list.Reading().State == pip.Fresh })
}

// Whoever starts while Redis holds nothing asks the authority, and the feed
// once there is one.
func testLateRedis(t *testing.T, s *server) {
	b := newBook()
	session := uuid.NewString()
	b.end(session)
	list, f := follow(t, s.config, b, rarely)
	eventually(t, "the authority's answer", func() bool { return revoked(list, session) })
	if f.Fed() {
		t.Error("an empty Redis counts as a feed")
	}
	mirror(t, s, b)
	eventually(t, "the feed", f.Fed)
}
