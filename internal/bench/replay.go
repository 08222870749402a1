package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/policies"
)

// printReplay replays a journal of n records, which lies on the disk as a
// hospital's does: each request has a decision and an outcome.
func printReplay(w *ward, dir string, n int) error {
	journal := filepath.Join(dir, "recorded")
	if err := w.record(journal, n); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	book, err := analysis.Open(policies.FS, points.Sections())
	if err != nil {
		return err
	}
	routes, err := route.Recorded(book.House())
	if err != nil {
		return err
	}
	begun, spent := time.Now(), processorTime()
	report, err := book.Replay(context.Background(), recorded(journal), analysis.ReplayConfig{Router: routes})
	if err != nil {
		return err
	}
	if len(report.Flips) > 0 || report.Decisions < n/2-1 {
		return fmt.Errorf("replay: %d decisions, flips %+v", report.Decisions, report.Flips)
	}
	took := time.Since(begun)
	fmt.Printf("\n%-46s %9.0f records/s, %.0f us of the processor each; 1,000,000 records in %.0f s\n",
		fmt.Sprintf("replay of a journal on disk, %d records", n), float64(n)/took.Seconds(),
		float64(processorTime()-spent)/float64(n)/1000, 1e6*took.Seconds()/float64(n))
	return nil
}

func recorded(dir string) iter.Seq2[pip.Event, error] {
	return func(yield func(pip.Event, error) bool) {
		for r, err := range reader.Query(context.Background(), dir, reader.Filter{Kinds: analysis.ReplayedKinds()}) {
			if !yield(r.Event, err) {
				return
			}
		}
	}
}

// unsynced is a disk that nothing waits for: what is measured is reading.
type unsynced struct{}

type unsyncedFile struct{ *os.File }

func (unsynced) Open(path string, flag int) (audit.File, error) {
	f, err := os.OpenFile(path, flag, 0o600)
	return unsyncedFile{f}, err
}
func (unsynced) Remove(path string) error { return os.Remove(path) }
func (unsynced) SyncDir(string) error     { return nil }
func (unsyncedFile) Sync() error          { return nil }

// record writes so many records of real decisions: of two hundred doctors, each
// with a hundred patients of their own.
func (w *ward) record(dir string, n int) error {
	j, err := audit.Open(audit.Config{Dir: dir, Disk: unsynced{}})
	if err != nil {
		return err
	}
	var next atomic.Int64
	var faults [8]error
	var writers sync.WaitGroup
	for i := range faults {
		writers.Go(func() {
			for at := int(next.Add(1)); at <= n/2 && faults[i] == nil; at = int(next.Add(1)) {
				faults[i] = w.exchange(j, at)
			}
		})
	}
	writers.Wait()
	return errors.Join(errors.Join(faults[:]...), j.Close())
}

// exchange records one request: its decision, and what came of it.
func (w *ward) exchange(j *audit.Journal, i int) error {
	r := w.request()
	r.Resource.ID = "019b8d4d-6bf5-7e28-a7ec-" + fmt.Sprintf("%012d", i%20_000)
	w.turn.Store(int64(i / 100 % 200))
	d, err := w.engine.Decide(context.Background(), r)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	if err != nil {
		return err
	}
	seen := &d.Evidence
	t := pdp.Trace{
		ID: uuid.NewString(), Action: r.Action.Name, Subject: r.Subject.ID, Role: seen.Who.Role, Session: w.session,
		Address: netip.MustParseAddr("127.0.0.1"), Client: seen.Client(), Patient: r.Resource.ID,
		Method: r.Action.Method, Path: "/api/patients/" + r.Resource.ID, Detail: strconv.Itoa(i),
	}
	e := t.Decided(&d, w.engine.Tables().Reasons, r.Context.Time)
	if err := j.Append(context.Background(), e); err != nil {
		return err
	}
	e = t.CameOf(&d, &pdp.Outcome{Status: http.StatusOK, Patients: []string{r.Resource.ID}, Answered: true}, r.Context.Time)
	return j.Append(context.Background(), e)
}
