package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/identity"
)

// UpdateLimiter reads, changes and swaps by version: two statements where no other process
// else changes the limiter, and one where nothing is changed. Those who meet stand in
// a queue from then on instead of losing to each other again.
func (s *Store) UpdateLimiter(ctx context.Context, key string, change func(*identity.Limiter)) error {
	swapped, err := s.swapLimiter(ctx, key, change)
	if err != nil || swapped {
		return wrap("update limiter", err)
	}
	return s.queueForLimiter(ctx, key, change)
}

// UpdateLimiterAfter is one statement where no other process changes the limiter: it
// hits the version that storing last has made.
func (s *Store) UpdateLimiterAfter(ctx context.Context, key string, last identity.Limiter, change func(*identity.Limiter)) error {
	last.Failed = slices.Clone(last.Failed)
	last.Version++
	change(&last)
	hit, err := writeLimiter(ctx, s.db, key, last, last.Version)
	if err != nil || hit {
		return wrap("update limiter", err)
	}
	return s.UpdateLimiter(ctx, key, change)
}

// swapLimiter reports whether no other change came between.
func (s *Store) swapLimiter(ctx context.Context, key string, change func(*identity.Limiter)) (bool, error) {
	g, version, err := readLimiter(ctx, s.db, key)
	if err != nil {
		return false, err
	}
	before := g
	before.Failed = slices.Clone(g.Failed)
	change(&g)
	if slices.Equal(before.Failed, g.Failed) && before.Pending == g.Pending &&
		before.PendingSince.Equal(g.PendingSince) && before.BarredUntil.Equal(g.BarredUntil) {
		return true, nil
	}
	hit, err := writeLimiter(ctx, s.db, key, g, version)
	if version == 0 && sqldb.Duplicate(err) {
		return false, nil
	}
	return hit, err
}

// queueForLimiter does it within one transaction. The row is touched before it is
// read: those who change it at once wait for each other, and the first of a key is
// an insert that only one can do.
func (s *Store) queueForLimiter(ctx context.Context, key string, change func(*identity.Limiter)) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE identity_guards SET version = version + 1 WHERE subject_key = ?", key); err != nil {
			return err
		}
		g, version, err := readLimiter(ctx, tx, key)
		if err != nil {
			return err
		}
		change(&g)
		hit, err := writeLimiter(ctx, tx, key, g, version)
		if err == nil && !hit {
			err = sqldb.ErrCollided
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("update limiter: %w", err)
	}
	return nil
}

// A reader reads one row: a database or a transaction of it.
type reader interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// readLimiter returns version 0 when there is no limiter yet.
func readLimiter(ctx context.Context, tx reader, key string) (identity.Limiter, int64, error) {
	var g identity.Limiter
	var failed string
	var version, since, barred int64
	err := tx.QueryRowContext(ctx, "SELECT version, failed, pending, pending_since, barred_until FROM identity_guards WHERE subject_key = ?", key).
		Scan(&version, &failed, &g.Pending, &since, &barred)
	if errors.Is(err, sql.ErrNoRows) {
		return identity.Limiter{}, 0, nil
	}
	if err != nil {
		return identity.Limiter{}, 0, fmt.Errorf("read limiter: %w", err)
	}
	var times []int64
	if err := json.Unmarshal([]byte(failed), &times); err != nil {
		return identity.Limiter{}, 0, fmt.Errorf("read limiter: %w", err)
	}
	for _, t := range times {
		g.Failed = append(g.Failed, sqldb.Time(t))
	}
	g.PendingSince, g.BarredUntil, g.Version = sqldb.Time(since), sqldb.Time(barred), version
	return g, version, nil
}

func writeLimiter(ctx context.Context, tx sqldb.Execer, key string, g identity.Limiter, version int64) (bool, error) {
	times := make([]int64, 0, len(g.Failed))
	var touched time.Time
	for _, t := range append([]time.Time{g.PendingSince, g.BarredUntil}, g.Failed...) {
		if t.After(touched) {
			touched = t
		}
	}
	for _, t := range g.Failed {
		times = append(times, sqldb.Micros(t))
	}
	failed, err := json.Marshal(times)
	if err != nil {
		return false, fmt.Errorf("write limiter: %w", err)
	}
	values := []any{string(failed), g.Pending, sqldb.Micros(g.PendingSince), sqldb.Micros(g.BarredUntil), sqldb.Micros(touched)}
	query := "UPDATE identity_guards SET failed = ?, pending = ?, pending_since = ?, barred_until = ?, touched_at = ?, version = version + 1 WHERE subject_key = ? AND version = ?"
	values = append(values, key, version)
	if version == 0 {
		query = "INSERT INTO identity_guards (failed, pending, pending_since, barred_until, touched_at, subject_key, version) VALUES (?, ?, ?, ?, ?, ?, ? + 1)"
	}
	hit, err := sqldb.Changed(ctx, tx, query, values...)
	if err != nil {
		return false, fmt.Errorf("write limiter: %w", err)
	}
	return hit, nil
}

// ForgetLimiters forgets the limiters of a subject, from wherever they count.
func (s *Store) ForgetLimiters(ctx context.Context, subject string) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM identity_guards WHERE subject_key = ? OR subject_key LIKE ?", subject, subject+"/%")
	return wrap("forget limiters", err)
}
