package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/health"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pip"
)

// lookEvery is how often the configuration's file is read. What it says newly is taken
// when two readings in a row agree, so that a half-saved edit is not.
const lookEvery = time.Second

// actionApplications is the journal's word for applications that took the place of others,
// or were refused.
const actionApplications = "applications.activate"

// A reloader takes the applications of the configuration's file anew while the process
// runs: all parts of this process that know applications, or none. All else of the
// configuration is as it was at the start.
type reloader struct {
	ground
	journal     *journal // nil where none is kept
	book        *book    // nil where this process lacks the role, here and below
	door        *door
	enforcement *enforcement

	source *config.Source
	again  <-chan os.Signal

	seen  string // the newest reading
	since time.Time
	tried string // that of which something was made of late

	mu    sync.Mutex
	shown health.Configuration
}

func newReloader(g ground, j *journal, b *book, a *administrator, e *enforcement) *reloader {
	r := &reloader{ground: g, journal: j, book: b, enforcement: e}
	if a != nil {
		r.door = a.door
	}
	return r
}

// Follow has the process take the applications of the source anew when its file changes,
// and whenever again tells it to look. It is called before Run.
func (p *Process) Follow(source *config.Source, again <-chan os.Signal) {
	r := p.reloader
	r.source, r.again = source, again
	if source.Follows() {
		r.board.Configuration(r.standing)
	}
	r.begin().inBackground(r.run)
}

func (r *reloader) run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	follows := r.source.Follows()
	r.seen = readingOf(r.source.Begun(), nil)
	r.tried = r.seen
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.again:
			if !follows {
				r.log.Warn("there is no file of a configuration to read again")
				continue
			}
			r.look(ctx, true)
		case <-ticker.C:
			if follows {
				r.look(ctx, false)
			}
		}
	}
}

func readingOf(raw []byte, err error) string {
	if err != nil {
		return "fault: " + err.Error()
	}
	return "file: " + string(raw)
}

// look reads the file once. Told to, it believes that one reading. What is refused is tried
// again, for it may have been refused for what stands elsewhere.
func (r *reloader) look(ctx context.Context, told bool) {
	at := time.Now()
	raw, err := r.source.Look()
	now := readingOf(raw, err)
	settled := now == r.seen && at.Sub(r.since) >= lookEvery/2 // ticks of a busy machine come at once
	if now != r.seen {
		r.seen, r.since = now, time.Now()
	}
	if !told && (!settled || now == r.tried && r.standing().Fault == "") {
		return
	}
	r.tried = now
	if err == nil {
		err = r.reload(ctx, raw)
	} else {
		err = refusedAlso{err}
	}
	if err != nil {
		r.refuse(ctx, err)
	}
}

// refusedAlso is what a start with the file would be refused for too.
type refusedAlso struct{ error }

func (e refusedAlso) Error() string {
	return e.error.Error() + "\na start with this file would be refused"
}

func (e refusedAlso) Unwrap() error { return e.error }

// reload makes something of what the file holds, or says why nothing changes.
func (r *reloader) reload(ctx context.Context, raw []byte) error {
	next, err := r.source.Again(raw)
	switch {
	case errors.Is(err, config.ErrEmpty):
		return fmt.Errorf("%w; a start with this file would take the default of everything", err)
	case err != nil:
		return refusedAlso{err}
	}
	r.needs(r.source.Changed(&next))
	if r.book != nil {
		r.book.turn.Lock()
		defer r.book.turn.Unlock()
	}
	was, is := r.known.Load(), r.config.With(next.Applications)
	if err := is.Check(); err != nil {
		return fmt.Errorf("the applications go with what else has changed in the file, which a restart takes, and not with what is in force: %w", err)
	}
	said := config.Summary(config.ApplicationsChange(was.Applications, is.Applications))
	take, drop, anew, err := r.prepare(is)
	if err != nil {
		return refusedAlso{err}
	}
	if said == "" && !anew {
		drop()
		r.good(false)
		return nil
	}
	if said == "" {
		said = "ca_file was read anew"
	}
	if err := r.note(ctx, "success", said); err != nil {
		drop()
		return fmt.Errorf("a change of applications that is not journalled is not taken: %w", err)
	}
	take()
	r.good(true)
	r.log.Info("changed applications are in force", "applications", said)
	return nil
}

