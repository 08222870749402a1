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

// AddMachineKey stores the hash of a machine's key.
func (s *Store) AddMachineKey(ctx context.Context, account, hash string, at time.Time) error {
	_, err := s.db.ExecContext(ctx, "INSERT INTO admin_machine_keys (hash, account, created_at) VALUES (?, ?, ?)", hash, account, sqldb.Micros(at))
	if err != nil {
		return fmt.Errorf("add machine key: %w", err)
	}
	return nil
}

// MachineOf returns the account that a key belongs to, or admin.ErrNotFound.
func (s *Store) MachineOf(ctx context.Context, hash string) (string, error) {
	var account string
	err := s.db.QueryRowContext(ctx, "SELECT account FROM admin_machine_keys WHERE hash = ?", hash).Scan(&account)
	if errors.Is(err, sql.ErrNoRows) {
		return "", admin.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("read machine key: %w", err)
	}
	return account, nil
}

// DropMachineKeys forgets all keys of an account.
func (s *Store) DropMachineKeys(ctx context.Context, account string) error {
	if _, err := s.db.ExecContext(ctx, "DELETE FROM admin_machine_keys WHERE account = ?", account); err != nil {
		return fmt.Errorf("drop machine keys: %w", err)
	}
	return nil
}
