package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pdp/admin"
)

const sessionColumns = "s.id, s.account, s.footprint, s.amr, s.acr, s.auth_time, " +
	"s.created_at, s.last_used_at, s.idle_until, s.ends_by, s.ended_at, s.end_reason, s.device"

// Session returns one session, ended or not.
func (s *Store) Session(ctx context.Context, id string) (admin.Session, error) {
	return scanSession(s.db.QueryRowContext(ctx, "SELECT "+sessionColumns+" FROM admin_sessions s WHERE s.id = ?", id))
}

// End keeps the first reason and time.
func (s *Store) End(ctx context.Context, id, account, reason string, at time.Time) (bool, error) {
	owned, args := "", []any{id}
	if account != "" {
		owned, args = " AND account = ?", append(args, account)
	}
	ended := false
	err := s.db.Change(ctx, func(tx *sqldb.Tx) (err error) {
		ended, err = sqldb.Changed(ctx, tx, "UPDATE admin_sessions SET ended_at = ?, end_reason = ? WHERE ended_at = 0 AND id = ?"+owned,
			append([]any{sqldb.Micros(at), reason}, args...)...)
		if err != nil || !ended {
			return err
		}
		return numberEnd(ctx, tx, id, at)
	})
	if err != nil {
		return false, fmt.Errorf("end session: %w", err)
	}
	if ended {
		return true, nil
	}
	var there int
	err = s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM admin_sessions WHERE id = ?"+owned, args...).Scan(&there)
	if err != nil {
		return false, fmt.Errorf("end session: %w", err)
	}
	if there == 0 {
		return false, admin.ErrNotFound
	}
	return false, nil
}

// numberEnd numbers the end of a session.
func numberEnd(ctx context.Context, tx *sqldb.Tx, id string, at time.Time) error {
	if err := advance(ctx, tx); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO admin_ended (sequence, session, ended_at) "+
		"SELECT sequence, ?, ? FROM admin_revocation_mark WHERE id = 1", id, sqldb.Micros(at))
	return err
}

// LiveOf returns the live sessions of an account, newest first.
func (s *Store) LiveOf(ctx context.Context, account string, now time.Time) ([]admin.Session, error) {
	return list(ctx, s.db, "WHERE s.account = ? AND s.ended_at = 0 AND s.idle_until > ? AND s.ends_by > ? ORDER BY s.created_at DESC, s.id DESC",
		account, sqldb.Micros(now), sqldb.Micros(now))
}

// Sweep deletes sessions with their tokens, and answers and bans that are over.
func (s *Store) Sweep(ctx context.Context, before, now time.Time) error {
	for _, one := range []struct {
		query string
		then  time.Time
	}{
		{"DELETE FROM admin_sessions WHERE ends_by < ?", before},
		{"DELETE FROM admin_ended WHERE ended_at < ?", before},
		{"DELETE FROM admin_refresh_answers WHERE forget_at < ?", now},
		{"DELETE FROM admin_bans WHERE banned_until < ?", now},
		{"DELETE FROM admin_orders WHERE holds_until < ?", now},
	} {
		if _, err := s.db.ExecContext(ctx, one.query, sqldb.Micros(one.then)); err != nil {
			return fmt.Errorf("sweep sessions: %w", err)
		}
	}
	return nil
}

func list(ctx context.Context, on Queryer, tail string, args ...any) ([]admin.Session, error) {
	rows, err := on.QueryContext(ctx, "SELECT "+sessionColumns+" FROM admin_sessions s "+tail, args...)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	defer rows.Close()
	var sessions []admin.Session
	for rows.Next() {
		one, err := scanSession(rows)
		if err != nil {
			return nil, err
		}
		sessions = append(sessions, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return sessions, nil
}

// scanSession reads sessionColumns, and behind them whatever else was selected.
func scanSession(row interface{ Scan(...any) error }, more ...any) (admin.Session, error) {
	var v admin.Session
	var amr string
	var auth, created, used, idle, until, ended int64
	err := row.Scan(append([]any{
		&v.ID, &v.Account, &v.Sealed,
		&amr, &v.ACR, &auth, &created, &used, &idle, &until, &ended, &v.EndReason, &v.Device,
	}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return admin.Session{}, admin.ErrNotFound
	}
	if err != nil {
		return admin.Session{}, fmt.Errorf("read session: %w", err)
	}
	v.AMR = strings.Fields(amr)
	v.AuthTime, v.Created, v.LastUsed = sqldb.Time(auth), sqldb.Time(created), sqldb.Time(used)
	v.IdleUntil, v.Until, v.Ended = sqldb.Time(idle), sqldb.Time(until), sqldb.Time(ended)
	return v, nil
}
