package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	identitystore "github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/pip/revocation"
	"github.com/wardgate/wardgate/policies"
)

// goal is how much longer a decision may take in the largest hospital.
const goal = 1.5

// A growth is what one decision takes in a small hospital and in a large one.
// Both are measured in turns, so that a machine that is busy for a while is busy
// for both.
type growth struct {
	what     string
	from, to int
	ask      func(n int) (ask func() error, done func() error, err error)
}

const turns = 7

func (g *growth) measure(turn time.Duration) (ratio float64, err error) {
	var asks [2]func() error
	for i, n := range []int{g.from, g.to} {
		var done func() error
		if asks[i], done, err = g.ask(n); err != nil {
			return 0, fmt.Errorf("%s, %d: %w", g.what, n, err)
		}
		defer func() { err = errors.Join(err, done()) }()
	}
	best := [2]float64{}
	for range turns {
		for i, ask := range asks {
			took, err := timed(ask, turn)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", g.what, err)
			}
			if best[i] == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	ratio = best[1] / best[0]
	verdict := ""
	if ratio > goal {
		verdict = fmt.Sprintf("  above %.1f", goal)
	}
	fmt.Printf("%-46s %9d -> %-9d %7.0f ns -> %-7.0f ns %6.2f%s\n", g.what, g.from, g.to, best[0], best[1], ratio, verdict)
	return ratio, nil
}

// timed is how many nanoseconds of the processor one asking takes, with the
// garbage that it leaves: what else runs on the machine does not count.
func timed(ask func() error, turn time.Duration) (float64, error) {
	n := 0
	begun, spent := time.Now(), processorTime()
	for time.Since(begun) < turn {
		for range 100 {
			if err := ask(); err != nil {
				return 0, err
			}
		}
		n += 100
	}
	return float64(processorTime()-spent) / float64(n), nil
}

// processorTime is what this process has used, in nanoseconds.
func processorTime() int64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return time.Now().UnixNano()
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// growths are what a hospital grows by; dir is for its databases.
func (w *ward) growths(dir string) []growth {
	return []growth{
		{"revocations", 100, 1_000_000, w.amongRevoked},
		{"routes: routed, and decided", 30, 3_000, w.amongRoutes},
		{"unrelated rules, decided in full", 10, 1_000, w.amongRules},
		{"users: one who asked just before", 100, 1_000_000, func(n int) (func() error, func() error, error) { return w.amongUsers(dir, n, false) }},
		{"users: one who comes for the first time", 100, 1_000_000, func(n int) (func() error, func() error, error) { return w.amongUsers(dir, n, true) }},
	}
}

func printGrowth(w *ward, dir string, turn time.Duration) error {
	fmt.Printf("\n%-46s %22s %25s\n", "growth of one decision", "from -> to", "ratio")
	var faults []error
	for _, g := range w.growths(dir) {
		_, err := g.measure(turn)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// decides asks e the ward's question, which is another one after each turn.
func (w *ward) decides(e *engine.Engine, anew bool, change func(*pdp.Request)) func() error {
	return func() error {
		r := w.request()
		if anew {
			r.Resource.ID = strconv.FormatInt(w.turn.Add(1), 10) // or who treats the patient is remembered
		}
		if change != nil {
			change(&r)
		}
		d, err := e.Decide(context.Background(), r)
		if errors.Is(err, context.DeadlineExceeded) {
			return nil // a busy machine; the time was taken all the same
		}
		if err == nil && !d.Allow {
			err = fmt.Errorf("denied: %v", d.Reasons)
		}
		return err
	}
}

func nothing() error { return nil }

// amongRevoked decides while so many sessions are cut off.
func (w *ward) amongRevoked(n int) (func() error, func() error, error) {
	ended := &endedSessions{pip.Revocations{Mark: pip.Mark{Epoch: "bench", Sequence: 1}}}
	for range n {
		ended.all.Sessions = append(ended.all.Sessions, pip.EndedSession{Session: uuid.NewString(), Until: time.Now().Add(time.Hour)})
	}
	list := revocation.New()
	ctx, stop := context.WithCancel(context.Background())
	f := revocation.NewFollower(list, ended, nil, revocation.Pace{}, slog.New(slog.DiscardHandler))
	done := make(chan struct{})
	go func() { defer close(done); f.Run(ctx) }()
	end := func() error { stop(); <-done; return nil }
	if err := f.Ask(ctx); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	e, err := w.engineOf(policies.FS, nil, list)
	return w.decides(e, false, nil), end, err
}

// endedSessions is an authority that tells of its sessions once.
type endedSessions struct{ all pip.Revocations }

func (a *endedSessions) Snapshot(_ context.Context, since pip.Mark) (pip.Revocations, error) {
	if since == a.all.Mark {
		return pip.Revocations{Mark: a.all.Mark, Since: since}, nil
	}
	return a.all, nil
}

// engineOf is an engine over the ward's information points, with another ID
// management and another revocation list where they are given.
func (w *ward) engineOf(book fs.FS, who pip.Source, cut pip.Source) (*engine.Engine, error) {
	sources := append([]pip.Source(nil), w.sources...)
	for i, s := range sources {
		switch {
		case s.Name() == "identity" && who != nil:
			sources[i] = who
		case s.Name() == "revocation" && cut != nil:
			sources[i] = cut
		}
	}
	return engine.New(book, points.Sections(), sources, nil, slog.New(slog.DiscardHandler))
}

// bookWith copies the built-in rule book and lets add change it.
func bookWith(add func(files fstest.MapFS)) (fstest.MapFS, error) {
	files := fstest.MapFS{}
	err := fs.WalkDir(policies.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(policies.FS, name)
		files[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err == nil {
		add(files)
	}
	return files, err
}

// amongRoutes routes and decides in a table of n rows more or less.
func (w *ward) amongRoutes(n int) (func() error, func() error, error) {
	book, err := bookWith(func(files fstest.MapFS) {
		file := files["authz/tables/routes.rego"]
		rows := strings.Count(string(file.Data), "\t_row(")
		var more strings.Builder
		for i := rows; i < n; i++ {
			fmt.Fprintf(&more, "\t_row(\"GET\", \"/ward%d/things/{thing}/part%d\", \"records\", \"patient.read\", \"thing\", \"none\"),\n", i%97, i)
		}
		file.Data = []byte(strings.Replace(string(file.Data), "routes := [\n", "routes := [\n"+more.String(), 1))
	})
	if err != nil {
		return nil, nil, err
	}
	e, err := w.engineOf(book, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	table, err := route.New(e.Tables())
	if err != nil {
		return nil, nil, err
	}
	decide := w.decides(e, false, nil)
	return func() error {
		if m, ok := table.Match(http.MethodGet, "/api/patients/"+patientID); !ok || m.Route.Action != "patient.read" {
			return errors.New("not routed")
		}
		return decide()
	}, nothing, nil
}

// amongRules decides in full, by a book with n rules about other things.
func (w *ward) amongRules(n int) (func() error, func() error, error) {
	book, err := bookWith(func(files fstest.MapFS) { addRules(files, n) })
	if err != nil {
		return nil, nil, err
	}
	e, err := w.engineOf(book, nil, nil)
	return w.decides(e, true, nil), nothing, err
}

// addRules adds n rules about other things.
func addRules(files fstest.MapFS, n int) {
	var rows strings.Builder
	for i := range n {
		fmt.Fprintf(&rows, "\t\"other_%d\": {\"class\": \"place\", \"status\": 403, \"text\": _no_right},\n", i)
		files[fmt.Sprintf("authz/rules/other%d/other%d.rego", i, i)] = &fstest.MapFile{Data: fmt.Appendf(nil, `package authz.rules.other%[1]d

deny contains "other_%[1]d" if {
	_about_it
	not input.context.location.place == "on_site"
	input.action.name == "report.read" # what invariants say must always be possible stays so
}

_about_it if input.resource.type == "thing-%[1]d"
`, i)}
	}
	reasons := files["authz/tables/reasons.rego"]
	reasons.Data = []byte(strings.Replace(string(reasons.Data), "reasons := {\n", "reasons := {\n"+rows.String(), 1))
}

// transferred moves everybody to another department before each question: it is
// then another one, and decided in full, however few users there are.
type transferred struct {
	pip.Source
	turn *atomic.Int64
}

func (t transferred) Gather(ctx context.Context, q *pip.Query, f *pip.Facts, w pip.Words) error {
	err := t.Source.Gather(ctx, q, f, w)
	f.Identity.Department = strconv.FormatInt(t.turn.Load(), 10)
	return err
}

// amongUsers decides in full for one of n accounts in a database: for the same
// one again and again, or for each in turn, with nothing remembered of it.
func (w *ward) amongUsers(dir string, n int, strangers bool) (func() error, func() error, error) {
	store, err := accounts(filepath.Join(dir, fmt.Sprintf("users-%d.db", n)), n)
	if err != nil {
		return nil, nil, err
	}
	var later atomic.Int64 // how far the clock of ID management runs ahead
	source := identity.NewSource(store, func() time.Time { return time.Now().Add(time.Duration(later.Load())) })
	e, err := w.engineOf(policies.FS, transferred{source, &w.turn}, nil)
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	i := 0
	return w.decides(e, true, func(r *pdp.Request) {
		if strangers {
			i = (i + 7919) % n // far from the one before, in the index too
			later.Add(int64(2 * time.Second))
		}
		r.Subject.ID = userID(i)
		r.Action.Name, r.Resource = "account.read", pdp.Resource{Type: "account", ID: r.Resource.ID}
	}), store.Close, nil
}

func userID(i int) string { return fmt.Sprintf("01a20215-b23d-7c96-baa0-%012d", i) }

// accounts opens a database with so many accounts, and makes it when it is not
// there yet.
func accounts(file string, n int) (*identitystore.Store, error) {
	_, absent := os.Stat(file)
	store, err := identitystore.Open(context.Background(), file)
	if err != nil || absent == nil {
		return store, err
	}
	db, err := sqldb.OpenFile(file)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if err := errors.Join(fillAccounts(db, n), db.Close()); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

func fillAccounts(db *sqldb.DB, n int) error {
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	insert, err := tx.Prepare(`INSERT INTO identity_accounts
		(id, username, email_sealed, email_index, password_hash, role, standing, staff, patient, department, created_at)
		VALUES (?, ?, '', ?, '', 'doctor', 'active', 's-1', '', 'd-1', 0)`)
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	for i := range n {
		if _, err := insert.Exec(userID(i), fmt.Sprint("user", i), fmt.Sprint("mail", i)); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	// One transaction of this size leaves a log that no hospital's database has.
	_, err = db.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	return err
}
