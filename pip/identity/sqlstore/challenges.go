package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/identity"
)

const challengeColumns = "id, account, session, purpose, method, kept, created_at, expires_at, sent_at, attempts, resends, spent, origin"

// AddChallenge stores p.
func (s *Store) AddChallenge(ctx context.Context, p identity.Pending) error {
	_, err := s.db.ExecContext(ctx, "INSERT INTO identity_challenges ("+challengeColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		p.ID, p.Account, p.Session, string(p.Purpose), p.Method, p.Kept,
		sqldb.Micros(p.Created), sqldb.Micros(p.Expires), sqldb.Micros(p.Sent), p.Attempts, p.Resends, p.Spent, p.Origin)
	if err != nil {
		return fmt.Errorf("add challenge: %w", err)
	}
	return nil
}

// Challenge returns the challenge with the id.
func (s *Store) Challenge(ctx context.Context, id string) (identity.Pending, error) {
	var p identity.Pending
	fields, timed := scanned(&p)
	err := s.db.QueryRowContext(ctx, "SELECT "+challengeColumns+" FROM identity_challenges WHERE id = ?", id).Scan(fields...)
	if errors.Is(err, sql.ErrNoRows) {
		return identity.Pending{}, identity.ErrNotFound
	}
	if err != nil {
		return identity.Pending{}, fmt.Errorf("read challenge: %w", err)
	}
	timed()
	return p, nil
}

// scanned are the fields of p for challengeColumns; timed sets its times afterwards.
func scanned(p *identity.Pending) (fields []any, timed func()) {
	var created, expires, sent int64
	return []any{&p.ID, &p.Account, &p.Session, &p.Purpose, &p.Method, &p.Kept, &created, &expires, &sent, &p.Attempts, &p.Resends, &p.Spent, &p.Origin},
		func() { p.Created, p.Expires, p.Sent = sqldb.Time(created), sqldb.Time(expires), sqldb.Time(sent) }
}

// Opened reads all three by one statement.
func (s *Store) Opened(ctx context.Context, id string) (identity.Opened, error) {
	var o identity.Opened
	var barred int64
	fields, timed := scanned(&o.Pending)
	owner, err := scanAccount(s.db.QueryRowContext(ctx, "SELECT "+of("a", accountColumns)+", "+of("c", challengeColumns)+", COALESCE(g.barred_until, 0) "+
		"FROM identity_challenges c JOIN identity_accounts a ON a.id = c.account "+
		"LEFT JOIN identity_guards g ON g.subject_key = CONCAT(c.account, '/', c.origin) WHERE c.id = ?", id), append(fields, &barred)...)
	if err != nil {
		return identity.Opened{}, err
	}
	timed()
	o.Owner, o.BarredUntil = owner, sqldb.Time(barred)
	return o, nil
}

// of names columns of one table among others.
func of(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}

// CountAttempt counts before anything is compared: its statements are the only
// place where attempts are given out. The first one hits a challenge that is still as it
// was seen, and so tells how it is now; an answer that loses to another counts on
// what that one left.
func (s *Store) CountAttempt(ctx context.Context, seen identity.Pending, limit int, now time.Time) (identity.Pending, bool, error) {
	if seen.Attempts < limit && !seen.Spent && seen.Expires.After(now) {
		hit, err := s.changed(ctx, "UPDATE identity_challenges SET attempts = attempts + 1 "+
			"WHERE id = ? AND attempts = ? AND kept = ? AND resends = ? AND spent = 0 AND expires_at = ?",
			seen.ID, seen.Attempts, seen.Kept, seen.Resends, sqldb.Micros(seen.Expires))
		if err != nil {
			return identity.Pending{}, false, fmt.Errorf("count attempt: %w", err)
		}
		if hit {
			seen.Attempts++
			return seen, true, nil
		}
	}
	return s.countAttemptAnew(ctx, seen.ID, limit, now)
}

func (s *Store) countAttemptAnew(ctx context.Context, id string, limit int, now time.Time) (identity.Pending, bool, error) {
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
func (s *Store) CountOpen(ctx context.Context, account, origin string, limit int, since, now time.Time) (int, error) {
	n, err := s.count(ctx, "SELECT COUNT(*) FROM identity_challenges WHERE account = ? AND origin = ? AND created_at > ? AND spent = 0 AND (expires_at > ? OR attempts >= ?)",
		account, origin, sqldb.Micros(since), sqldb.Micros(now), limit)
	return n, wrap("count challenges", err)
}

// CountBegun counts those of one origin, and of all origins that have its kind.
func (s *Store) CountBegun(ctx context.Context, account, kind, origin string, since time.Time) (of, all int, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT COUNT(CASE WHEN origin = ? THEN 1 END), COUNT(*) FROM identity_challenges "+
		"WHERE account = ? AND purpose = ? AND created_at > ? AND origin LIKE ?",
		origin, account, string(identity.PurposeLogIn), sqldb.Micros(since), kind+"%").Scan(&of, &all)
	return of, all, wrap("count challenges", err)
}

// Sweep deletes expired challenges, idle limiters, and failures of addresses
// that have no account.
func (s *Store) Sweep(ctx context.Context, before time.Time) error {
	if _, err := s.db.ExecContext(ctx, "DELETE FROM identity_challenges WHERE expires_at < ?", sqldb.Micros(before)); err != nil {
		return fmt.Errorf("sweep challenges: %w", err)
	}
	if _, err := s.db.ExecContext(ctx, "DELETE FROM identity_unnamed_used WHERE expires_at < ?", sqldb.Micros(before)); err != nil {
		return fmt.Errorf("sweep challenges: %w", err)
	}
	if _, err := s.db.ExecContext(ctx, "DELETE FROM identity_guards WHERE touched_at < ? AND barred_until < ?", sqldb.Micros(before), sqldb.Micros(before)); err != nil {
		return fmt.Errorf("sweep limiters: %w", err)
	}
	// What was counted for an account holds until its owner proves somebody.
	if _, err := s.db.ExecContext(ctx, "DELETE FROM identity_failures WHERE touched_at < ? AND subject LIKE ?", sqldb.Micros(before), identity.UnknownSubjects+"%"); err != nil {
		return fmt.Errorf("sweep failures: %w", err)
	}
	return nil
}
