package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip/identity"
)

const (
	// guardTries bounds how often an update starts anew because others were quicker.
	guardTries = 50
	// guardFaults bounds how often it starts anew after a fault: two first
	// updates of one key collide as a fault, and so does a deadlock.
	guardFaults = 3
)

// UpdateGuard reads, changes and swaps by version within one transaction. On
// SQLite the transaction alone would do; elsewhere the version decides.
func (s *Store) UpdateGuard(ctx context.Context, key string, change func(*identity.Guard)) error {
	faults := 0
	for range guardTries {
		swapped, err := s.swapGuard(ctx, key, change)
		if err == nil && swapped {
			return nil
		}
		if err != nil {
			faults++
		}
		if faults == guardFaults || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
	}
	return errors.New("update guard: too many at once")
}

func (s *Store) swapGuard(ctx context.Context, key string, change func(*identity.Guard)) (bool, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("update guard: %w", err)
	}
	defer tx.Rollback() // a no-op after Commit
	g, version, err := readGuard(ctx, tx, key)
	if err != nil {
		return false, err
	}
	change(&g)
	hit, err := writeGuard(ctx, tx, key, g, version)
	if err != nil || !hit {
		return false, err
	}
	if err := tx.Commit(); err != nil {
		return false, fmt.Errorf("update guard: %w", err)
	}
	return true, nil
}

// readGuard returns version 0 when there is no guard yet.
func readGuard(ctx context.Context, tx *sql.Tx, key string) (identity.Guard, int64, error) {
	var g identity.Guard
	var failed string
	var version, since, barred int64
	err := tx.QueryRowContext(ctx, "SELECT version, failed, pending, pending_since, barred_until FROM identity_guards WHERE subject_key = ?", key).
		Scan(&version, &failed, &g.Pending, &since, &barred)
	if errors.Is(err, sql.ErrNoRows) {
		return identity.Guard{}, 0, nil
	}
	if err != nil {
		return identity.Guard{}, 0, fmt.Errorf("read guard: %w", err)
	}
	var times []int64
	if err := json.Unmarshal([]byte(failed), &times); err != nil {
		return identity.Guard{}, 0, fmt.Errorf("read guard: %w", err)
	}
	for _, t := range times {
		g.Failed = append(g.Failed, fromMicros(t))
	}
	g.PendingSince, g.BarredUntil = fromMicros(since), fromMicros(barred)
	return g, version, nil
}

func writeGuard(ctx context.Context, tx *sql.Tx, key string, g identity.Guard, version int64) (bool, error) {
	times := make([]int64, 0, len(g.Failed))
	var touched time.Time
	for _, t := range append([]time.Time{g.PendingSince, g.BarredUntil}, g.Failed...) {
		if t.After(touched) {
			touched = t
		}
	}
	for _, t := range g.Failed {
		times = append(times, micros(t))
	}
	failed, err := json.Marshal(times)
	if err != nil {
		return false, fmt.Errorf("write guard: %w", err)
	}
	values := []any{string(failed), g.Pending, micros(g.PendingSince), micros(g.BarredUntil), micros(touched)}
	query := "UPDATE identity_guards SET failed = ?, pending = ?, pending_since = ?, barred_until = ?, touched_at = ?, version = version + 1 WHERE subject_key = ? AND version = ?"
	values = append(values, key, version)
	if version == 0 {
		query = "INSERT INTO identity_guards (failed, pending, pending_since, barred_until, touched_at, subject_key, version) VALUES (?, ?, ?, ?, ?, ?, ? + 1)"
	}
	result, err := tx.ExecContext(ctx, query, values...)
	if err != nil {
		return false, fmt.Errorf("write guard: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}
