package delivery_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pip"
)

// dieVariable has the test binary follow bundles until it kills itself. It holds
// where, as JSON.
const dieVariable = "WARDGATE_DELIVERY_CHILD"

// A dying process ends at a point of the way of a bundle: when its activation
// was journalled, or when it was marked and is about to decide.
type dying struct {
	Dir, Bundle, Journal string
	Public               []byte
	At                   string // atJournal, atEngine
	Lives                int    // so many times it passes the point before
}

const (
	atJournal = "journal"
	atEngine  = "engine"
)

func TestMain(m *testing.M) {
	if told := os.Getenv(dieVariable); told != "" {
		fmt.Fprintln(os.Stderr, live(told))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func live(told string) error {
	var d dying
	if err := json.Unmarshal([]byte(told), &d); err != nil {
		return err
	}
	trust, err := bundle.NewTrust(map[string][]byte{"hospital": d.Public}, "")
	if err != nil {
		return err
	}
	ctx := context.Background()
	k, err := delivery.Open(ctx, delivery.Config{
		Dir: d.Dir, Source: delivery.NewFile(d.Bundle), Trust: trust, Points: points.Sections(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	if err := k.Serve(ctx, &d, &d); err != nil {
		return err
	}
	fmt.Println("serves")
	k.Run(ctx)
	return errors.New("it ended by itself")
}

func (d *dying) pass(point string) {
	if d.At != point {
		return
	}
	if d.Lives--; d.Lives < 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// Append is durable before it returns, as a journal is.
func (d *dying) Append(_ context.Context, e pip.Event) error {
	f, err := os.OpenFile(d.Journal, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, e.Action, e.Outcome, e.Revision)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	d.pass(atJournal)
	return nil
}

func (d *dying) Put(*engine.Candidate) { d.pass(atEngine) }

// kill follows file until the process dies where it was told to, or where the
// test lets it die.
func (d *dying) kill(t *testing.T, when func(serves func() bool, kill func())) {
	t.Helper()
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), dieVariable+"="+string(raw))
	var said, wrong bytes.Buffer
	out := &locked{b: &said}
	child.Stdout, child.Stderr = out, &wrong
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Process.Kill() }() // it is dead, but where the test ends before
	if when != nil {
		when(func() bool { return strings.Contains(out.String(), "serves") }, func() { _ = child.Process.Kill() })
	}
	_ = child.Wait()
	status, _ := child.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("it was not killed: %v %s", child.ProcessState, wrong.String())
	}
}

// A scene is a folder of a process that died.
type scene struct {
	t      *testing.T
	press  *press
	dir    string
	bundle string
	dying  dying
}

func newScene(t *testing.T, at string, lives int) *scene {
	t.Helper()
	p, dir := newPress(t), t.TempDir()
	s := &scene{t: t, press: p, dir: filepath.Join(dir, "policy"), bundle: filepath.Join(dir, "bundle.tar.gz")}
	s.dying = dying{Dir: s.dir, Bundle: s.bundle, Journal: filepath.Join(dir, "journal"), Public: p.public, At: at, Lives: lives}
	return s
}

func (s *scene) offer(n int) {
	s.t.Helper()
	half := s.bundle + ".new"
	if err := errors.Join(os.WriteFile(half, s.press.edition(n), 0o600), os.Rename(half, s.bundle)); err != nil {
		s.t.Fatal(err)
	}
}

// journalled reports whether the activation of an edition is on record.
func (s *scene) journalled(n int) bool {
	raw, _ := os.ReadFile(s.dying.Journal) // none yet is an empty one
	return strings.Contains(string(raw), "policy.activate success "+s.press.rules(n).Revision())
}

// restart starts on what is left, with a source that brings packed or is gone.
func (s *scene) restart(source *belt) *ward {
	s.t.Helper()
	w := &ward{t: s.t, press: s.press, dir: s.dir, source: source, journal: &book{}}
	w.start()
	return w
}

// refusesOlder: an edition that is not newer than the newest changes nothing.
func (s *scene) refusesOlder(w *ward, source *belt, older, inForce int) {
	s.t.Helper()
	source.put(s.press.edition(older), nil)
	until(s.t, "the older edition is refused", func() bool {
		return strings.Contains(strings.Join(w.journal.details(), "\n"), string(delivery.CodeOlder))
	})
	w.isEdition(inForce)
}

var errGone = errors.New("the source is gone")

// Killed after the mark and before the engine: the bundle decides at the next
// start, though it never did, and no older one ever again.
func TestKilledBetweenTheMarkAndTheEngine(t *testing.T) {
	t.Parallel()
	s := newScene(t, atEngine, 1) // the first bundle comes into force
	s.offer(1)
	s.dying.kill(t, func(serves func() bool, _ func()) {
		until(t, "it serves", serves)
		s.offer(2)
	})
	if !s.journalled(1) || !s.journalled(2) {
		t.Error("what came into force was not journalled before")
	}
	source := newBelt(nil)
	source.put(nil, errGone)
	w := s.restart(source)
	w.isEdition(2)
	s.refusesOlder(w, source, 1, 2)
	source.put(s.press.edition(3), nil)
	w.untilEdition(3)
}

// Killed with the first bundle of all marked and never in force: it needs no
// source to begin with it.
func TestKilledBeforeTheFirstBundleEverDecided(t *testing.T) {
	t.Parallel()
	s := newScene(t, atEngine, 0)
	s.offer(5)
	s.dying.kill(t, nil)
	source := newBelt(nil)
	source.put(nil, errGone)
	w := s.restart(source)
	w.isEdition(5)
	s.refusesOlder(w, source, 4, 5)
}

// Killed when the journal has it, and the folder has not: the one before
// decides, until the source is asked again.
func TestKilledBetweenTheJournalAndTheMark(t *testing.T) {
	t.Parallel()
	s := newScene(t, atJournal, 1)
	s.offer(1)
	s.dying.kill(t, func(serves func() bool, _ func()) {
		until(t, "it serves", serves)
		s.offer(2)
	})
	if !s.journalled(2) {
		t.Fatal("it died somewhere else")
	}
	source := newBelt(nil)
	source.put(nil, errGone)
	w := s.restart(source)
	w.isEdition(1)
	source.put(s.press.edition(2), nil)
	w.untilEdition(2)
	s.refusesOlder(w, source, 1, 2)
}

// Killed when the bundle's bytes lie in the folder, and the mark does not name
// them: they are a file that nothing names. A folder in its place holds the mark up.
func TestKilledBetweenTheBytesAndTheMark(t *testing.T) {
	t.Parallel()
	s := newScene(t, "", 0)
	s.offer(1)
	mark := filepath.Join(s.dir, "mark.json")
	var first []byte
	s.dying.kill(t, func(serves func() bool, kill func()) {
		until(t, "it serves", serves)
		var err error
		if first, err = os.ReadFile(mark); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Remove(mark), os.Mkdir(mark, 0o700)); err != nil {
			t.Fatal(err)
		}
		s.offer(2)
		until(t, "the bytes of both are there", func() bool {
			files, _ := filepath.Glob(filepath.Join(s.dir, "bundle-*.tar.gz"))
			return len(files) == 2
		})
		kill()
	})
	if err := errors.Join(os.Remove(mark), os.WriteFile(mark, first, 0o600)); err != nil {
		t.Fatal(err)
	}
	source := newBelt(nil)
	source.put(nil, errGone)
	w := s.restart(source)
	w.isEdition(1)
	source.put(s.press.edition(2), nil)
	w.untilEdition(2)
	s.refusesOlder(w, source, 1, 2)
}

// locked is a buffer that one goroutine writes while another reads it.
type locked struct {
	mu sync.Mutex
	b  *bytes.Buffer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
