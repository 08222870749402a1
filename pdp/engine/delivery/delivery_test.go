package delivery_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/bundle/bundletest"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

// A press makes signed bundles of the built-in rule book, in editions.
type press struct {
	t      testing.TB
	public []byte
	signer *bundle.Signer
	files  rulebook.Files
}

func newPress(t testing.TB) *press {
	t.Helper()
	keys := bundletest.NewPair(t)
	p := &press{t: t, public: keys.Public, signer: keys.Signer(t, "hospital", "")}
	var err error
	if p.files, err = rulebook.ReadFiles(policies.FS); err != nil {
		t.Fatal(err)
	}
	// Tests take most of the time; the tests about tests put them back.
	for name := range p.files {
		if strings.HasSuffix(name, "_test.rego") {
			delete(p.files, name)
		}
	}
	return p
}

func (p *press) trust() *bundle.Trust {
	p.t.Helper()
	trust, err := bundle.NewTrust(map[string][]byte{"hospital": p.public}, "")
	if err != nil {
		p.t.Fatal(err)
	}
	return trust
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// edition n is the rule book with n in a comment: other rules by their digest.
func (p *press) edition(n int) []byte {
	p.t.Helper()
	return p.print(n, p.rules(n))
}

func (p *press) rules(n int) rulebook.Files {
	files := rulebook.Files{}
	for name, content := range p.files {
		files[name] = content
	}
	files["authz/authz.rego"] = append(bytes.Clone(files["authz/authz.rego"]), fmt.Sprintf("# edition %d\n", n)...)
	return files
}

func (p *press) print(n int, files rulebook.Files) []byte {
	p.t.Helper()
	return p.stated(n, files, nil)
}

// proved is a bundle that states a proof of a book, which may be another.
func (p *press) proved(n int, files, of rulebook.Files) []byte {
	p.t.Helper()
	return p.stated(n, files, &prove.Statement{
		Outcome: prove.Proved, Rules: of.Revision(), Analyser: prove.AnalyserVersion, Program: "devel", Proved: 1, Unproved: []string{},
	})
}

func (p *press) stated(n int, files rulebook.Files, proof *prove.Statement) []byte {
	p.t.Helper()
	packed, err := bundle.Write(files, proof, epoch.Add(time.Duration(n)*time.Hour), p.signer)
	if err != nil {
		p.t.Fatal(err)
	}
	return packed
}

// A belt is a source that a test feeds.
type belt struct {
	mu     sync.Mutex
	packed []byte
	err    error
	asked  int // how often
}

func newBelt(packed []byte) *belt { return &belt{packed: packed} }

func (b *belt) Name() string { return "belt" }

func (b *belt) put(packed []byte, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.packed, b.err = packed, err
}

// questions is how often it was asked. What it brought before is dealt with by then.
func (b *belt) questions() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

func (b *belt) Fetch(ctx context.Context, tag string) (delivery.Arrival, error) {
	b.mu.Lock()
	b.asked++
	b.mu.Unlock()
	for ctx.Err() == nil {
		b.mu.Lock()
		packed, err := b.packed, b.err
		b.mu.Unlock()
		if err != nil {
			return delivery.Arrival{}, err
		}
		if now := string(packed[len(packed)-8:]) + fmt.Sprint(len(packed)); now != tag {
			return delivery.Arrival{Packed: packed, Tag: now}, nil
		}
		time.Sleep(time.Millisecond)
	}
	return delivery.Arrival{}, ctx.Err()
}

// A book is a journal in memory, which may fail.
type book struct {
	mu     sync.Mutex
	events []pip.Event
	err    error
}

func (b *book) Append(_ context.Context, e pip.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.events = append(b.events, e)
	}
	return b.err
}

func (b *book) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func (b *book) details() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, e := range b.events {
		out = append(out, e.Action+" "+e.Outcome+" "+e.Detail)
	}
	return out
}

// A ward is a follower with its engine, as a process has them.
type ward struct {
	t        testing.TB
	press    *press
	dir      string
	source   delivery.Source
	journal  *book
	follower *delivery.Follower
	engine   *engine.Engine
	strict   bool // nothing new comes into force
	stop     func()
}

