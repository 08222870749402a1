package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pdp/admin"
)

// Restore changes all of it in one transaction.
func (s *Store) Restore(ctx context.Context, r admin.Restoration, now time.Time) error {
	epoch, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("restore sessions: %w", err)
	}
	err = s.db.Change(ctx, func(tx *sqldb.Tx) error {
		for _, one := range []struct {
			query string
			args  []any
		}{
			{"UPDATE admin_sessions SET ended_at = ?, end_reason = 'database_restored' WHERE ended_at = 0", []any{sqldb.Micros(now)}},
			{"DELETE FROM admin_refresh_answers", nil},
			{"DELETE FROM admin_handles", nil},
			{"DELETE FROM admin_carries", nil},
			{"DELETE FROM admin_ended", nil},
			// A number means nothing to anybody who has seen those of the lost copy.
			{"UPDATE admin_revocation_mark SET epoch = ?, sequence = sequence + 1 WHERE id = 1", []any{epoch.String()}},
		} {
			if _, err := tx.ExecContext(ctx, one.query, one.args...); err != nil {
				return err
			}
		}
		for _, name := range r.Lifted {
			if _, err := tx.ExecContext(ctx, "DELETE FROM admin_bans WHERE account = ?", name); err != nil {
				return err
			}
		}
		for _, b := range r.Bans {
			if err := putBan(ctx, tx, b); err != nil {
				return err
			}
		}
		for account, until := range r.Machines {
			if _, err := tx.ExecContext(ctx, "DELETE FROM admin_machine_keys WHERE account = ? AND created_at <= ?", account, sqldb.Micros(until)); err != nil {
				return err
			}
		}
		for _, hash := range r.Devices {
			if _, err := tx.ExecContext(ctx, "DELETE FROM admin_devices WHERE hash = ?", hash); err != nil {
				return err
			}
		}
		for _, id := range r.Workstations {
			if _, err := tx.ExecContext(ctx, "DELETE FROM admin_workstations WHERE id = ?", id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("restore sessions: %w", err)
	}
	return nil
}

// Guard has check asked, in the transaction that reads who is cut off, whether the
// database is still the one that was known: what an older copy says lets people in.
func (s *Store) Guard(check func(ctx context.Context, on Queryer) error) { s.guard = check }
