package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/identity"
)

// UpdateLimiter reads, changes and swaps by version within one transaction. The
// row is touched before it is read: those who change it at once stand in a queue
// instead of losing to each other, and the first of a key is an insert that only
// one can do.
func (s *Store) UpdateLimiter(ctx context.Context, key string, change func(*identity.Limiter)) error {
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

// readLimiter returns version 0 when there is no limiter yet.
func readLimiter(ctx context.Context, tx *sqldb.Tx, key string) (identity.Limiter, int64, error) {
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
	g.PendingSince, g.BarredUntil = sqldb.Time(since), sqldb.Time(barred)
	return g, version, nil
}

func writeLimiter(ctx context.Context, tx *sqldb.Tx, key string, g identity.Limiter, version int64) (bool, error) {
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