func newWard(t testing.TB, p *press, source delivery.Source) *ward {
	t.Helper()
	w := &ward{t: t, press: p, dir: filepath.Join(t.TempDir(), "policy"), source: source, journal: &book{}}
	w.start()
	return w
}

func (w *ward) config() delivery.Config {
	return delivery.Config{
		Dir: w.dir, Source: w.source, Trust: w.press.trust(), Points: points.Sections(),
		Log: slog.New(slog.DiscardHandler), Patience: 10 * time.Millisecond,
		Admit: func(_ context.Context, b *bundle.Bundle, resumed bool) error {
			if w.strict && !resumed {
				return errors.New("not proved")
			}
			if b.Proof == nil {
				return nil
			}
			if err := (prove.Gate{}).Check(b.Files, b.Proof); errors.Is(err, prove.ErrFalse) {
				return err
			}
			return errors.New("says who is asked")
		},
	}
}

func (w *ward) start() {
	w.t.Helper()
	follower, err := delivery.Open(context.Background(), w.config())
	if err != nil {
		w.t.Fatal(err)
	}
	w.follower = follower
	w.engine = engine.NewFrom(follower.First(), nil, nil, slog.New(slog.DiscardHandler), engine.Config{})
	if err := follower.Serve(context.Background(), w.engine, w.journal); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); follower.Run(ctx) }()
	w.stop = sync.OnceFunc(func() { cancel(); <-done })
	w.t.Cleanup(w.stop)
}

// until waits for something that must become true; the bound is for a broken
// program, not a promise of speed.
func until(t testing.TB, what string, true func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !true(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func (w *ward) untilEdition(n int) {
	w.t.Helper()
	want := w.press.rules(n).Revision()
	until(w.t, fmt.Sprintf("edition %d is in force", n), func() bool {
		return w.engine.Revision() == want && w.follower.Status().Active.Rules == want // told after it decides
	})
}

func (w *ward) isEdition(n int) {
	w.t.Helper()
	if got, want := w.engine.Revision(), w.press.rules(n).Revision(); got != want {
		w.t.Errorf("got revision %.8s, want that of edition %d, %.8s", got, n, want)
	}
}

func TestWhatIsRefusedChangesNothing(t *testing.T) {
	p, stranger := newPress(t), newPress(t)
	broken, floorless, failing := p.rules(3), p.rules(3), p.rules(3)
	broken["authz/authz.rego"] = append(broken["authz/authz.rego"], "\nx := undefined_function(1)\n"...)
	floorless["authz/rules/session/session.rego"] = nil
	for name := range floorless {
		if strings.HasPrefix(name, "authz/rules/session") {
			delete(floorless, name)
		}
	}
	failing["authz/authz_test.rego"] = []byte("package authz_test\n\ntest_never if false\n")
	unsigned := p.edition(3)[:100]
	tests := []struct {
		name   string
		packed []byte
		code   delivery.Code
		says   string
	}{
		{"half a file", unsigned, delivery.CodeMalformed, "unpacked"},
		{"another's key", stranger.edition(3), delivery.CodeSignature, "verify"},
		{"does not compile", p.print(3, broken), delivery.CodeRefused, "undefined_function"},
		{"lacks a floor rule", p.print(3, floorless), delivery.CodeRefused, "floor"},
		{"fails its own tests", p.print(3, failing), delivery.CodeTests, "test_never"},
		{"older", p.edition(1), delivery.CodeOlder, "not newer"},
		{"other rules in the same version", p.print(2, p.rules(9)), delivery.CodeOlder, "not newer"},
		{"the proof of another book", p.proved(3, p.rules(3), p.rules(2)), delivery.CodeProof, "not one of it"},
		{"refused by the process", p.proved(3, p.rules(3), p.rules(3)), delivery.CodeNotProved, "says who is asked"},
		{"from the future", p.edition(24 * 365 * 100), delivery.CodeFuture, "future"},
	}
	source := newBelt(p.edition(2))
	w := newWard(t, p, source)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source.put(tt.packed, nil)
			until(t, "it is refused", func() bool {
				s := w.follower.Status()
				return s.Refused != nil && s.Refused.Code == tt.code && strings.Contains(s.Refused.Err.Error(), tt.says)
			})
			w.isEdition(2)
			source.put(p.edition(2), nil)
			until(t, "the refusal is over", func() bool { return w.follower.Status().Refused == nil })
			if got, want := w.journal.details(), "policy.activate failure "+string(tt.code); !slices.Contains(got, want) {
				t.Errorf("got %q in the journal, want %q", got, want)
			}
		})
	}
	source.put(p.edition(3), nil)
	w.untilEdition(3)
}

