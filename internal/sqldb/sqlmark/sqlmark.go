// Package sqlmark keeps the mark of a database in itself: a random id from the day
// that it was made, and a number that only grows. What was written before the number
// was drawn is in every copy of the database that has the number, so that a copy
// which lacks it is an older one. The package never judges a mark.
package sqlmark

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip"
)

//go:embed migrations/*.sql
var migrations embed.FS

const versionTable = "state_version"

// ErrNone says that a database has no mark: it is new, empty, or of a time before
// there were marks.
var ErrNone = errors.New("the database has no mark")

// ErrChanged says that the database is not the one whose mark was known.
var ErrChanged = errors.New("the database is another one, or an older copy")

// A Table is the mark of one store. Several stores may share a database.
type Table struct {
	db   *sqldb.DB
	name string
}

// New brings the schema up to date and returns the mark called name. It makes no mark.
func New(ctx context.Context, db *sqldb.DB, name string) (*Table, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("marks of %s: %w", name, err)
	}
	if err := db.Migrate(ctx, files, versionTable); err != nil {
		return nil, fmt.Errorf("marks of %s: %w", name, err)
	}
	return &Table{db: db, name: name}, nil
}

// Name is what the mark is called.
func (t *Table) Name() string { return t.name }

// A Queryer is a database or a transaction.
type Queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Read returns the mark, or ErrNone.
func (t *Table) Read(ctx context.Context) (pip.Mark, error) { return Read(ctx, t.db, t.name) }

// Read returns the mark called name as it stands where one reads, or ErrNone.
func Read(ctx context.Context, on Queryer, name string) (pip.Mark, error) {
	var m pip.Mark
	err := on.QueryRowContext(ctx, "SELECT id, sequence FROM state_marks WHERE name = ?", name).Scan(&m.Epoch, &m.Sequence)
	if errors.Is(err, sql.ErrNoRows) {
		return pip.Mark{}, ErrNone
	}
	if err != nil {
		return pip.Mark{}, fmt.Errorf("read mark of %s: %w", name, err)
	}
	return m, nil
}

// Begin makes the mark with a new id, unless another process was faster, and returns
// the one that stands.
func (t *Table) Begin(ctx context.Context) (pip.Mark, error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return pip.Mark{}, fmt.Errorf("begin mark of %s: %w", t.name, err)
	}
	_, insert := t.db.ExecContext(ctx, "INSERT INTO state_marks (name, id, sequence) VALUES (?, ?, 1)", t.name, id.String())
	m, err := t.Read(ctx)
	if err != nil {
		return pip.Mark{}, errors.Join(insert, err)
	}
	return m, nil
}

// Advance draws the next number, in one statement. It returns ErrChanged when the
// database does not have the id, or has not come as far as the mark that is known.
func (t *Table) Advance(ctx context.Context, known pip.Mark) (pip.Mark, error) {
	next := pip.Mark{Epoch: known.Epoch}
	var err error
	if t.db.IsFile() {
		err = t.db.Change(ctx, func(tx *sqldb.Tx) error {
			return tx.QueryRowContext(ctx, "UPDATE state_marks SET sequence = sequence + 1 WHERE name = ? AND id = ? RETURNING sequence",
				t.name, known.Epoch).Scan(&next.Sequence)
		})
	} else {
		next.Sequence, err = t.draw(ctx, known.Epoch)
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return pip.Mark{}, fmt.Errorf("%s: %w", t.name, ErrChanged)
	case err != nil:
		return pip.Mark{}, fmt.Errorf("advance mark of %s: %w", t.name, err)
	case next.Sequence <= known.Sequence:
		return pip.Mark{}, fmt.Errorf("%s: %w", t.name, ErrChanged)
	}
	return next, nil
}

// draw has the server say what it wrote: its statements return no rows.
func (t *Table) draw(ctx context.Context, id string) (uint64, error) {
	result, err := t.db.ExecContext(ctx, "UPDATE state_marks SET sequence = LAST_INSERT_ID(sequence + 1) WHERE name = ? AND id = ?", t.name, id)
	if err != nil {
		return 0, err
	}
	if hit, err := result.RowsAffected(); err != nil || hit == 0 {
		return 0, errors.Join(err, sql.ErrNoRows)
	}
	n, err := result.LastInsertId()
	return uint64(max(n, 0)), err //nolint:gosec // it is not negative
}

// Raise has the mark stand beyond a number that a lost copy had reached, under a new id
// where anew is asked for, and returns it.
func (t *Table) Raise(ctx context.Context, beyond uint64, anew bool) (pip.Mark, error) {
	if _, err := t.Begin(ctx); err != nil {
		return pip.Mark{}, err
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return pip.Mark{}, fmt.Errorf("raise mark of %s: %w", t.name, err)
	}
	err = t.db.Change(ctx, func(tx *sqldb.Tx) error {
		if anew {
			if _, err := tx.ExecContext(ctx, "UPDATE state_marks SET id = ? WHERE name = ?", id.String(), t.name); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE state_marks SET sequence = CASE WHEN sequence > ? THEN sequence + 1 ELSE ? END WHERE name = ?",
			beyond, beyond+1, t.name)
		return err
	})
	if err != nil {
		return pip.Mark{}, fmt.Errorf("raise mark of %s: %w", t.name, err)
	}
	return t.Read(ctx)
}
