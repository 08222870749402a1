package redisfeed_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/revocation"
	"github.com/wardgate/wardgate/pip/revocation/redisfeed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A server is a Redis, real or embedded, and what can befall it.
type server struct {
	config  redisfeed.Config // how it is reached
	flush   func()
	restart func()                  // loses everything; nil when it cannot
	pass    func(d time.Duration)   // lets keys expire
	del     func(key string)        // as an eviction would
	set     func(key, field string) // spoils a field of a hash
}

var quiet = slog.New(slog.DiscardHandler)

var errGone = errors.New("the authority is gone")

// A book is an authority that numbers its changes.
type book struct {
	mu       sync.Mutex
	gone     bool
	asked    int
	epoch    string
	sequence uint64
	ended    []pip.EndedSession // the n-th change that ended one ...
	at       []uint64           // ... has this number
	bans     map[string]time.Time
}

func newBook() *book { return &book{epoch: uuid.NewString(), bans: map[string]time.Time{}} }

func (b *book) change(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sequence++
	f()
}

func (b *book) end(session string) {
	b.change(func() {
		b.ended = append(b.ended, pip.EndedSession{Session: session, Until: time.Now().Add(time.Hour)})
		b.at = append(b.at, b.sequence)
	})
}

func (b *book) endMany(n int) {
	for range n {
		b.end(uuid.NewString())
	}
}

func (b *book) ban(subject string)   { b.change(func() { b.bans[subject] = time.Now().Add(time.Hour) }) }
func (b *book) unban(subject string) { b.change(func() { delete(b.bans, subject) }) }

func (b *book) setGone(gone bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gone = gone
}

func (b *book) mark() pip.Mark {
	b.mu.Lock()
	defer b.mu.Unlock()
	return pip.Mark{Epoch: b.epoch, Sequence: b.sequence}
}

func (b *book) Snapshot(_ context.Context, since pip.Mark) (pip.Revocations, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.gone {
		return pip.Revocations{}, errGone
	}
	r := pip.Revocations{Mark: pip.Mark{Epoch: b.epoch, Sequence: b.sequence}}
	if since.Epoch == b.epoch && since.Sequence <= b.sequence {
		r.Since = since
	}
	for i, e := range b.ended {
		if b.at[i] > r.Since.Sequence {
			r.Sessions = append(r.Sessions, e)
		}
	}
	for subject, until := range maps.All(b.bans) {
		r.Bans = append(r.Bans, pip.BannedSubject{Subject: subject, Until: until})
	}
	return r, nil
}

// A party mirrors or follows until the test ends.
func run(t testing.TB, f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); f(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

func connect(t testing.TB, c redisfeed.Config) *redisfeed.Redis {
	t.Helper()
	r, err := redisfeed.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// mirror keeps the copy of b in step.
func mirror(t testing.TB, s *server, b revocation.Authority) (*redisfeed.Mirror, func()) {
	t.Helper()
	m := redisfeed.NewMirror(connect(t, s.config), b, quiet)
	return m, run(t, m.Run)
}

// follow keeps a list as new as b, with a feed.
func follow(t testing.TB, c redisfeed.Config, b revocation.Authority, pace revocation.Pace) (*revocation.List, *revocation.Follower) {
	t.Helper()
	list := revocation.New()
	f := revocation.NewFollower(list, b, connect(t, c), pace, quiet)
	run(t, f.Run)
	return list, f
}

// rarely has nobody but the feed asked, unless the feed is silent.
var rarely = revocation.Pace{Every: 20 * time.Millisecond, Confirm: time.Hour}

func revoked(l *revocation.List, session string) bool {
	r, err := l.Measure(&pip.Query{Session: session})
	return err == nil && r.Session
}

func banned(l *revocation.List, subject string) bool {
	r, err := l.Measure(&pip.Query{Subject: subject, Now: time.Now()})
	return err != nil || r.Subject
}

// eventually waits for what has to come, however slow the machine is.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for begun := time.Now(); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}
