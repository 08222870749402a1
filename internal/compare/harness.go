package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

type options struct {
	old, new       string
	requests       int
	seed           uint64
	ignore, folder string
	keep           bool
}

// errInterrupted ends a run early; what was found until then is reported.
var errInterrupted = errors.New("interrupted")

// errTorn says that one side had no time for a request that uses something up.
var errTorn = errors.New("one side was too busy")

// A harness sends requests to both sides and reports what differs.
type harness struct {
	sides       [2]*side // old, new
	random      *rand.Rand
	report      *report
	background  [2]map[string]int // records of no request, by what they say
	interrupted <-chan os.Signal

	sent     int
	late     atomic.Int64
	torn     int // requests of which one side decided too late and that could not be sent again
	statuses map[int]int
}

// compare runs the whole comparison, and reports whether something differs that
// is not listed.
func compare(o *options, interrupted <-chan os.Signal, out io.Writer) (found bool, err error) {
	rep, err := newReport(o.ignore)
	if err != nil {
		return false, err
	}
	folder, err := runFolder(o.folder)
	if err != nil {
		return false, err
	}
	if o.keep {
		fmt.Fprintf(out, "data folders in %s\n", folder)
	} else {
		defer os.RemoveAll(folder)
	}
	h := &harness{random: rand.New(rand.NewPCG(o.seed, 1)), report: rep, interrupted: interrupted, statuses: map[int]int{}}
	for i, binary := range []string{o.old, o.new} {
		label := []string{"old", "new"}[i]
		s, err := newSide(label, binary, filepath.Join(folder, label))
		if s != nil {
			defer func() { _ = s.stop() }() // once more is no fault
		}
		if err != nil {
			return false, err
		}
		h.sides[i], h.background[i] = s, map[string]int{}
	}
	begun := time.Now()
	if err := h.run(o.requests, out); err != nil && !errors.Is(err, errInterrupted) {
		return false, err
	}
	for _, s := range h.sides {
		if err := s.stop(); err != nil {
			return false, fmt.Errorf("stop the %s program: %w", s.label, err)
		}
	}
	if err := h.finish(); err != nil {
		return false, err
	}
	found = h.report.print(out)
	fmt.Fprintf(out, "%d requests in %s, seed %d; answers by status: %v\n", h.sent, time.Since(begun).Round(time.Second), o.seed, h.statuses)
	fmt.Fprintf(out, "%d decisions came too late on a busy machine and were asked for again\n", h.late.Load())
	if h.torn > 0 {
		fmt.Fprintf(out, "%d log-ins, step-ups or refreshes were begun anew, because one side had no time: sessions may differ by as many\n", h.torn)
	}
	if !found {
		fmt.Fprintln(out, "nothing differs that is not listed")
	}
	return found, nil
}

func runFolder(in string) (string, error) {
	if in == "" {
		if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
			in = "/dev/shm"
		}
	}
	return os.MkdirTemp(in, "wardgate-compare-")
}

// ask sends one request to both sides at once, and compares what it showed.
func (h *harness) ask(r *request) error {
	select {
	case <-h.interrupted:
		return errInterrupted
	default:
	}
	h.sent++
	var got [2]*observed
	var errs [2]error
	done := make(chan struct{})
	go func() {
		defer close(done)
		got[1], errs[1] = h.askOne(1, r)
	}()
	got[0], errs[0] = h.askOne(0, r)
	<-done
	if err := errors.Join(errs[:]...); err != nil {
		return err
	}
	at := fmt.Sprintf("#%d", h.sent)
	if r.once && (got[0].late || got[1].late) {
		h.torn++
		return errTorn
	}
	what := fmt.Sprintf("%s %s %s %s (%s)", at, r.what, r.method, shown(h.sides[0].fill(r.target)), r.to)
	h.report.add(what, diff(h.sides[0].seen(at, got[0]), h.sides[1].seen(at, got[1])))
	h.statuses[got[0].answer.status]++
	if r.learn != nil {
		for i, s := range h.sides {
			r.learn(s, got[i].answer)
		}
	}
	if r.after != nil {
		r.after(got[0].answer)
	}
	return nil
}

func shown(target string) string {
	if len(target) > 120 {
		target = target[:120] + "…"
	}
	return fmt.Sprintf("%q", target)
}

// patience is how often a request is sent again whose decision came too late.
const patience = 20

// askOne sends a request to one side. A decision has milliseconds: a machine
// that is too busy denies and forwards nothing. That is weather, so the request
// is sent again; how often is counted and told.
func (h *harness) askOne(i int, r *request) (*observed, error) {
	s := h.sides[i]
	targets := []string{s.fill(r.target)}
	for _, line := range r.header {
		if name, value, _ := strings.Cut(line, ": "); name == "X-Forwarded-Uri" || name == "X-Original-URL" {
			targets = append(targets, s.fill(value))
		}
	}
	s.names.sent(s.fill(r.body), targets...)
	for try := 0; ; try++ {
		a, err := s.send(r)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", s.label, r.what, err)
		}
		raw, err := s.journal.read()
		if err != nil {
			return nil, fmt.Errorf("%s: journal: %w", s.label, err)
		}
		if isLate(a, raw) && r.once {
			s.backend.take()
			return &observed{answer: a, late: true}, nil
		}
		if isLate(a, raw) && try < patience {
			h.late.Add(1)
			s.backend.take()
			time.Sleep(20 * time.Millisecond)
			continue
		}
		return &observed{answer: a, records: h.records(i, raw)}, nil
	}
}

// records tells the records of a request from those of the background.
func (h *harness) records(i int, raw [][]byte) []map[string]any {
	var list []map[string]any
	for _, line := range raw {
		v, ok := readJSON(line)
		record, isObject := v.(map[string]any)
		switch {
		case !ok || !isObject:
			list = append(list, map[string]any{"unreadable": string(line)})
		case isBackground(record):
			h.background[i][fmt.Sprintf("%s %s %s %s", text(record["kind"]), text(record["action"]), text(record["outcome"]), text(record["detail"]))]++
		default:
			list = append(list, record)
		}
	}
	return list
}

// lateCodes are what a decision point says that had no time.
var lateCodes = []string{"decision_unavailable", "identity_unavailable"}

func isLate(a *answer, records [][]byte) bool {
	late := func(text []byte) bool {
		for _, code := range lateCodes {
			if bytes.Contains(text, []byte(`"`+code+`"`)) {
				return true
			}
		}
		return false
	}
	for _, r := range records {
		if late(r) {
			return true
		}
	}
	return late(a.body)
}

// finish compares what the processes said of themselves.
func (h *harness) finish() error {
	for i, s := range h.sides {
		raw, err := s.journal.read()
		if err != nil {
			return err
		}
		h.records(i, raw)
	}
	// How often something is done each few seconds is weather: which things are, is not.
	old, new := map[string]any{}, map[string]any{}
	for what := range h.background[0] {
		old[strings.ReplaceAll(what, "/", "|")] = "there"
	}
	for what := range h.background[1] {
		new[strings.ReplaceAll(what, "/", "|")] = "there"
	}
	h.report.add("the whole run", diff(map[string]any{"background": old}, map[string]any{"background": new}))
	return nil
}
