package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
)

// ClaimOrder takes an order by a conditional change, so that of any number of
// processes one has it.
func (s *Store) ClaimOrder(ctx context.Context, name string, now, until, lapsed time.Time) (bool, error) {
	hit, err := sqldb.Changed(ctx, s.db, `UPDATE admin_orders SET begun_at = ?, holds_until = ?, finished = 0
		WHERE name = ? AND (holds_until <= ? OR (finished = 0 AND begun_at < ?))`,
		sqldb.Micros(now), sqldb.Micros(until), name, sqldb.Micros(now), sqldb.Micros(lapsed))
	if err != nil || hit {
		return hit, fault("claim order", err)
	}
	var there int
	if err := s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM admin_orders WHERE name = ?", name).Scan(&there); err != nil || there > 0 {
		return false, fault("claim order", err)
	}
	_, err = s.db.ExecContext(ctx, "INSERT INTO admin_orders (name, begun_at, holds_until, finished) VALUES (?, ?, ?, 0)",
		name, sqldb.Micros(now), sqldb.Micros(until))
	if err == nil {
		return true, nil
	}
	// Another process was first, unless the row is still missing.
	if again := s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM admin_orders WHERE name = ?", name).Scan(&there); again == nil && there > 0 {
		return false, nil
	}
	return false, fault("claim order", err)
}

// FinishOrder notes that an order was carried out.
func (s *Store) FinishOrder(ctx context.Context, name string) error {
	_, err := s.db.ExecContext(ctx, "UPDATE admin_orders SET finished = 1 WHERE name = ?", name)
	return fault("finish order", err)
}

// DropOrder gives a claim back.
func (s *Store) DropOrder(ctx context.Context, name string) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM admin_orders WHERE name = ? AND finished = 0", name)
	return fault("drop order", err)
}

func fault(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
