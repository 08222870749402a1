package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pdp/admin"
)

// Ban stores b in place of any other ban of the account.
func (s *Store) Ban(ctx context.Context, b admin.Ban) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		if err := putBan(ctx, tx, b); err != nil {
			return err
		}
		return advance(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("store ban: %w", err)
	}
	return nil
}

func putBan(ctx context.Context, tx *sqldb.Tx, b admin.Ban) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM admin_bans WHERE account = ?", b.Account); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO admin_bans (account, reason, banned_by, created_at, banned_until) VALUES (?, ?, ?, ?, ?)",
		b.Account, b.Reason, b.By, sqldb.Micros(b.Created), sqldb.Micros(b.Until))
	return err
}

// Unban reports whether there was a ban to lift.
func (s *Store) Unban(ctx context.Context, account string) (hit bool, err error) {
	err = s.db.Change(ctx, func(tx *sqldb.Tx) (err error) {
		if hit, err = sqldb.Changed(ctx, tx, "DELETE FROM admin_bans WHERE account = ?", account); err != nil || !hit {
			return err
		}
		return advance(ctx, tx)
	})
	if err != nil {
		return false, fmt.Errorf("lift ban: %w", err)
	}
	return hit, nil
}

// Bans returns the bans that hold at now.
func (s *Store) Bans(ctx context.Context, now time.Time) ([]admin.Ban, error) {
	return bansAt(ctx, s.db, now)
}

// ReadBans reads the bans that hold at now from a database that Wardgate may be using. It
// changes nothing.
func ReadBans(ctx context.Context, db *sqldb.DB, now time.Time) ([]admin.Ban, error) {
	return bansAt(ctx, db, now)
}

func bansAt(ctx context.Context, on Queryer, now time.Time) ([]admin.Ban, error) {
	rows, err := on.QueryContext(ctx, "SELECT account, reason, banned_by, created_at, banned_until FROM admin_bans WHERE banned_until > ?", sqldb.Micros(now))
	if err != nil {
		return nil, fmt.Errorf("read bans: %w", err)
	}
	defer rows.Close()
	var bans []admin.Ban
	for rows.Next() {
		var b admin.Ban
		var created, until int64
		if err := rows.Scan(&b.Account, &b.Reason, &b.By, &created, &until); err != nil {
			return nil, fmt.Errorf("read bans: %w", err)
		}
		b.Created, b.Until = sqldb.Time(created), sqldb.Time(until)
		bans = append(bans, b)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read bans: %w", err)
	}
	return bans, nil
}