// prepare has each part of this process check the applications of a configuration. Either
// take or drop is called then, and neither fails.
func (r *reloader) prepare(c *config.Config) (take, drop func(), anew bool, err error) {
	var faults []error
	if err := r.book.fits(c); err != nil {
		faults = append(faults, err)
	}
	takeDoor, err := r.door.prepare(c)
	faults = append(faults, err)
	takeWays, drop, anew, err := r.enforcement.prepare(c)
	faults = append(faults, err)
	if err := errors.Join(faults...); err != nil {
		drop()
		return nil, nil, false, err
	}
	// A request that is let in at a new host finds it known, and what asks for a host that
	// has gone is refused by whichever part knows first.
	return func() {
		r.known.Store(c)
		takeDoor()
		takeWays()
		r.book.look()
	}, drop, anew, nil
}

// fits holds that the rule book in force can be served with the applications of c.
func (b *book) fits(c *config.Config) error {
	if b == nil {
		return nil
	}
	if _, err := route.New(b.Tables(), c.Hosted()...); err != nil {
		return fmt.Errorf("the rule book in force cannot be served with these applications: %w", err)
	}
	return nil
}

// look has a rule book that was refused be looked at again: it may go with applications
// that have changed.
func (b *book) look() {
	if b == nil || b.engine.Fault() == nil {
		return
	}
	select {
	case b.again <- struct{}{}:
	default:
	}
}

func (d *door) prepare(c *config.Config) (take func(), err error) {
	if d == nil {
		return func() {}, nil
	}
	return d.Prepare(c.ApplicationOrigins())
}

// prepare makes how applications are reached, and has the enforcement point check them.
// Where err is not nil, drop is to be called.
func (e *enforcement) prepare(c *config.Config) (take, drop func(), anew bool, err error) {
	nothing := func() {}
	if e.proxy == nil {
		return nothing, nothing, false, nil
	}
	set, err := e.ways.of(c)
	if err != nil {
		return nil, nothing, false, err
	}
	applications, err := set.applications(c)
	if err != nil {
		return nil, set.drop, false, err
	}
	takeThem, err := e.proxy.Prepare(applications)
	if err != nil {
		return nil, set.drop, false, err
	}
	return func() {
		e.ways.take(set)
		takeThem()
	}, set.drop, set.anew, nil
}

// note keeps evidence of applications that are taken, before they are, or were refused.
func (r *reloader) note(ctx context.Context, outcome, detail string) error {
	if r.journal == nil {
		return nil
	}
	return r.journal.Append(ctx, pip.Event{Kind: pip.KindSystem, Time: time.Now(), Action: actionApplications, Outcome: outcome, Detail: detail})
}

// refuse tells operators why the file is not taken, once.
func (r *reloader) refuse(ctx context.Context, why error) {
	if r.standing().Fault == why.Error() {
		return
	}
	r.mu.Lock()
	r.shown.Refused++
	if r.shown.Fault == "" {
		r.shown.Since = time.Now()
	}
	r.shown.Fault = why.Error()
	r.mu.Unlock()
	r.log.Error("the changed configuration is not taken; the last good applications go on", "error", why)
	if err := r.note(ctx, "failure", "refused"); err != nil {
		r.log.Error("refused applications not journalled", "error", err)
	}
}

// good says that the file holds what is in force.
func (r *reloader) good(taken bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if taken {
		r.shown.Taken++
	}
	if r.shown.Fault != "" && !taken {
		r.log.Info("the configuration's file says of applications what is in force")
	}
	r.shown.Fault, r.shown.Since = "", time.Time{}
}

// needs says of which keys a restart would take what the file says.
func (r *reloader) needs(keys []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.Equal(keys, r.shown.RestartFor) {
		return
	}
	r.shown.RestartFor = keys
	level, what := slog.LevelWarn, "the configuration's file has changed in what a restart takes; it is as it was until then"
	if len(keys) == 0 {
		level, what = slog.LevelInfo, "the configuration's file has nothing any more that a restart would change"
	}
	r.log.Log(context.Background(), level, what, "keys", keys)
}

func (r *reloader) standing() health.Configuration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.shown
}
