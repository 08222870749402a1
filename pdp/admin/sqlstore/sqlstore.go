// Package sqlstore keeps sessions and the hashes of refresh tokens in SQL, in
// the one dialect that SQLite and MySQL share. Of callers who want the same
// change, a conditional update lets one win.
package sqlstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pdp/admin"
)

//go:embed migrations/*.sql
var migrations embed.FS

const versionTable = "admin_version"

// A Store keeps sessions.
type Store struct {
	db    *sqldb.DB
	guard func(ctx context.Context, on Queryer) error // nil for none
}

var _ admin.Store = (*Store)(nil)

// Open opens the SQLite file at path, mode 0600, and makes it when there is
// none. The caller closes the store.
func Open(ctx context.Context, path string) (*Store, error) {
	db, err := sqldb.OpenFile(path)
	if err != nil {
		return nil, fmt.Errorf("open session store: %w", err)
	}
	s, err := New(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// New brings the schema of db up to date and returns the store over it, which
// closes db in the end.
func New(ctx context.Context, db *sqldb.DB) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("migrate session store: %w", err)
	}
	if err := db.Migrate(ctx, files, versionTable); err != nil {
		return nil, fmt.Errorf("open session store: %w", err)
	}
	s := &Store{db: db}
	if err := s.beginMarks(ctx); err != nil {
		return nil, fmt.Errorf("migrate session store: %w", err)
	}
	return s, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }
