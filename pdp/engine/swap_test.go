package engine

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// swaps and routings: so many rule books come into force, and so often an
// enforcement point routes again before it gives up.
const (
	swaps    = 2000
	routings = 3
)

// Thousands of swaps under load: every decision is of one revision, whose
// answer it is, no request is refused because of them, and nothing grows.
func TestThousandsOfSwapsUnderLoad(t *testing.T) {
	strict, lax := book(t), book(t)
	edit(t, lax, "authz/tables/rights.rego", `"Billing and Finance": {"patient": "self"`, `"Billing and Finance": {"doctor": "own", "patient": "self"`)
	candidates := []*Candidate{prepared(t, lax), prepared(t, strict)}
	laxRevision := candidates[0].Revision()
	e := NewFrom(candidates[1], reading1(ward()), nil, slog.New(slog.DiscardHandler), Config{})
	before := heap()
	var done atomic.Bool
	var decided, late, refused [2]int
	var wg sync.WaitGroup
	for lane := range decided {
		wg.Go(func() {
			for !done.Load() {
				switch d, err := routedDecision(e); {
				case errors.Is(err, pdp.ErrRevisionChanged):
					refused[lane]++
				case err != nil:
					late[lane]++ // the machine was too busy to decide in time
				case d.Allow != (d.Revision == laxRevision):
					t.Errorf("revision %.8s decided allow %t", d.Revision, d.Allow)
				default:
					decided[lane]++
				}
			}
		})
	}
	for i := range swaps {
		e.Put(candidates[i%2])
		for range 2 {
			if _, err := routedDecision(e); errors.Is(err, pdp.ErrRevisionChanged) {
				t.Error("a request was refused by the swap before it")
			}
		}
	}
	done.Store(true)
	wg.Wait()
	total, lost := 0, 0
	for lane := range decided {
		total += decided[lane]
		lost += refused[lane]
	}
	t.Logf("%d decisions and %d late ones during %d swaps", total, late, swaps)
	if lost > 0 || total == 0 {
		t.Errorf("%d requests were refused because of swaps, %d decided", lost, total)
	}
	if after := heap(); after > before+32<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
}

func prepared(t *testing.T, fsys fs.FS) *Candidate {
	t.Helper()
	files, err := rulebook.ReadFiles(fsys)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Load(files, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// routedDecision routes and asks as an enforcement point does.
func routedDecision(e *Engine) (d pdp.Decision, err error) {
	r := readsPatient()
	r.Action.Name = "bill.list"
	for range routings {
		r.Context.Route = e.Tables().Revision
		if d, err = e.Decide(context.Background(), r); !errors.Is(err, pdp.ErrRevisionChanged) {
			return d, err
		}
	}
	return d, err
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
