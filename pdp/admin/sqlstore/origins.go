package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pdp/admin"
)

// maxDevices is how many devices of one account are remembered: the newest.
const maxDevices = 50

// Familiar reports what the account has signed in from.
func (s *Store) Familiar(ctx context.Context, account, device, network string, deviceSince, networkSince time.Time) (bool, bool, error) {
	var devices, networks int
	err := s.db.QueryRowContext(ctx, "SELECT "+
		"(SELECT COUNT(*) FROM admin_devices WHERE hash = ? AND account = ? AND last_used_at > ?), "+
		"(SELECT COUNT(*) FROM admin_networks WHERE account = ? AND network = ? AND network <> '' AND last_used_at > ?)",
		device, account, sqldb.Micros(deviceSince), account, network, sqldb.Micros(networkSince)).Scan(&devices, &networks)
	if err != nil {
		return false, false, fmt.Errorf("familiar origin: %w", err)
	}
	return devices > 0, networks > 0, nil
}

// LastLogIn returns the newest log-in of an account, or the zero Arrival.
func (s *Store) LastLogIn(ctx context.Context, account string) (admin.Arrival, error) {
	var at int64
	var a admin.Arrival
	err := s.db.QueryRowContext(ctx, "SELECT happened_at, place FROM admin_last_log_ins WHERE account = ?", account).Scan(&at, &a.Place)
	if errors.Is(err, sql.ErrNoRows) {
		return admin.Arrival{}, nil
	}
	if err != nil {
		return admin.Arrival{}, fmt.Errorf("last log-in: %w", err)
	}
	a.At = sqldb.Time(at)
	return a, nil
}

// Origins lists the devices and networks of an account.
func (s *Store) Origins(ctx context.Context, account string) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT 'device/', hash FROM admin_devices WHERE account = ? "+
		"UNION ALL SELECT 'network/', network FROM admin_networks WHERE account = ?", account, account)
	if err != nil {
		return nil, fmt.Errorf("origins: %w", err)
	}
	defer rows.Close()
	var origins []string
	for rows.Next() {
		var kind, name string
		if err := rows.Scan(&kind, &name); err != nil {
			return nil, fmt.Errorf("origins: %w", err)
		}
		origins = append(origins, kind+name)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("origins: %w", err)
	}
	return origins, nil
}

// Forget drops what was last seen before these times.
func (s *Store) Forget(ctx context.Context, devices, networks, logIns time.Time) error {
	for _, one := range []struct {
		query  string
		before time.Time
	}{
		{"DELETE FROM admin_devices WHERE last_used_at < ?", devices},
		{"DELETE FROM admin_networks WHERE last_used_at < ?", networks},
		{"DELETE FROM admin_last_log_ins WHERE happened_at < ?", logIns},
	} {
		if _, err := s.db.ExecContext(ctx, one.query, sqldb.Micros(one.before)); err != nil {
			return fmt.Errorf("forget origins: %w", err)
		}
	}
	return nil
}

// sight remembers from where a session began.
func sight(ctx context.Context, tx *sqldb.Tx, from admin.Sighting) error {
	if from.Account == "" {
		return nil
	}
	at := sqldb.Micros(from.At)
	for _, one := range []struct {
		update, insert string
		args           []any
	}{
		{
			"UPDATE admin_devices SET network = ?, last_used_at = ? WHERE hash = ? AND account = ?",
			"INSERT INTO admin_devices (network, last_used_at, hash, account, created_at) VALUES (?, ?, ?, ?, ?)",
			[]any{from.Network, at, from.Device, from.Account, at},
		},
		{
			"UPDATE admin_networks SET last_used_at = ? WHERE account = ? AND network = ?",
			"INSERT INTO admin_networks (last_used_at, account, network) VALUES (?, ?, ?)",
			[]any{at, from.Account, from.Network},
		},
		{
			"UPDATE admin_last_log_ins SET happened_at = ?, place = ? WHERE account = ?",
			"INSERT INTO admin_last_log_ins (happened_at, place, account) VALUES (?, ?, ?)",
			[]any{at, from.Place, from.Account},
		},
	} {
		if err := replace(ctx, tx, one.update, one.insert, one.args); err != nil {
			return fmt.Errorf("remember origin: %w", err)
		}
	}
	return forgetOldest(ctx, tx, from.Account)
}

// replace updates the one row, or inserts it when there is none. The insert may
// take more arguments than the update, behind the same ones.
func replace(ctx context.Context, tx *sqldb.Tx, update, insert string, args []any) error {
	hit, err := sqldb.Changed(ctx, tx, update, args[:placeholders(update)]...)
	if err != nil || hit {
		return err
	}
	_, err = tx.ExecContext(ctx, insert, args...)
	return err
}

func placeholders(query string) int {
	n := 0
	for _, c := range query {
		if c == '?' {
			n++
		}
	}
	return n
}

// forgetOldest keeps the number of an account's devices bounded.
func forgetOldest(ctx context.Context, tx *sqldb.Tx, account string) error {
	var last int64
	err := tx.QueryRowContext(ctx, "SELECT last_used_at FROM admin_devices WHERE account = ? ORDER BY last_used_at DESC LIMIT 1 OFFSET ?",
		account, maxDevices).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remember origin: %w", err)
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM admin_devices WHERE account = ? AND last_used_at <= ?", account, last); err != nil {
		return fmt.Errorf("remember origin: %w", err)
	}
	return nil
}
