// Package sqlstore keeps signals in SQL, in the one dialect that SQLite and
// MySQL share: narrow rows of ten seconds, and hourly roll-ups for habits. Its
// size follows how many people are active, not how much they ask. Everything
// in it can be counted again from the journal.
package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver of Open; database/sql knows no other way

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/signals"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	versionTable = "signals_version"
	connections  = 4
)

// A Store keeps signals.
type Store struct{ db *sql.DB }

var _ signals.Store = (*Store)(nil)

// Open opens the SQLite file at path, mode 0600, and makes it when there is
// none. What a power cut takes is derived data, so that no write waits for the
// disk. The caller closes the store.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := durable.Ensure(path, 0o600); err != nil {
		return nil, fmt.Errorf("open signals store: %w", err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(off)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open signals store: %w", err)
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
		return nil, fmt.Errorf("migrate signals store: %w", err)
	}
	p, err := goose.NewProvider(dialect, db, files,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("migrate signals store: %w", err)
	}
	if err := sqldb.Raise(ctx, p, "signals.db"); err != nil {
		return nil, fmt.Errorf("signals store: %w", err)
	}
	return &Store{db: db}, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

const (
	subjectPrefix = "subject "
	addressPrefix = "address "
)

// rowOf is how a who is written.
func rowOf(who signals.Who) string {
	if who.Subject != "" {
		return subjectPrefix + who.Subject
	}
	return addressPrefix + who.Address
}

func whoOf(row string) signals.Who {
	if subject, ok := strings.CutPrefix(row, subjectPrefix); ok {
		return signals.Who{Subject: subject}
	}
	return signals.Who{Address: strings.TrimPrefix(row, addressPrefix)}
}

// Sweep drops what is in no window any more and what no habit remembers.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	window, memory := signals.Since(now, 2*signals.Window).UnixMicro(), now.Add(-signals.Remembered).UnixMicro()
	for _, one := range []struct {
		query string
		then  int64
	}{
		{"DELETE FROM signal_tallies WHERE slot < ?", window},
		{"DELETE FROM signal_external WHERE slot < ?", window},
		{"DELETE FROM signal_members WHERE last_slot < ?", window},
		{"DELETE FROM signal_hours WHERE hour_at < ?", memory},
		{"DELETE FROM signal_countries WHERE last_slot < ?", memory},
		{"DELETE FROM signal_batches WHERE added_at < ?", window},
	} {
		if _, err := s.db.ExecContext(ctx, one.query, one.then); err != nil {
			return fmt.Errorf("sweep signals: %w", err)
		}
	}
	return nil
}
