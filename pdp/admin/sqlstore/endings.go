package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/wardgate/wardgate/internal/sqldb"
)

// EndFrom counts one more order.
func (s *Store) EndFrom(ctx context.Context, account string) error {
	return fault("count an order to end sessions", s.db.Change(ctx, func(tx *sqldb.Tx) error { return countEnding(ctx, tx, account) }))
}

// countEnding counts one more order. The first of an account is an insert, which of two at
// once only one can do: the other is done again, and counts on top of it.
func countEnding(ctx context.Context, tx *sqldb.Tx, account string) error {
	hit, err := sqldb.Changed(ctx, tx, "UPDATE admin_endings SET orders = orders + 1 WHERE account = ?", account)
	if err != nil || hit {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO admin_endings (account, orders) VALUES (?, 1)", account)
	return err
}

// Endings counts the orders so far.
func (s *Store) Endings(ctx context.Context, account string) (n int64, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT orders FROM admin_endings WHERE account = ?", account).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, fault("count orders to end sessions", err)
}
