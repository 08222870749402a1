package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/identity"
)

const challengeColumns = "id, account, session, purpose, method, kept, created_at, expires_at, sent_at, attempts, resends, spent"

// AddChallenge stores p.
func (s *Store) AddChallenge(ctx context.Context, p identity.Pending) error {
	_, err := s.db.ExecContext(ctx, "INSERT INTO identity_challenges ("+challengeColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		p.ID, p.Account, p.Session, string(p.Purpose), p.Method, p.Kept,
		sqldb.Micros(p.Created), sqldb.Micros(p.Expires), sqldb.Micros(p.Sent), p.Attempts, p.Resends, p.Spent)
	if err != nil {
		return fmt.Errorf("add challenge: %w", err)
	}
	return nil
}

// Challenge returns the challenge with the id.
func (s *Store) Challenge(ctx context.Context, id string) (identity.Pending, error) {
	var p identity.Pending
	var created, expires, sent int64
	err := s.db.QueryRowContext(ctx, "SELECT "+challengeColumns+" FROM identity_challenges WHERE id = ?", id).
		Scan(&p.ID, &p.Account, &p.Session, &p.Purpose, &p.Method, &p.Kept, &created, &expires, &sent, &p.Attempts, &p.Resends, &p.Spent)
	if errors.Is(err, sql.ErrNoRows) {
		return identity.Pending{}, identity.ErrNotFound
	}
	if err != nil {
		return identity.Pending{}, fmt.Errorf("read challenge: %w", err)
	}
	p.Created, p.Expires, p.Sent = sqldb.Time(created), sqldb.Time(expires), sqldb.Time(sent)
	return p, nil
}

// CountAttempt counts before anything is compared: the statement is the only
// place where attempts are given out.
func (s *Store) CountAttempt(ctx context.Context, id string, limit int, now time.Time) (identity.Pending, bool, error) {
	hit, err := s.changed(ctx, "UPDATE identity_challenges SET attempts = attempts + 1 WHERE id = ? AND attempts < ? AND spent = 0 AND expires_at > ?",
		id, limit, sqldb.Micros(now))
	if err != nil {
		return identity.Pending{}, false, fmt.Errorf("count attempt: %w", err)
	}
	if !hit {
		return identity.Pending{}, false, s.expire(ctx, id, now)
	}
	p, err := s.Challenge(ctx, id)
	return p, err == nil, err
}

// expire ends a challenge for good whose time was seen to be over: a clock that
// steps back does not bring it back.
func (s *Store) expire(ctx context.Context, id string, now time.Time) error {
	_, err := s.db.ExecContext(ctx, "UPDATE identity_challenges SET spent = 1 WHERE id = ? AND spent = 0 AND expires_at <= ?", id, sqldb.Micros(now))
	if err != nil {
		return fmt.Errorf("expire challenge: %w", err)
	}
	return nil
}

// SpendChallenge reports true to one caller only.
func (s *Store) SpendChallenge(ctx context.Context, id, kept string) (bool, error) {
	hit, err := s.changed(ctx, "UPDATE identity_challenges SET spent = 1 WHERE id = ? AND kept = ? AND spent = 0", id, kept)
	if err != nil {
		return false, fmt.Errorf("spend challenge: %w", err)
	}
	return hit, nil
}

// RenewChallenge compares the number of resends that the caller has read.
func (s *Store) RenewChallenge(ctx context.Context, p identity.Pending, limit int) (bool, error) {
	hit, err := s.changed(ctx, "UPDATE identity_challenges SET kept = ?, expires_at = ?, sent_at = ?, resends = resends + 1 "+
		"WHERE id = ? AND resends = ? AND attempts < ? AND spent = 0 AND expires_at > ?",
		p.Kept, sqldb.Micros(p.Expires), sqldb.Micros(p.Sent), p.ID, p.Resends, limit, sqldb.Micros(p.Sent))
	if err != nil {
		return false, fmt.Errorf("renew challenge: %w", err)
	}
	return hit, nil
}

// CountOpen counts what an attacker who knows the password could still guess at,
// or has guessed at in vain.
func (s *Store) CountOpen(ctx context.Context, account string, limit int, since, now time.Time) (int, error) {
	var n int
	err := s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM identity_challenges WHERE account = ? AND created_at > ? AND spent = 0 AND (expires_at > ? OR attempts >= ?)",
		account, sqldb.Micros(since), sqldb.Micros(now), limit).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count challenges: %w", err)
	}
	return n, nil
}

// Sweep deletes expired challenges and idle limiters.
func (s *Store) Sweep(ctx context.Context, before time.Time) error {
	if _, err := s.db.ExecContext(ctx, "DELETE FROM identity_challenges WHERE expires_at < ?", sqldb.Micros(before)); err != nil {
		return fmt.Errorf("sweep challenges: %w", err)
	}
	_, err := s.db.ExecContext(ctx, "DELETE FROM identity_guards WHERE touched_at < ? AND barred_until < ?", sqldb.Micros(before), sqldb.Micros(before))
	if err != nil {
		return fmt.Errorf("sweep limiters: %w", err)
	}
	return nil
}