func TestTheNewestOutlivesRestarts(t *testing.T) {
	p := newPress(t)
	source := newBelt(p.edition(1))
	w := newWard(t, p, source)
	source.put(p.edition(5), nil)
	w.untilEdition(5)
	w.stop()

	source.put(nil, errors.New("gone"))
	w.start() // the server is away: the last good one serves
	w.isEdition(5)
	until(t, "the outage is told", func() bool { return w.follower.Status().Unreachable != nil })

	source.put(p.edition(4), nil)
	until(t, "the older one is refused", func() bool { s := w.follower.Status(); return s.Refused != nil && s.Refused.Code == delivery.CodeOlder })
	w.isEdition(5)
	source.put(p.edition(6), nil)
	w.untilEdition(6)
}

// What was in force goes on after a restart where it would not be let in any more: an
// upgrade asks for more proofs, and stops no hospital.
func TestTheLastGoodOneIsResumed(t *testing.T) {
	p := newPress(t)
	b := newBelt(p.edition(1))
	w := newWard(t, p, b)
	w.stop()
	w.strict = true
	w.start()
	w.isEdition(1)
	b.put(p.edition(2), nil)
	until(t, "the newer one is refused", func() bool {
		s := w.follower.Status()
		return s.Refused != nil && s.Refused.Code == delivery.CodeNotProved
	})
	w.isEdition(1)
}

