package ship_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/ship"
)

// Whatever a sink does, what is in the journal is in the sink, each record
// once and in order.
func TestEverythingArrivesOnce(t *testing.T) {
	tests := []struct {
		name   string
		before func(attempt int, batch []ship.Document) ([]ship.Refusal, error)
		after  func(attempt int) error
	}{
		{"a sink without fault", nil, nil},
		{"gone at first", func(n int, _ []ship.Document) ([]ship.Refusal, error) {
			if n < 40 {
				return nil, errGone
			}
			return nil, nil
		}, nil},
		{"overloaded now and then", func(n int, _ []ship.Document) ([]ship.Refusal, error) {
			if n%3 != 0 {
				return nil, &ship.StatusError{Status: 429}
			}
			return nil, nil
		}, nil},
		{"taken, and the answer lost", nil, func(n int) error {
			if n%2 == 0 {
				return errGone
			}
			return nil
		}},
		{"credentials that are mended later", func(n int, _ []ship.Document) ([]ship.Refusal, error) {
			if n < 10 {
				return nil, &ship.StatusError{Status: 401}
			}
			return nil, nil
		}, nil},
		{"batches that are too large", func(_ int, batch []ship.Document) ([]ship.Refusal, error) {
			if len(batch) > 3 {
				return nil, &ship.StatusError{Status: 413}
			}
			return nil, nil
		}, nil},
		{"faults at random", func(int, []ship.Document) ([]ship.Refusal, error) {
			if rand.IntN(2) == 0 {
				return nil, errGone
			}
			return nil, nil
		}, func(int) error {
			if rand.IntN(3) == 0 {
				return &ship.StatusError{Status: 503}
			}
			return nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			j := openJournal(t, filepath.Join(dir, "journal"))
			sink := newStore()
			sink.before, sink.after = tt.before, tt.after
			s := newShipper(t, dir, sink, fast())
			put(t, j, 0, 100)
			stop := run(t, s)
			put(t, j, 100, 300)
			await(t, "everything is shipped", caughtUp(s))
			stop()
			sink.wantAll(t, dir)
			if st := s.Status(); st.Fault != nil || st.Refused != 0 || st.Shipped != 301 || st.LastSuccess.IsZero() || st.Lag != 0 {
				t.Errorf("got status %+v", st)
			}
		})
	}
}

// While a sink is gone the journal takes records as ever, and the status says
// how many wait.
func TestGoneSinkHoldsNothingUp(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, filepath.Join(dir, "journal"))
	sink := newStore()
	back := make(chan struct{})
	sink.before = func(int, []ship.Document) ([]ship.Refusal, error) {
		select {
		case <-back:
			return nil, nil
		default:
			return nil, errGone
		}
	}
	s := newShipper(t, dir, sink, fast())
	run(t, s)
	put(t, j, 0, 2000)
	await(t, "a failure is noticed", func() bool { return s.Status().Fault != nil })
	if st := s.Status(); st.Behind != 2001 || st.Position.Seq != 0 || sink.size() != 0 {
		t.Errorf("got %d behind at %d with %d shipped, want 2001 at 0 with none", st.Behind, st.Position.Seq, sink.size())
	}
	await(t, "the lag grows", func() bool { return s.Status().Lag > 0 })
	close(back)
	await(t, "everything is shipped", caughtUp(s))
	sink.wantAll(t, dir)
}

// A silent sink takes an offer and never answers, as through a firewall that
// has forgotten the connection. The second time it answers.
type silent struct {
	*store
	once sync.Once
}

func (s *silent) Send(ctx context.Context, batch []ship.Document) (refused []ship.Refusal, err error) {
	s.once.Do(func() {
		_, _ = s.store.Send(ctx, batch)
		<-ctx.Done()
		err = ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	return s.store.Send(ctx, batch)
}

// A sink that falls silent in the middle of an offer is asked again, without a
// restart, and nothing is there twice.
func TestSilentSinkIsAskedAgain(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, filepath.Join(dir, "journal"))
	sink := &silent{store: newStore()}
	cfg := fast()
	cfg.Patience = 20 * time.Millisecond
	s := newShipper(t, dir, sink, cfg)
	run(t, s)
	put(t, j, 0, 40)
	await(t, "everything is shipped", caughtUp(s))
	sink.wantAll(t, dir)
	if st := s.Status(); st.Failures == 0 || st.Fault != nil || st.Refused != 0 {
		t.Errorf("got status %+v, want the silence counted and over", st)
	}
}

// A restart goes on where the sink stood, also in the middle of a batch, and
// never before it.
func TestRestarts(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, filepath.Join(dir, "journal"))
	sink := newStore()
	last := uint64(0)
	for round := range 20 {
		put(t, j, round*50, round*50+50)
		s := newShipper(t, dir, sink, fast())
		if at := s.Position().Seq; at < last {
			t.Fatalf("round %d begins at %d, want %d or later", round, at, last)
		}
		stop := run(t, s)
		from := sink.size()
		await(t, "something is shipped", func() bool { return sink.size() > from })
		stop()
		last = s.Position().Seq
	}
	s := newShipper(t, dir, sink, fast())
	run(t, s)
	await(t, "everything is shipped", caughtUp(s))
	sink.wantAll(t, dir)
	if sink.repeated > 20*16 {
		t.Errorf("%d records were offered again, more than a batch for each restart", sink.repeated)
	}
}

