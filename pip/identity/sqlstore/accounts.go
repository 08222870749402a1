package sqlstore

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/identity"
)

const accountColumns = "id, username, email_sealed, email_index, password_hash, role, standing, staff, patient, department, created_at"

// AddAccount stores r, or returns identity.ErrTaken or identity.ErrStaffTaken.
func (s *Store) AddAccount(ctx context.Context, r identity.Record) error {
	return s.db.Change(ctx, func(tx *sqldb.Tx) error {
		if err := lockAccounts(ctx, tx); err != nil {
			return fmt.Errorf("add account: %w", err)
		}
		if r.Staff != "" {
			if err := link(ctx, tx, r); err != nil {
				return err
			}
		}
		return insertAccount(ctx, tx, r)
	})
}

func insertAccount(ctx context.Context, tx *sqldb.Tx, r identity.Record) error {
	if err := claimName(ctx, tx, r); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO identity_accounts ("+accountColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		r.ID, r.Username, base64.StdEncoding.EncodeToString(r.EmailSealed), r.EmailIndex, r.PasswordHash,
		r.Role, string(r.Standing), r.Staff, r.Patient, r.Department, sqldb.Micros(r.Created))
	if sqldb.Duplicate(err) { // of e-mail or username: the id is new
		return identity.ErrTaken
	}
	if err != nil {
		return fmt.Errorf("add account: %w", err)
	}
	return nil
}

// claimName keeps the username of r for r, for ever: applications may know a person by it.
func claimName(ctx context.Context, tx *sqldb.Tx, r identity.Record) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO identity_usernames (username, account) VALUES (?, ?)", r.Username, r.ID)
	if err == nil || !sqldb.Duplicate(err) {
		return err
	}
	var owner string
	if err := tx.QueryRowContext(ctx, "SELECT account FROM identity_usernames WHERE username = ?", r.Username).Scan(&owner); err != nil {
		return fmt.Errorf("look for username: %w", err)
	}
	if owner != r.ID {
		return identity.ErrTaken
	}
	return nil
}

// Account returns the account with the id.
func (s *Store) Account(ctx context.Context, id string) (identity.Record, error) {
	return scanAccount(s.db.QueryRowContext(ctx, "SELECT "+accountColumns+" FROM identity_accounts WHERE id = ?", id))
}

// AccountByEmail returns the account with the keyed e-mail index.
func (s *Store) AccountByEmail(ctx context.Context, index string) (identity.Record, error) {
	return scanAccount(s.db.QueryRowContext(ctx, "SELECT "+accountColumns+" FROM identity_accounts WHERE email_index = ?", index))
}

// Accounts returns accounts behind the id after.
func (s *Store) Accounts(ctx context.Context, after string, limit int) ([]identity.Record, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+accountColumns+" FROM identity_accounts WHERE id > ? ORDER BY id LIMIT ?", after, limit)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	defer rows.Close()
	var records []identity.Record
	for rows.Next() {
		r, err := scanAccount(rows)
		if err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return records, nil
}

// scanAccount reads accountColumns, and behind them whatever else was selected.
func scanAccount(row interface{ Scan(...any) error }, more ...any) (identity.Record, error) {
	var r identity.Record
	var sealed string
	var created int64
	err := row.Scan(append([]any{&r.ID, &r.Username, &sealed, &r.EmailIndex, &r.PasswordHash,
		&r.Role, &r.Standing, &r.Staff, &r.Patient, &r.Department, &created}, more...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return identity.Record{}, identity.ErrNotFound
	}
	if err != nil {
		return identity.Record{}, fmt.Errorf("read account: %w", err)
	}
	if r.EmailSealed, err = base64.StdEncoding.DecodeString(sealed); err != nil {
		return identity.Record{}, fmt.Errorf("read account %s: %w", r.ID, err)
	}
	r.Created = sqldb.Time(created)
	return r, nil
}

// namedAtOnce is how many names one statement asks for.
const namedAtOnce = 500

// Named returns the ids of the accounts that have the canonical usernames. A
// username without an account is not in it.
func (s *Store) Named(ctx context.Context, usernames []string) (map[string]string, error) {
	return s.ids(ctx, "username", usernames)
}

// AccountsByEmail returns the ids of the accounts with the keyed e-mail indexes.
func (s *Store) AccountsByEmail(ctx context.Context, indexes []string) (map[string]string, error) {
	return s.ids(ctx, "email_index", indexes)
}

// ids returns the ids of the accounts whose column has one of the values.
func (s *Store) ids(ctx context.Context, column string, values []string) (map[string]string, error) {
	ids := map[string]string{}
	for some := range slices.Chunk(values, namedAtOnce) {
		if err := s.someIDs(ctx, column, some, ids); err != nil {
			return nil, fmt.Errorf("look for accounts by %s: %w", column, err)
		}
	}
	return ids, nil
}

func (s *Store) someIDs(ctx context.Context, column string, values []string, ids map[string]string) error {
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = value
	}
	marks := strings.Repeat(", ?", len(values))[2:]
	rows, err := s.db.QueryContext(ctx, "SELECT "+column+", id FROM identity_accounts WHERE "+column+" IN ("+marks+")", args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var value, id string
		if err := rows.Scan(&value, &id); err != nil {
			return err
		}
		ids[value] = id
	}
	return rows.Err()
}
