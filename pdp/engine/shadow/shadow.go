// Package shadow lets a candidate rule book decide beside the live one, and says where
// it would answer otherwise. It delays no decision, changes none and has no effect:
// what it cannot keep up with it drops, and counts.
package shadow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
)

// Bounds of what a shadow takes: decisions that wait, the time for one unless a Config
// says otherwise, and how long it rests for each moment that it worked. It has at most a
// tenth of one core, so that it needs no priority of its own: a thread that the kernel
// holds back would hold up the scheduler of the whole process.
const (
	waiting = 1024
	within  = 50 * time.Millisecond
	rests   = 9
	spell   = time.Millisecond // worked before it rests
	looks   = 2 * time.Second  // between two looks at the candidate
	tells   = 10 * time.Minute // between two lines in the log
)

// A State says how a shadow stands.
type State string

// The states.
const (
	Loading   State = "loading"
	Comparing State = "comparing"
	Refused   State = "refused" // its rule book cannot be asked
	Gone      State = "gone"    // it cannot be read
)

// States are all of them.
func States() []State { return []State{Loading, Comparing, Refused, Gone} }

// Config is what a Shadow needs. All but Load, Timeout and Log is required.
type Config struct {
	Source string                                                         // where the candidate comes from, for people
	Read   func() (rulebook.Files, error)                                 // the candidate; an error that is ErrRefused is told as a refusal
	Points []pip.Section                                                  // of all information points
	Routes func(*pdp.Tables) (analysis.Router, error)                     // a book's table of routes
	Live   func() *pdp.Tables                                             // of the live book
	Load   func(rulebook.Files, []pip.Section) (*engine.Candidate, error) // nil means engine.Load
	Log    *slog.Logger

	Timeout time.Duration // of one comparison; 0 means 50 ms, as long as a decision may take
}

// ErrRefused: the candidate is there, and may not be taken: no trusted key signed it.
var ErrRefused = errors.New("the candidate was refused")

// A Shadow compares a candidate with the live book. Offer may be called in parallel,
// and before Run.
type Shadow struct {
	cfg     Config
	queue   chan question
	dropped atomic.Uint64
	failed  atomic.Uint64

	mu       sync.Mutex // held for one comparison at most
	comparer *analysis.Comparer
	state    State
	since    time.Time
	fault    string
	former   former
	files    rulebook.Files // that were looked at
}

// former is what the live book does beside its answers.
type former struct {
	revision string
	as       *analysis.Former // nil where its routes cannot be read
}

// A question is one decision of the live book.
type question struct {
	request  pdp.Request
	decision pdp.Decision
}

// New returns a Shadow that compares once it runs.
func New(cfg Config) *Shadow {
	if cfg.Load == nil {
		cfg.Load = engine.Load
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = within
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Shadow{cfg: cfg, queue: make(chan question, waiting), state: Loading, since: time.Now()}
}

// Offer hands over a decision. It never waits: what has no room is dropped, and so is
// everything while there is no candidate.
func (s *Shadow) Offer(r *pdp.Request, d *pdp.Decision) {
	select {
	case s.queue <- question{*r, *d}:
	default:
		s.dropped.Add(1)
	}
}

// Run compares, and follows the candidate, until ctx ends.
func (s *Shadow) Run(ctx context.Context) {
	look, tell := time.NewTicker(looks), time.NewTicker(tells)
	defer look.Stop()
	defer tell.Stop()
	s.look()
	var worked time.Duration
	var told int
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			s.look()
		case <-tell.C:
			told = s.tell(told)
		case q := <-s.queue:
			begun := time.Now()
			s.compare(ctx, &q)
			if worked += time.Since(begun); worked < spell {
				continue
			}
			if !rest(ctx, rests*worked) {
				return
			}
			worked = 0
		}
	}
}

func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// compare asks the candidate what the live book was asked. What is made of the
// question is what a journal would hold, so that both come to the same.
func (s *Shadow) compare(ctx context.Context, q *question) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.comparer == nil {
		return
	}
	r := &q.request
	t := pdp.Trace{
		ID: r.Context.ID, Action: r.Action.Name, Method: r.Action.Method, Path: r.Action.Path, Address: r.Context.Address,
		Caller: r.Context.Caller.String(), Role: q.decision.Evidence.Who.Role,
	}
	live := s.cfg.Live()
	s.follow(live)
	e := t.Decided(&q.decision, live.Reasons, r.Context.Time)
	if err := s.comparer.Compare(ctx, &e); err != nil && s.failed.Add(1) == 1 {
		s.cfg.Log.Warn("the shadow rule book could not be asked about a decision; further ones are counted", "decision", r.Context.ID, "error", err)
	}
}

