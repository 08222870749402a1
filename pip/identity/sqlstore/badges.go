package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/badge"
)

var _ badge.Store = (*Store)(nil)

// PutBadge writes what is named of number and PIN, in a row that is made if there is none.
// The account's own row is held, so that two do it one after the other.
func (s *Store) PutBadge(ctx context.Context, b badge.Badge, at time.Time) error {
	number := sql.NullString{String: b.Number, Valid: b.Number != ""}
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		exists, err := sqldb.Changed(ctx, tx, "UPDATE identity_accounts SET created_at = created_at WHERE id = ?", b.Account)
		if err != nil {
			return err
		}
		if !exists {
			return identity.ErrNotFound
		}
		known, err := sqldb.Changed(ctx, tx, `UPDATE identity_badges SET mark = COALESCE(?, mark), pin = CASE WHEN ? = '' THEN pin ELSE ? END,
			tries = CASE WHEN ? = '' THEN tries ELSE 0 END, changed_at = ? WHERE account = ?`, number, b.PIN, b.PIN, b.PIN, sqldb.Micros(at), b.Account)
		if err != nil || known {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO identity_badges (account, mark, pin, tries, changed_at) VALUES (?, ?, ?, 0, ?)", b.Account, number, b.PIN, sqldb.Micros(at))
		return err
	})
	if sqldb.Duplicate(err) {
		return badge.ErrTaken
	}
	return wrap("put a badge", err)
}

// Badge returns an account's.
func (s *Store) Badge(ctx context.Context, account string) (badge.Badge, error) {
	return s.badge(ctx, "account = ?", account)
}

// TryBadge counts before it reads: of any number of callers, limit read.
func (s *Store) TryBadge(ctx context.Context, mark string, limit int) (badge.Badge, error) {
	counted, err := sqldb.Changed(ctx, s.db, "UPDATE identity_badges SET tries = tries + 1 WHERE mark = ? AND pin <> '' AND tries < ?", mark, limit)
	if err != nil {
		return badge.Badge{}, fmt.Errorf("try a badge: %w", err)
	}
	if !counted {
		return badge.Badge{}, identity.ErrNotFound
	}
	return s.badge(ctx, "mark = ?", mark)
}

func (s *Store) badge(ctx context.Context, where, value string) (badge.Badge, error) {
	var b badge.Badge
	var number sql.NullString
	err := s.db.QueryRowContext(ctx, "SELECT account, mark, pin FROM identity_badges WHERE "+where, value).Scan(&b.Account, &number, &b.PIN)
	if errors.Is(err, sql.ErrNoRows) {
		return badge.Badge{}, identity.ErrNotFound
	}
	if err != nil {
		return badge.Badge{}, fmt.Errorf("read a badge: %w", err)
	}
	b.Number = number.String
	return b, nil
}

// OpenBadge forgets the tries.
func (s *Store) OpenBadge(ctx context.Context, account string) error {
	_, err := s.db.ExecContext(ctx, "UPDATE identity_badges SET tries = 0 WHERE account = ? AND tries > 0", account)
	return wrap("open a badge", err)
}

// DropBadge forgets badge and PIN.
func (s *Store) DropBadge(ctx context.Context, account string) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM identity_badges WHERE account = ?", account)
	return wrap("drop a badge", err)
}