func TestALostOrTamperedMarkIsNotBegunAnew(t *testing.T) {
	p := newPress(t)
	w := newWard(t, p, newBelt(p.edition(5)))
	if got := w.journal.details(); !slices.Contains(got, "policy.activate success ") {
		t.Errorf("the first is not journalled: %q", got)
	}
	w.stop()
	mark := filepath.Join(w.dir, "mark.json")
	raw, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	open := func() error { _, err := delivery.Open(context.Background(), w.config()); return err }
	if err := os.Remove(mark); err != nil {
		t.Fatal(err)
	}
	if err := open(); err == nil || !strings.Contains(err.Error(), "has lost mark.json") {
		t.Errorf("got %v without a mark", err)
	}
	if err := os.WriteFile(mark, raw[:len(raw)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(); err == nil || !strings.Contains(err.Error(), "not readable") {
		t.Errorf("got %v with half a mark", err)
	}
	if err := os.WriteFile(mark, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	copies, err := filepath.Glob(filepath.Join(w.dir, "bundle-*"))
	if err != nil || len(copies) != 1 {
		t.Fatalf("got %v %v, want one copy", copies, err)
	}
	if err := os.WriteFile(copies[0], p.edition(1), 0o600); err != nil {
		t.Fatal(err)
	}
	w.source = newBelt(p.edition(1))
	if err := open(); err == nil || !strings.Contains(err.Error(), "changed on disk") || !strings.Contains(err.Error(), "not newer") {
		t.Errorf("got %v with an older copy put in its place", err)
	}
}

func TestRollbackHoldsUntilSomethingNewerArrives(t *testing.T) {
	p := newPress(t)
	source := newBelt(p.edition(1))
	w := newWard(t, p, source)
	for n := 2; n <= 3; n++ {
		source.put(p.edition(n), nil)
		w.untilEdition(n)
	}
	ctx := context.Background()
	for name, r := range map[string]delivery.Return{
		"no reason":    {To: p.rules(2).Revision()},
		"two lines":    {To: p.rules(2).Revision(), Reason: "wards\ncannot read"},
		"a bell":       {To: p.rules(2).Revision(), Reason: "wards\acannot read"},
		"turned round": {To: p.rules(2).Revision(), Reason: "wards \u202ecannot read"},
		"no text":      {To: p.rules(2).Revision(), Reason: "wards \xffcannot read"},
		"unknown":      {To: "0000000000", Reason: "r"},
		"nothing":      {Reason: "r"},
		"in force":     {To: p.rules(3).Revision(), Reason: "r"},
		"newer":        {Packed: p.edition(9), Reason: "r"},
		"a stranger's": {Packed: newPress(t).edition(1), Reason: "r"},
	} {
		if _, err := w.follower.Rollback(ctx, r); err == nil {
			t.Errorf("%s: went back", name)
		}
	}
	w.isEdition(3)
	got, err := w.follower.Rollback(ctx, delivery.Return{To: p.rules(2).Revision()[:12], Reason: "wards cannot read"})
	if err != nil || got.Rules != p.rules(2).Revision() {
		t.Fatalf("got %v %v", got, err)
	}
	w.isEdition(2)
	if got := w.journal.details(); !slices.Contains(got, "policy.rollback success wards cannot read") {
		t.Errorf("got %q in the journal", got)
	}
	w.stop()
	before := source.questions()
	w.start() // the source still has edition 3
	until(t, "the source is asked again, after it brought edition 3", func() bool { return source.questions() >= before+2 })
	w.isEdition(2)
	if s := w.follower.Status(); s.Held == nil || s.Newest.Rules != p.rules(3).Revision() || s.Refused != nil {
		t.Errorf("got %+v, want it held", s)
	}
	source.put(p.edition(4), nil)
	w.untilEdition(4)
	if s := w.follower.Status(); s.Held != nil {
		t.Errorf("still held: %+v", s.Held)
	}
	if _, err := w.follower.Rollback(ctx, delivery.Return{Packed: p.edition(1), Reason: "from a file"}); err != nil {
		t.Fatal(err)
	}
	w.isEdition(1)
	if _, err := w.follower.Rollback(ctx, delivery.Return{To: p.rules(4).Revision(), Reason: "forward again"}); err != nil {
		t.Fatal(err)
	}
	if s := w.follower.Status(); s.Held != nil {
		t.Errorf("held at the newest: %+v", s.Held)
	}
}

func TestNothingComesIntoForceUnjournalled(t *testing.T) {
	p := newPress(t)
	source := newBelt(p.edition(1))
	w := newWard(t, p, source)
	w.journal.fail(errors.New("disk full"))
	source.put(p.edition(2), nil)
	until(t, "it is refused", func() bool {
		s := w.follower.Status()
		return s.Refused != nil && s.Refused.Code == delivery.CodeNotJournaled
	})
	w.isEdition(1)
	if _, err := w.follower.Rollback(context.Background(), delivery.Return{Packed: p.edition(0), Reason: "r"}); err == nil {
		t.Error("went back unjournalled")
	}
	w.journal.fail(nil)
	w.untilEdition(2) // the same bytes are tried again by themselves
}

func TestNothingComesIntoForceThatARestartWouldForget(t *testing.T) {
	p := newPress(t)
	source := newBelt(p.edition(1))
	w := newWard(t, p, source)
	away := w.dir + ".away"
	if err := os.Rename(w.dir, away); err != nil {
		t.Fatal(err)
	}
	source.put(p.edition(2), nil)
	until(t, "it is refused", func() bool {
		s := w.follower.Status()
		return s.Refused != nil && s.Refused.Code == delivery.CodeNotDurable
	})
	w.isEdition(1)
	if err := os.Rename(away, w.dir); err != nil {
		t.Fatal(err)
	}
	w.untilEdition(2)
}

func TestWithoutAnyRuleBookThereIsNoStart(t *testing.T) {
	p := newPress(t)
	gone := newBelt(nil)
	gone.put(nil, errors.New("connection refused"))
	for name, source := range map[string]*belt{"server away": gone, "stranger's bundle": newBelt(newPress(t).edition(1))} {
		_, err := delivery.Open(context.Background(), delivery.Config{
			Dir: filepath.Join(t.TempDir(), "policy"), Source: source, Trust: p.trust(), Points: points.Sections(), Log: slog.New(slog.DiscardHandler),
		})
		if err == nil || !strings.Contains(err.Error(), "belt") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
