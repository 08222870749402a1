package ship_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/ecs"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/ship"
)

// The test binary starts itself again as the process that is to be killed.
const childVariable = "WARDGATE_SHIP_CHILD"

func TestMain(m *testing.M) {
	if address := os.Getenv(childVariable); address != "" {
		shipForever(address, os.Args[len(os.Args)-2], os.Args[len(os.Args)-1])
		return
	}
	goleak.VerifyTestMain(m)
}

func openJournal(t testing.TB, dir string) *audit.Journal {
	t.Helper()
	j, err := audit.Open(audit.Config{Dir: dir, SegmentBytes: 16 << 10}) // many rotations
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func put(t testing.TB, j pip.Journal, from, to int) {
	t.Helper()
	var group sync.WaitGroup
	lanes := make(chan int)
	for range 8 {
		group.Go(func() {
			for i := range lanes {
				if err := j.Append(context.Background(), event(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := from; i < to; i++ {
		lanes <- i
	}
	close(lanes)
	group.Wait()
}

func event(i int) pip.Event {
	return pip.Event{
		Kind: pip.KindDecision, Action: "patient.read", Decision: fmt.Sprintf("d-%d", i), Subject: "u-1", Allow: true,
		Input: json.RawMessage(`{"context":{"identity":{"state":"fresh"}}}`),
	}
}

func encode(chain string, r *reader.Record) (ship.Document, error) {
	body, err := ecs.Document(chain, r)
	return ship.Document{ID: ecs.ID(chain, r), Body: body}, err
}

// fast is a shipper's configuration for tests: small batches, short waits.
func fast() ship.Config {
	return ship.Config{Bound: reader.Bound{Records: 16}, Least: time.Millisecond, Most: 4 * time.Millisecond}
}

func newShipper(t testing.TB, dir string, sink ship.Sink, cfg ship.Config) *ship.Shipper {
	t.Helper()
	s, err := ship.New(ship.Parts{
		Name: "store", Journal: filepath.Join(dir, "journal"), State: filepath.Join(dir, "ship"), Sink: sink, Encode: encode,
	}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run ships in the background until stop is called.
func run(t testing.TB, s *ship.Shipper) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// await waits until cond holds. It fails when that does not come to pass at all.
func await(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if cond() {
			return
		}
	}
	t.Fatalf("never came to pass: %s", what)
}

func caughtUp(s *ship.Shipper) func() bool {
	return func() bool { return s.Status().Behind == 0 }
}

// A store keeps each id once, as a data stream does.
type store struct {
	mu       sync.Mutex
	docs     map[string][]byte
	order    []string
	repeated int
	before   func(attempt int, batch []ship.Document) ([]ship.Refusal, error) // nil takes all
	after    func(attempt int) error                                          // fails though everything was taken
	attempts int
}

func newStore() *store { return &store{docs: map[string][]byte{}} }

var errGone = errors.New("connection refused")

func (s *store) Send(_ context.Context, batch []ship.Document) ([]ship.Refusal, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts++
	var refused []ship.Refusal
	if s.before != nil {
		var err error
		if refused, err = s.before(s.attempts, batch); err != nil {
			return nil, err
		}
	}
	bad := map[int]bool{}
	for _, r := range refused {
		bad[r.Index] = true
	}
	for i, d := range batch {
		switch _, have := s.docs[d.ID]; {
		case bad[i]:
		case have:
			s.repeated++
		default:
			s.docs[d.ID] = d.Body
			s.order = append(s.order, d.ID)
		}
	}
	if s.after != nil {
		if err := s.after(s.attempts); err != nil {
			return nil, err
		}
	}
	return refused, nil
}

// size is how many documents there are.
func (s *store) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.docs)
}

// wantAll compares what is in the store with what is in the journal, id by id
// and in order.
func (s *store) wantAll(t testing.TB, dir string, missing ...string) {
	t.Helper()
	head, err := reader.HeadOf(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for r, err := range reader.Read(context.Background(), filepath.Join(dir, "journal"), 0) {
		if err != nil {
			t.Fatal(err)
		}
		id := ecs.ID(head.Chain, &r)
		if contains(missing, id) {
			continue
		}
		if n >= len(s.order) || s.order[n] != id {
			t.Fatalf("document %d is not %s", n, id)
		}
		n++
	}
	if n != len(s.docs) {
		t.Errorf("got %d documents, want the journal's %d", len(s.docs), n)
	}
}

func contains(list []string, want string) bool {
	for _, s := range list {
		if s == want {
			return true
		}
	}
	return false
}
