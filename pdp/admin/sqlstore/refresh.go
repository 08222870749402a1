package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pdp/admin"
)

// Begin stores both or neither.
func (s *Store) Begin(ctx context.Context, v admin.Session, r admin.Refresh) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO admin_sessions (id, account, footprint, amr, acr, auth_time, "+
			"created_at, last_used_at, idle_until, ends_by, ended_at, end_reason, device) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', ?)",
			v.ID, v.Account, v.Sealed,
			strings.Join(v.AMR, " "), v.ACR, sqldb.Micros(v.AuthTime),
			sqldb.Micros(v.Created), sqldb.Micros(v.LastUsed), sqldb.Micros(v.IdleUntil), sqldb.Micros(v.Until), v.Device)
		if err != nil {
			return err
		}
		return beginRefresh(ctx, tx, r)
	})
	if err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	return nil
}

// Refresh returns a token and its session from one statement.
func (s *Store) Refresh(ctx context.Context, hash string) (admin.Refresh, admin.Session, error) {
	r := admin.Refresh{Hash: hash}
	var issued, used int64
	v, err := scanSession(s.db.QueryRowContext(ctx, "SELECT "+sessionColumns+", t.issued_at, t.used_at "+
		"FROM admin_refresh_tokens t JOIN admin_sessions s ON s.id = t.session WHERE t.hash = ?", hash), &issued, &used)
	if err != nil {
		return admin.Refresh{}, admin.Session{}, err
	}
	r.Session, r.Issued, r.Used = v.ID, sqldb.Time(issued), sqldb.Time(used)
	return r, v, nil
}

// Rotate uses up the old token, keeps the session awake and adds the new token,
// or does none of it.
func (s *Store) Rotate(ctx context.Context, r admin.Rotation) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error { return rotate(ctx, tx, r) })
	if err != nil && !errors.Is(err, admin.ErrUsed) && !errors.Is(err, admin.ErrEnded) {
		return fmt.Errorf("rotate: %w", err)
	}
	return err
}

func rotate(ctx context.Context, tx *sqldb.Tx, r admin.Rotation) error {
	hit, err := sqldb.Changed(ctx, tx, "UPDATE admin_refresh_tokens SET used_at = ? WHERE hash = ? AND session = ? AND used_at = 0",
		sqldb.Micros(r.At), r.Old, r.Session)
	if err != nil {
		return err
	}
	if !hit {
		return admin.ErrUsed
	}
	hit, err = sqldb.Changed(ctx, tx, "UPDATE admin_sessions SET last_used_at = ?, idle_until = ? WHERE id = ? AND ended_at = 0",
		sqldb.Micros(r.At), sqldb.Micros(r.IdleUntil), r.Session)
	if err != nil {
		return err
	}
	if !hit {
		return admin.ErrEnded
	}
	if err := addRefresh(ctx, tx, admin.Refresh{Hash: r.New, Session: r.Session, Issued: r.At}); err != nil || r.Answer == "" {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO admin_refresh_answers (hash, sealed, forget_at) VALUES (?, ?, ?)",
		r.Old, r.Answer, sqldb.Micros(r.ForgetAnswer))
	return err
}

// Answer returns the sealed answer that was given for a refresh token.
func (s *Store) Answer(ctx context.Context, hash string) (string, error) {
	var sealed string
	err := s.db.QueryRowContext(ctx, "SELECT sealed FROM admin_refresh_answers WHERE hash = ?", hash).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return "", admin.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("read answer: %w", err)
	}
	return sealed, nil
}

// beginRefresh adds the first refresh token of a session that has one.
func beginRefresh(ctx context.Context, on sqldb.Execer, r admin.Refresh) error {
	if r.Hash == "" {
		return nil
	}
	return addRefresh(ctx, on, r)
}

func addRefresh(ctx context.Context, on sqldb.Execer, r admin.Refresh) error {
	_, err := on.ExecContext(ctx, "INSERT INTO admin_refresh_tokens (hash, session, issued_at, used_at) VALUES (?, ?, ?, ?)",
		r.Hash, r.Session, sqldb.Micros(r.Issued), sqldb.Micros(r.Used))
	if err != nil {
		return fmt.Errorf("add refresh token: %w", err)
	}
	return nil
}
