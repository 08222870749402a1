package sqlmark_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/internal/sqldb/sqlmark"
	"github.com/wardgate/wardgate/pip"
)

func table(t *testing.T, db sqldbtest.Database, name string) *sqlmark.Table {
	t.Helper()
	m, err := sqlmark.New(t.Context(), db(), name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMarksOnlyGrow(t *testing.T) {
	db := sqldbtest.New(t)
	a, b, other := table(t, db, "identity"), table(t, db, "identity"), table(t, db, "sessions")
	if _, err := a.Read(t.Context()); !errors.Is(err, sqlmark.ErrNone) {
		t.Errorf("before it begins: %v, want ErrNone", err)
	}
	first, err := a.Begin(t.Context())
	if err != nil || first.Epoch == "" || first.Sequence != 1 {
		t.Fatalf("got %+v %v", first, err)
	}
	if again, err := b.Begin(t.Context()); err != nil || again != first {
		t.Errorf("the other process has %+v %v, want the same", again, err)
	}
	if _, err := other.Read(t.Context()); !errors.Is(err, sqlmark.ErrNone) {
		t.Errorf("the other store: %v, want ErrNone", err)
	}

	// Numbers drawn at once by two processes differ.
	const each = 40
	drawn := make(chan uint64, 2*each)
	var all sync.WaitGroup
	for _, one := range []*sqlmark.Table{a, b} {
		all.Go(func() {
			for range each {
				m, err := one.Advance(t.Context(), first)
				if err != nil {
					t.Error(err)
					return
				}
				drawn <- m.Sequence
			}
		})
	}
	all.Wait()
	close(drawn)
	seen := map[uint64]bool{}
	for n := range drawn {
		if seen[n] || n <= first.Sequence {
			t.Errorf("%d was drawn twice, or is not new", n)
		}
		seen[n] = true
	}

	now, err := a.Read(t.Context())
	if err != nil || now.Sequence != 1+2*each {
		t.Errorf("it stands at %+v %v, want %d", now, err, 1+2*each)
	}
	for name, known := range map[string]pip.Mark{
		"another database": {Epoch: "another", Sequence: 1},
		"an older copy":    {Epoch: now.Epoch, Sequence: now.Sequence + 10},
	} {
		if _, err := a.Advance(t.Context(), known); !errors.Is(err, sqlmark.ErrChanged) {
			t.Errorf("%s: got %v, want ErrChanged", name, err)
		}
	}
	raised, err := a.Raise(t.Context(), 1000, false)
	if err != nil || raised.Epoch != now.Epoch || raised.Sequence != 1001 {
		t.Errorf("raised to %+v %v", raised, err)
	}
	if anew, err := a.Raise(t.Context(), 0, true); err != nil || anew.Epoch == now.Epoch || anew.Sequence != 1002 {
		t.Errorf("raised anew to %+v %v", anew, err)
	}
}
