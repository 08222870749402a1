// Package sqlstore keeps what package identity knows in SQL, in the one dialect
// that SQLite and MySQL share. Concurrent changes meet in conditional updates,
// never in a lock that this process would have to give back.
package sqlstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/identity"
)

//go:embed migrations/*.sql
var migrations embed.FS

const versionTable = "identity_version"

// A Store keeps accounts, limiters and challenges.
type Store struct{ db *sqldb.DB }

var _ identity.Store = (*Store)(nil)

// Open opens the SQLite file at path, mode 0600, and makes it when there is
// none. The caller closes the store.
func Open(ctx context.Context, path string) (*Store, error) {
	db, err := sqldb.OpenFile(path)
	if err != nil {
		return nil, fmt.Errorf("open identity store: %w", err)
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
		return nil, fmt.Errorf("migrate identity store: %w", err)
	}
	if err := db.Migrate(ctx, files, versionTable); err != nil {
		return nil, fmt.Errorf("open identity store: %w", err)
	}
	return &Store{db: db}, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

func (s *Store) changed(ctx context.Context, query string, args ...any) (bool, error) {
	return sqldb.Changed(ctx, s.db, query, args...)
}

// idsOf are the ids that a query selects.
func idsOf(ctx context.Context, tx *sqldb.Tx, query string, args ...any) (ids []string, err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
