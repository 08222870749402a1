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
// answer it is, none is refused because of them but where so many came that each of its
// routings met one, and nothing grows.
func TestThousandsOfSwapsUnderLoad(t *testing.T) {
	strict, lax := book(t), book(t)
	edit(t, lax, "authz/tables/rights.rego", `"Billing and Finance": {"patient": "self"`, `"Billing and Finance": {"doctor": "own", "patient": "self"`)
	candidates := []*Candidate{prepared(t, lax), prepared(t, strict)}
	laxRevision := candidates[0].Revision()
	e := NewFrom(candidates[1], reading1(ward()), nil, slog.New(slog.DiscardHandler), patient)
	before := heap()
	var done atomic.Bool
	var begun, ended atomic.Int64 // swaps
	var decided [2]int
	var wg sync.WaitGroup
	for lane := range decided {
		wg.Go(func() {
			for !done.Load() {
				earlier := ended.Load()
				switch d, err := routedDecision(e); {
				case errors.Is(err, pdp.ErrRevisionChanged):
					if met := begun.Load() - earlier; met < routings {
						t.Errorf("a request was refused by %d swaps", met)
					}
				case err != nil:
					t.Error(err)
				case d.Allow != (d.Revision == laxRevision):
					t.Errorf("revision %.8s decided allow %t", d.Revision, d.Allow)
				default:
					decided[lane]++
				}
			}
		})
	}
	for i := range swaps {
		begun.Add(1)
		e.Put(candidates[i%2])
		ended.Add(1)
		for range 2 {
			if _, err := routedDecision(e); err != nil {
				t.Errorf("a request was refused after a swap: %v", err)
			}
		}
	}
	done.Store(true)
	wg.Wait()
	total := decided[0] + decided[1]
	t.Logf("%d decisions during %d swaps", total, swaps)
	if total == 0 {
		t.Error("none was decided during the swaps")
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
