package process

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

// noted is a journal that tells what is in force when something is appended.
type noted struct {
	pip.Journal
	inForce func() string
	fault   error
	seen    []string
}

func (n *noted) Append(_ context.Context, e pip.Event) error {
	n.seen = append(n.seen, e.Outcome+" "+e.Revision+" while "+n.inForce())
	return n.fault
}

// newEditedBook is a house by the built-in rule book, and an edit of it: two applications have a
// row for one path, which tie unless one of them has hosts of its own.
func newEditedBook(t *testing.T) (b *book, journal *noted, next *engine.Candidate) {
	t.Helper()
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	first, err := engine.Load(files, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	const table = "authz/tables/routes.rego"
	edited := fstest.MapFS{}
	for name, content := range files {
		edited[name] = &fstest.MapFile{Data: content}
	}
	edited[table] = &fstest.MapFile{Data: []byte(strings.Replace(string(files[table]), "routes := [", `routes := [
	_row("GET", "/x/{patient}", "lab", "patient.read", "patient", "none"),
	_row("GET", "/x/{patient}", "films", "patient.read", "patient", "none"),`, 1))}
	if files, err = rulebook.ReadFiles(edited); err != nil {
		t.Fatal(err)
	}
	if next, err = engine.Load(files, points.Sections()); err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Applications = []config.Application{{Name: "lab", Hosts: []string{"lab.hospital.test"}}}
	known := &atomic.Pointer[config.Config]{}
	known.Store(&c)
	b = &book{ground: ground{config: &c, known: known, log: slog.New(slog.DiscardHandler)}, again: make(chan struct{}, 1)}
	b.engine = engine.NewFrom(first, nil, b.checkTables, b.log, engine.Config{})
	return b, &noted{inForce: b.engine.Revision}, next
}

// An edited rule book is in the journal before anything is decided by it.
func TestAnEditedBookIsJournalledBeforeItIsInForce(t *testing.T) {
	b, journal, next := newEditedBook(t)
	before := b.engine.Revision()
	put := func() { b.engine.Put(next) }
	journal.fault = errors.New("the disk is full")
	if err := b.enactor(journal)(t.Context(), next, put); !errors.Is(err, errNotJournalled) || !errors.Is(err, journal.fault) {
		t.Errorf("got %v", err)
	}
	if b.engine.Revision() != before {
		t.Error("it is in force without evidence")
	}
	journal.fault = nil
	if err := b.enactor(journal)(t.Context(), next, put); err != nil || b.engine.Revision() != next.Revision() {
		t.Errorf("got %v, and %s is in force", err, b.engine.Revision())
	}
	for _, said := range journal.seen {
		if said != "success "+next.Revision()+" while "+before {
			t.Errorf("the journal says %q", said)
		}
	}
	if len(journal.seen) != 2 {
		t.Errorf("the journal was asked %d times", len(journal.seen))
	}
}

// A rule book that was looked at beside other applications than those of now is looked at again
// before it comes into force, and not while applications change.
func TestABookComesIntoForceBesideTheApplicationsOfThatMoment(t *testing.T) {
	b, journal, next := newEditedBook(t)
	before := b.engine.Revision()
	hosted, shared := b.known.Load(), *b.known.Load()
	shared.Applications = []config.Application{{Name: "lab"}}
	if err := b.checkTables(next.Book().Tables.House); err != nil {
		t.Fatal(err)
	}
	put := func() { b.engine.Put(next) }
	b.turn.Lock() // as what takes applications does
	enacted := make(chan error)
	go func() { enacted <- b.enactor(journal)(t.Context(), next, put) }()
	b.known.Store(&shared)
	b.turn.Unlock()
	if err := <-enacted; err == nil || len(journal.seen) != 0 || b.engine.Revision() != before {
		t.Errorf("a book whose rows tie is in force: %v, the journal says %q", err, journal.seen)
	}
	b.known.Store(hosted)
	if err := b.enactor(journal)(t.Context(), next, put); err != nil || b.engine.Revision() != next.Revision() {
		t.Errorf("beside others: %v", err)
	}
}
