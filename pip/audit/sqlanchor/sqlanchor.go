// Package sqlanchor keeps the newest signed head of each journal in SQL, in the
// one dialect that SQLite and MySQL share. It never judges a head: the reader
// of one verifies its signature.
package sqlanchor

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/chain"
)

//go:embed migrations/*.sql
var migrations embed.FS

const versionTable = "journal_version"

// A Store keeps heads.
type Store struct{ db *sqldb.DB }

var _ anchor.Anchor = (*Store)(nil)

// ErrNewer says that a newer head of the chain is kept: another process writes
// a journal of the same name, or this one was rolled back.
var ErrNewer = errors.New("a newer head of this chain is anchored")

// Open opens the SQLite file at path, mode 0600, and makes it when there is
// none. The caller closes the store.
func Open(ctx context.Context, path string) (*Store, error) {
	db, err := sqldb.OpenFile(path)
	if err != nil {
		return nil, fmt.Errorf("open anchors: %w", err)
	}
	db.SetMaxOpenConns(1)
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
		return nil, fmt.Errorf("migrate anchors: %w", err)
	}
	if err := db.Migrate(ctx, files, versionTable); err != nil {
		return nil, fmt.Errorf("open anchors: %w", err)
	}
	return &Store{db: db}, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Store keeps a head, and returns ErrNewer when one of a later record is kept.
// Records are durable before a head names them, heads are not: after a power
// cut the turns of heads may repeat, their records never go back.
func (s *Store) Store(ctx context.Context, h chain.Head) error {
	return s.put(ctx, h, ` AND seq <= ?`, h.Seq)
}

// Replace keeps a head in place of any other.
func (s *Store) Replace(ctx context.Context, h chain.Head) error { return s.put(ctx, h, ``) }

func (s *Store) put(ctx context.Context, h chain.Head, condition string, args ...any) error {
	text, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encode head: %w", err)
	}
	now := time.Now().UnixMicro()
	update := `UPDATE journal_anchors SET seq = ?, head = ?, stored_at = ? WHERE chain = ?` + condition
	args = append([]any{h.Seq, string(text), now, h.Chain}, args...)
	if done, err := s.changed(ctx, update, args...); done || err != nil {
		return err
	}
	if done, err := s.changed(ctx, `INSERT INTO journal_anchors (chain, seq, head, stored_at) VALUES (?, ?, ?, ?)`,
		h.Chain, h.Seq, string(text), now); done {
		return nil
	} else if _, missing := s.Latest(ctx, h.Chain); missing != nil {
		return err
	}
	// A row stands there: an older one, made just now, or a newer one.
	done, err := s.changed(ctx, update, args...)
	if err == nil && !done {
		err = fmt.Errorf("keep head: %w", ErrNewer)
	}
	return err
}

// changed runs a statement and reports whether it hit a row.
func (s *Store) changed(ctx context.Context, statement string, args ...any) (bool, error) {
	result, err := s.db.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, fmt.Errorf("keep head: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// Latest returns the head that is kept of a chain, or anchor.ErrNoAnchor.
func (s *Store) Latest(ctx context.Context, name string) (chain.Head, error) {
	var text string
	err := s.db.QueryRowContext(ctx, `SELECT head FROM journal_anchors WHERE chain = ?`, name).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return chain.Head{}, anchor.ErrNoAnchor
	}
	if err != nil {
		return chain.Head{}, fmt.Errorf("read head: %w", err)
	}
	var h chain.Head
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		return chain.Head{}, fmt.Errorf("read head: %w", err)
	}
	return h, nil
}
