package sqlanchor_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/chain"
	"github.com/wardgate/wardgate/pip/audit/sqlanchor"
)

func open(t *testing.T, path string) *sqlanchor.Store {
	t.Helper()
	s, err := sqlanchor.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func head(name string, turn, seq uint64) chain.Head {
	return chain.Head{
		Chain: name, Turn: turn, Seq: seq, Segment: 1, Offset: 100, Hash: "00",
		Time: time.Date(2026, 3, 1, 10, 0, 0, 123456789, time.UTC), Signature: []byte("signed"),
	}
}

// suite holds for every database that keeps anchors.
func suite(t *testing.T, s *sqlanchor.Store) {
	ctx := context.Background()
	latest := func(chain string, seq uint64) {
		t.Helper()
		h, err := s.Latest(ctx, chain)
		if err != nil || h.Seq != seq || h.Chain != chain || string(h.Signature) != "signed" {
			t.Errorf("got %+v, %v, want record %d of %s", h, err, seq, chain)
		}
	}
	if _, err := s.Latest(ctx, "a"); !errors.Is(err, anchor.ErrNoAnchor) {
		t.Errorf("got %v, want ErrNoAnchor", err)
	}
	for _, h := range []chain.Head{head("a", 1, 10), head("a", 2, 10), head("a", 9, 20), head("b", 1, 3), head("a", 4, 21)} {
		if err := s.Store(ctx, h); err != nil {
			t.Fatalf("store %+v: %v", h, err)
		}
	}
	latest("a", 21)
	latest("b", 3)
	if err := s.Store(ctx, head("a", 50, 20)); !errors.Is(err, sqlanchor.ErrNewer) {
		t.Errorf("a head of an earlier record: got %v, want ErrNewer", err)
	}
	latest("a", 21)
	if err := s.Replace(ctx, head("a", 1, 2)); err != nil {
		t.Fatal(err)
	}
	if err := s.Replace(ctx, head("c", 1, 7)); err != nil {
		t.Fatal(err)
	}
	latest("a", 2)
	latest("c", 7)
}

func TestDatabase(t *testing.T) { suite(t, over(t, sqldbtest.New(t))) }

func over(t *testing.T, db sqldbtest.Database) *sqlanchor.Store {
	t.Helper()
	s, err := sqlanchor.New(context.Background(), db())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions.db")
	suite(t, open(t, path))
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %v, %v", info.Mode(), err)
	}
	h, err := open(t, path).Latest(context.Background(), "b")
	if want := head("b", 1, 3); err != nil || !h.Time.Equal(want.Time) {
		t.Errorf("after opening again: got %+v, %v", h, err)
	}
}

// Many at once: the newest stays, whoever comes last.
func TestTheNewestStays(t *testing.T) {
	db := sqldbtest.New(t)
	stores := []*sqlanchor.Store{over(t, db), over(t, db)}
	var wg sync.WaitGroup
	for n := range uint64(60) {
		wg.Go(func() {
			err := stores[n%2].Store(context.Background(), head("a", n, n))
			if err != nil && !errors.Is(err, sqlanchor.ErrNewer) {
				t.Errorf("store: %v", err)
			}
		})
	}
	wg.Wait()
	if h, err := stores[0].Latest(context.Background(), "a"); err != nil || h.Seq != 59 {
		t.Errorf("got record %d, %v, want 59", h.Seq, err)
	}
}