// follow keeps what the live book does beside its answers.
func (s *Shadow) follow(live *pdp.Tables) {
	if s.former.revision == live.Revision {
		return
	}
	s.former = former{revision: live.Revision}
	if router, err := s.cfg.Routes(live); err == nil {
		s.former.as = &analysis.Former{Router: router, Reasons: live.Reasons}
	}
}

// formerly is what the live book does, for decisions that it made. A decision of the
// book before it cannot be told of.
func (s *Shadow) formerly(revision string) *analysis.Former {
	if revision != s.former.revision {
		return nil
	}
	return s.former.as
}

// look reads the candidate, and takes another one when its content changed.
func (s *Shadow) look() {
	files, err := s.cfg.Read()
	if err != nil {
		state, what := Gone, "the shadow rule book cannot be read; nothing is compared"
		if errors.Is(err, ErrRefused) {
			state, what = Refused, "the shadow rule book was refused; nothing is compared"
		}
		if s.stands(state, err) {
			return
		}
		s.put(nil, state, err, nil)
		s.cfg.Log.Warn(what, "source", s.cfg.Source, "error", err)
		return
	}
	if s.files != nil && maps.EqualFunc(s.files, files, bytes.Equal) {
		return
	}
	comparer, err := s.open(files)
	if err != nil {
		s.put(nil, Refused, err, files)
		s.cfg.Log.Warn("the shadow rule book was refused; nothing is compared", "source", s.cfg.Source, "error", err)
		return
	}
	s.put(comparer, Comparing, nil, files)
	s.cfg.Log.Info("a shadow rule book is compared with the live one", "source", s.cfg.Source, "revision", comparer.Report().Candidate)
}

func (s *Shadow) open(files rulebook.Files) (c *analysis.Comparer, err error) {
	defer func() {
		if p := recover(); p != nil {
			c, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	candidate, err := s.cfg.Load(files, s.cfg.Points)
	if err != nil {
		return nil, err
	}
	router, err := s.cfg.Routes(candidate.Book().Tables.House)
	if err != nil {
		return nil, err
	}
	c = analysis.NewComparer(candidate, router)
	c.Formerly(s.formerly)
	return c, nil
}

// stands: this was told already.
func (s *Shadow) stands(state State, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == state && s.fault == err.Error()
}

func (s *Shadow) put(c *analysis.Comparer, state State, err error, files rulebook.Files) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.comparer, s.state, s.since, s.fault, s.files = c, state, time.Now(), "", files
	if err != nil {
		s.fault = err.Error()
	}
}

// tell writes what came of it into the log, when more did.
func (s *Shadow) tell(before int) (flips int) {
	now := s.Status()
	for _, n := range now.Flips {
		flips += n
	}
	if flips != before && now.State == Comparing {
		s.cfg.Log.Info("policy shadow", "revision", now.Revision, "asked", now.Asked, "looser", now.Flips[answer.Looser],
			"stricter", now.Flips[answer.Stricter], "other", now.Flips[answer.Other], "dropped", now.Dropped, "failed", now.Failed)
	}
	return flips
}

// A Status is what operators and auditors see of a shadow. It holds ids of decisions,
// and no field of a patient.
type Status struct {
	Source   string               `json:"source"`
	State    State                `json:"state"`
	Since    time.Time            `json:"since"`
	Error    string               `json:"error,omitempty"`
	Revision string               `json:"revision,omitempty"`
	Asked    int                  `json:"asked"` // decisions of the live book, since the candidate was loaded
	Same     int                  `json:"same"`
	Dropped  uint64               `json:"dropped"` // that it could not keep up with, since the start
	Failed   uint64               `json:"failed"`
	Flips    map[answer.Class]int `json:"flips"` // by class
	Untold   map[string]int       `json:"could_not_tell,omitempty"`
	List     []analysis.Flip      `json:"list,omitempty"`
}

// Status is how it stands.
func (s *Shadow) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := Status{
		Source: s.cfg.Source, State: s.state, Since: s.since, Error: s.fault,
		Dropped: s.dropped.Load(), Failed: s.failed.Load(), Flips: map[answer.Class]int{},
	}
	if s.comparer != nil {
		r := s.comparer.Report()
		now.Revision, now.Asked, now.Same, now.Flips, now.Untold, now.List = r.Candidate, r.Decisions, r.Same, r.Classes, r.CouldNotTell, r.Flips
	}
	return now
}
