package continuity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqlmark"
	"github.com/wardgate/wardgate/pip"
)

// A finding is a database that lies behind.
type finding struct {
	of           *Database
	found, known pip.Mark
}

// Begin holds every database against the journal, and against what was kept outside of
// both. It refuses one that is gone, brings up those that lie behind, gives a mark to
// those that have none yet, and carries forward what is in force.
func (k *Keeper) Begin(ctx context.Context, outside map[string]pip.Mark) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	k.ledger.believe(outside)
	behind, err := k.findings(ctx, true)
	if err != nil {
		return err
	}
	if len(behind) > 0 || k.ledger.lost {
		if err := k.restore(ctx, behind); err != nil {
			return err
		}
	}
	for _, d := range k.databases {
		m, err := d.Mark.Begin(ctx)
		if err == nil {
			m, err = d.Mark.Advance(ctx, m)
		}
		if err != nil {
			return err
		}
		k.fold(func(l *Ledger) { l.mark(d.Mark.Name(), m) })
	}
	return k.digest(ctx)
}

// believe takes marks that were kept outside, where they go further.
func (l *Ledger) believe(outside map[string]pip.Mark) {
	for name, m := range outside {
		was := l.Marks[name]
		if l.accepted[name] || was.Epoch != "" && was.Epoch != m.Epoch {
			continue // the journal knows better which database it is
		}
		if was.Sequence < m.Sequence {
			l.Marks[name] = m
		}
	}
}

// Known is how far a database had come, by the journal and by what was kept outside.
func (l *Ledger) Known(name string, outside map[string]pip.Mark) pip.Mark {
	l.believe(outside)
	return l.Marks[name]
}

// Look brings up databases that lie behind while this process runs.
func (k *Keeper) Look(ctx context.Context) error {
	behind, err := k.findings(ctx, false)
	k.mu.Lock()
	k.refused = nil
	if errors.Is(err, errGone) {
		k.refused = err
	}
	k.mu.Unlock()
	if err != nil || len(behind) == 0 {
		return err
	}
	k.writing.Lock()
	defer k.writing.Unlock()
	if behind, err = k.findings(ctx, false); err != nil || len(behind) == 0 {
		return err
	}
	return k.restore(ctx, behind)
}

var errGone = errors.New("it is not the database that served here before")

// findings reads every mark.
func (k *Keeper) findings(ctx context.Context, starting bool) (behind []finding, err error) {
	for _, d := range k.databases {
		known := k.known(d.Mark.Name())
		found, err := d.Mark.Read(ctx)
		none := errors.Is(err, sqlmark.ErrNone)
		switch {
		case err != nil && !none:
			return nil, err
		case known.Epoch == "" || !found.Behind(known):
			continue
		}
		if none || found.Epoch != known.Epoch {
			if err := k.another(ctx, d, none, starting); err != nil {
				return nil, err
			}
		}
		behind = append(behind, finding{d, found, known})
	}
	return behind, nil
}

// another refuses a database that is not the one that is known, unless it can be
// brought up to what was ordered, is of a time before marks, or somebody has answered.
func (k *Keeper) another(ctx context.Context, d *Database, none, starting bool) error {
	if d.Emptied == nil || k.accepted(d.Mark.Name()) && starting {
		return nil
	}
	what := "another database stands in its place"
	if none {
		empty, err := d.Emptied(ctx)
		if err != nil {
			return err
		}
		if !empty {
			return nil // a copy of before it had a mark
		}
		what = "it is empty"
	}
	return fmt.Errorf("%s: %w: %s; %s", d.Shown, errGone, what, advice(d))
}

func (k *Keeper) accepted(name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ledger.accepted[name]
}

func (k *Keeper) fold(f func(l *Ledger)) {
	k.mu.Lock()
	defer k.mu.Unlock()
	f(k.ledger)
}

// facts is what the journal says about a restoration.
type facts struct {
	Database string   `json:"database"`
	Found    pip.Mark `json:"found"`
	Known    pip.Mark `json:"known"`
	Replayed int      `json:"replayed"`
}

// restore brings databases up: all of them end what can be used once, and those that
// lie behind are told what was ordered since. Only then do their marks move, so that
// what is broken off is begun again.
func (k *Keeper) restore(ctx context.Context, behind []finding) error {
	said, of := k.say(behind)
	if err := k.note(ctx, ActionBehind, "failure", said); err != nil {
		return err
	}
	k.log.Error("databases lie behind what the journal proves: sessions, refresh tokens and codes of before end, and what was ordered since is put in force again",
		"databases", names(of))
	now := k.now()
	over := now
	k.fold(func(l *Ledger) {
		if l.newest.After(now) {
			over = l.newest
		}
	})
	for _, d := range k.databases {
		r := Restoration{Over: over}
		for _, f := range behind {
			if f.of == d {
				k.fold(func(l *Ledger) { r.Facts = l.lacking(d.Mark.Name(), f.found, now) })
			}
		}
		if d.Restore != nil {
			if err := d.Restore(ctx, r); err != nil {
				return fmt.Errorf("bring up %s: %w", d.Shown, err)
			}
		}
	}
	for _, f := range behind {
		name := f.of.Mark.Name()
		m, err := f.of.Mark.Raise(ctx, max(f.known.Sequence, f.found.Sequence), f.found.Epoch != f.known.Epoch)
		if err != nil {
			return err
		}
		k.fold(func(l *Ledger) { l.renew(name, m) })
		if !f.of.Follows {
			k.older.Store(true)
		}
	}
	k.restored.Add(1)
	if err := k.note(ctx, ActionRestored, "success", said); err != nil {
		return err
	}
	return k.digest(ctx)
}

// lacking are the facts that still hold and that a copy may lack.
func (l *Ledger) lacking(name string, found pip.Mark, now time.Time) []Fact {
	var hold []Fact
	for _, f := range l.Since(name, found) {
		if !f.over(now) {
			hold = append(hold, f)
		}
	}
	return hold
}

func (k *Keeper) say(behind []finding) (said []facts, of []*Database) {
	for _, f := range behind {
		n := 0
		k.fold(func(l *Ledger) { n = len(l.lacking(f.of.Mark.Name(), f.found, k.now())) })
		said, of = append(said, facts{f.of.Mark.Name(), f.found, f.known, n}), append(of, f.of)
	}
	return said, of
}

// note journals what became of the databases.
func (k *Keeper) note(ctx context.Context, action, outcome string, said []facts) error {
	text, err := json.Marshal(struct {
		Databases []facts `json:"databases"`
	}{said})
	if err != nil {
		return fmt.Errorf("journal %s: %w", action, err)
	}
	e := pip.Event{Kind: pip.KindSystem, Time: k.now(), Action: action, Outcome: outcome, Alarm: outcome != "success", Input: text}
	if outcome == "success" {
		e.Marks = k.Marks()
	}
	if err := k.journal.Append(ctx, e); err != nil {
		return fmt.Errorf("journal %s: %w", action, err)
	}
	return nil
}
