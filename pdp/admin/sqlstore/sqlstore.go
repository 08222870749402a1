// Package sqlstore keeps sessions and the hashes of refresh tokens in SQL, in
// the one dialect that SQLite and MySQL share. Of callers who want the same
// change, a conditional update lets one win.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver of Open; database/sql knows no other way

	"github.com/wardgate/wardgate/pdp/admin"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	versionTable = "admin_version"
	connections  = 4
)

// A Store keeps sessions.
type Store struct{ db *sql.DB }

var _ admin.Store = (*Store)(nil)

// Open opens the SQLite file at path, mode 0600, and makes it when there is
// none. The caller closes the store.
func Open(ctx context.Context, path string) (*Store, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open session store: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open session store: %w", err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+
		"?_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open session store: %w", err)
	}
	db.SetMaxOpenConns(connections)
	s, err := New(ctx, db, goose.DialectSQLite3)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// New brings the schema of db up to date and returns the store over it.
func New(ctx context.Context, db *sql.DB, dialect goose.Dialect) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("migrate session store: %w", err)
	}
	p, err := goose.NewProvider(dialect, db, files,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("migrate session store: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return nil, fmt.Errorf("migrate session store: %w", err)
	}
	s := &Store{db: db}
	if err := s.beginMarks(ctx); err != nil {
		return nil, fmt.Errorf("migrate session store: %w", err)
	}
	return s, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// an execer is a database or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// changed runs a conditional statement and reports whether it hit its row.
func changed(ctx context.Context, on execer, query string, args ...any) (bool, error) {
	result, err := on.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// micros writes the zero time as 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