// What will never be accepted is set aside, said in the journal and counted;
// what stands around it arrives.
func TestPoisonIsSetAside(t *testing.T) {
	tests := []struct {
		name   string
		before func(poison func(ship.Document) bool, batch []ship.Document) ([]ship.Refusal, error)
	}{
		{"named by the sink", func(poison func(ship.Document) bool, batch []ship.Document) ([]ship.Refusal, error) {
			var refused []ship.Refusal
			for i, d := range batch {
				if poison(d) {
					refused = append(refused, ship.Refusal{Index: i, Code: "document_parsing_exception"})
				}
			}
			return refused, nil
		}},
		{"with its whole batch", func(poison func(ship.Document) bool, batch []ship.Document) ([]ship.Refusal, error) {
			for _, d := range batch {
				if poison(d) {
					return nil, fmt.Errorf("sink: %w", &ship.StatusError{Status: 400, Code: "document_parsing_exception"})
				}
			}
			return nil, nil
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			j := openJournal(t, filepath.Join(dir, "journal"))
			sink := newStore()
			var poisoned []string
			sink.before = func(_ int, batch []ship.Document) ([]ship.Refusal, error) {
				return tt.before(func(d ship.Document) bool {
					is := bytes.Contains(d.Body, []byte(`"d-7"`)) || bytes.Contains(d.Body, []byte(`"d-31"`))
					if is && !contains(poisoned, d.ID) {
						poisoned = append(poisoned, d.ID)
					}
					return is
				}, batch)
			}
			cfg := fast()
			cfg.Journal = j
			s := newShipper(t, dir, sink, cfg)
			put(t, j, 0, 60)
			stop := run(t, s)
			await(t, "everything is shipped", func() bool { return s.Status().Refused == 2 && s.Status().Behind == 0 })
			stop()
			sink.wantAll(t, dir, poisoned...)
			text, err := os.ReadFile(filepath.Join(dir, "ship", "store.refused.ndjson"))
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(text), `"code":"document_parsing_exception"`); n != 2 || !strings.Contains(string(text), `"d-31"`) {
				t.Errorf("got %d refused lines, want 2 with their documents: %s", n, text)
			}
			if n := told(t, dir); n == 0 || n > 2 {
				t.Errorf("the journal tells %d times, want once for each batch", n)
			}
		})
	}
}

// told counts the journal's records about refusals.
func told(t *testing.T, dir string) int {
	t.Helper()
	n := 0
	for r, err := range reader.Query(t.Context(), filepath.Join(dir, "journal"), reader.Filter{Kind: pip.KindSystem}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Event.Action == "events.refuse" {
			n++
		}
	}
	return n
}

// A sink that refuses everything does not make the journal write about its
// refusals for ever.
func TestRefusingEverythingEnds(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, filepath.Join(dir, "journal"))
	sink := newStore()
	sink.before = func(int, []ship.Document) ([]ship.Refusal, error) { return nil, &ship.StatusError{Status: 400} }
	cfg := fast()
	cfg.Journal = j
	s := newShipper(t, dir, sink, cfg)
	put(t, j, 0, 20)
	run(t, s)
	await(t, "everything is set aside", caughtUp(s))
	text, err := os.ReadFile(filepath.Join(dir, "ship", "store.refused.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := bytes.Count(text, []byte("\n")), int(s.Position().Seq); got != want {
		t.Errorf("%d records are set aside, want all %d", got, want)
	}
	if n := told(t, dir); n != 21 {
		t.Errorf("the journal tells %d times, want 21: once for each record but those about refusals", n)
	}
}

// When the journal cannot say that a record was refused, the record is not
// passed: it may not vanish without evidence.
func TestRefusalNeedsItsEvidence(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, filepath.Join(dir, "journal"))
	sink := newStore()
	sink.before = func(_ int, batch []ship.Document) ([]ship.Refusal, error) {
		return []ship.Refusal{{Index: 0, Code: "x"}}, nil
	}
	broken := openJournal(t, filepath.Join(dir, "other"))
	if err := broken.Close(); err != nil {
		t.Fatal(err)
	}
	cfg := fast()
	cfg.Journal = broken
	s := newShipper(t, dir, sink, cfg)
	put(t, j, 0, 3)
	run(t, s)
	await(t, "it failed a few times", func() bool { return s.Status().Failures > 3 })
	if st := s.Status(); st.Position.Seq != 0 || st.Refused != 0 {
		t.Errorf("got position %d with %d refused, want 0 and none", st.Position.Seq, st.Refused)
	}
}

func TestDamagedCursorIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"cut": `{"chain":"main","se`, "empty": "", "another document": `{"a":1}`, "a misshapen hash": `{"chain":"main","seq":4,"segment":1,"offset":9,"hash":"zz"}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "store.cursor"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := ship.New(ship.Parts{Name: "store", Journal: dir, State: dir, Sink: newStore(), Encode: encode}, ship.Config{})
			if err == nil {
				t.Error("got no error")
			}
		})
	}
}

// A journal that was rolled back is not shipped as if nothing had happened.
func TestRolledBackJournalIsAFault(t *testing.T) {
	dir := t.TempDir()
	journal := filepath.Join(dir, "journal")
	j := openJournal(t, journal)
	put(t, j, 0, 5)
	if err := os.CopyFS(filepath.Join(dir, "old"), os.DirFS(journal)); err != nil {
		t.Fatal(err)
	}
	put(t, j, 5, 10)
	sink := newStore()
	s := newShipper(t, dir, sink, fast())
	stop := run(t, s)
	await(t, "everything is shipped", caughtUp(s))
	stop()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(journal); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "old"), journal); err != nil {
		t.Fatal(err)
	}
	s = newShipper(t, dir, sink, fast())
	run(t, s)
	await(t, "the fault is told", func() bool { return s.Status().Fault != nil })
	if got := sink.size(); got != 11 {
		t.Errorf("got %d documents, want 11", got)
	}
}
