package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pdp/admin"
)

// maxDevices is how many devices of one account are remembered: the newest.
const maxDevices = 50

// Familiar reads all of it by one statement.
func (s *Store) Familiar(ctx context.Context, account, device, network string, deviceSince, networkSince time.Time) (admin.Known, error) {
	var devices, networks, all int
	var at int64
	var known admin.Known
	err := s.db.QueryRowContext(ctx, "SELECT "+
		"(SELECT COUNT(*) FROM admin_devices WHERE hash = ? AND account = ? AND last_used_at > ?), "+
		"(SELECT COUNT(*) FROM admin_networks WHERE account = ? AND network = ? AND network <> '' AND last_used_at > ?), "+
		"(SELECT COUNT(*) FROM admin_devices WHERE account = ?), "+
		"COALESCE((SELECT happened_at FROM admin_last_log_ins WHERE account = ?), 0), "+
		"COALESCE((SELECT place FROM admin_last_log_ins WHERE account = ?), ''), "+
		"COALESCE((SELECT orders FROM admin_endings WHERE account = ?), 0)",
		device, account, sqldb.Micros(deviceSince), account, network, sqldb.Micros(networkSince),
		account, account, account, account).Scan(&devices, &networks, &all, &at, &known.Last.Place, &known.Endings)
	if err != nil {
		return admin.Known{}, fmt.Errorf("familiar origin: %w", err)
	}
	known.Device, known.Network, known.Crowded = devices > 0, networks > 0, all >= maxDevices
	known.Last.At = sqldb.Time(at)
	return known, nil
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

// Sight remembers the three at once: each says something by itself.
func (s *Store) Sight(ctx context.Context, from admin.Sighting) error {
	at := sqldb.Micros(from.At)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.sightDevice(ctx, from) })
	// A row of these two is all that it holds: replacing it loses nothing.
	group.Go(func() error {
		_, err := s.db.ExecContext(ctx, "REPLACE INTO admin_networks (account, network, last_used_at) VALUES (?, ?, ?)", from.Account, from.Network, at)
		return err
	})
	group.Go(func() error {
		_, err := s.db.ExecContext(ctx, "REPLACE INTO admin_last_log_ins (account, happened_at, place) VALUES (?, ?, ?)", from.Account, at, from.Place)
		return err
	})
	if err := group.Wait(); err != nil {
		return fmt.Errorf("remember origin: %w", err)
	}
	return nil
}

func (s *Store) sightDevice(ctx context.Context, from admin.Sighting) error {
	at := sqldb.Micros(from.At)
	if !from.New { // one that its owner has forgotten meanwhile stays forgotten
		_, err := s.db.ExecContext(ctx, "UPDATE admin_devices SET network = ?, client = ?, last_used_at = ? WHERE hash = ? AND account = ?",
			from.Network, from.Client, at, from.Device, from.Account)
		return err
	}
	_, err := s.db.ExecContext(ctx, "INSERT INTO admin_devices (hash, account, network, client, created_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?)",
		from.Device, from.Account, from.Network, from.Client, at, at)
	if err != nil || !from.Crowded {
		return err
	}
	return forgetOldest(ctx, s.db, from.Account)
}

// forgetOldest keeps the number of an account's devices bounded.
func forgetOldest(ctx context.Context, db *sqldb.DB, account string) error {
	var last int64
	err := db.QueryRowContext(ctx, "SELECT last_used_at FROM admin_devices WHERE account = ? ORDER BY last_used_at DESC LIMIT 1 OFFSET ?",
		account, maxDevices).Scan(&last)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "DELETE FROM admin_devices WHERE account = ? AND last_used_at <= ?", account, last); err != nil {
		return err
	}
	return nil
}

// Devices returns those of an account, which are bounded.
func (s *Store) Devices(ctx context.Context, account string, since time.Time) (devices []admin.SeenDevice, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT hash, client, created_at, last_used_at FROM admin_devices "+
		"WHERE account = ? AND last_used_at > ? ORDER BY last_used_at DESC, hash", account, sqldb.Micros(since))
	if err != nil {
		return nil, fault("read devices", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var d admin.SeenDevice
		var first, last int64
		if err := rows.Scan(&d.ID, &d.Client, &first, &last); err != nil {
			return nil, fault("read devices", err)
		}
		d.First, d.Last = sqldb.Time(first), sqldb.Time(last)
		devices = append(devices, d)
	}
	return devices, fault("read devices", rows.Err())
}

// ForgetDevices does both in one transaction: Familiar reads both by one statement.
func (s *Store) ForgetDevices(ctx context.Context, account string, ids []string) error {
	return fault("forget devices", s.db.Change(ctx, func(tx *sqldb.Tx) error {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, "DELETE FROM admin_devices WHERE account = ? AND hash = ?", account, id); err != nil {
				return err
			}
		}
		return countEnding(ctx, tx, account)
	}))
}
