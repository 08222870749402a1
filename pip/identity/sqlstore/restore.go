package sqlstore

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
)

// Accounted reports whether there is any account.
func (s *Store) Accounted(ctx context.Context) (bool, error) {
	n, err := s.count(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM identity_accounts LIMIT 1) a")
	if err != nil {
		return false, fmt.Errorf("look for accounts: %w", err)
	}
	return n > 0, nil
}

// restored are the columns of an account that an officer's order may set again.
var restored = []string{"standing", "role", "staff", "patient", "department"}

// Restore changes all of it in one transaction.
func (s *Store) Restore(ctx context.Context, r identity.Restoration) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		for _, end := range []string{
			"UPDATE identity_challenges SET spent = 1 WHERE spent = 0",
			"DELETE FROM identity_passes WHERE used_at = 0",
			"DELETE FROM identity_signups",
			"DELETE FROM identity_totp WHERE confirmed_at = 0",
			"DELETE FROM identity_totp_next",
			// How many tries there were is not known: a whole log-in of the owner opens it.
			"UPDATE identity_badges SET tries = 1000",
		} {
			if _, err := tx.ExecContext(ctx, end); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "UPDATE identity_totp SET last_step = ? WHERE last_step < ?", r.NextStep-1, r.NextStep-1); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE identity_locks SET version = ? WHERE name = 'unnamed_since' AND version < ?", sqldb.Micros(r.Now), sqldb.Micros(r.Now)); err != nil {
			return err
		}
		for _, links := range []bool{false, true} { // a staff record is given up before another account takes it
			for account, set := range r.Accounts {
				if links != (set["staff"] != "") {
					continue
				}
				if err := restoreAccount(ctx, tx, account, set); err != nil {
					return err
				}
			}
		}
		for _, account := range r.Badges {
			if _, err := tx.ExecContext(ctx, "DELETE FROM identity_badges WHERE account = ?", account); err != nil {
				return err
			}
		}
		for _, account := range r.Passwords {
			if _, err := tx.ExecContext(ctx, "UPDATE identity_accounts SET password_hash = ? WHERE id = ?", r.NoPassword, account); err != nil {
				return err
			}
		}
		if err := restorePasskeys(ctx, tx, r); err != nil {
			return err
		}
		return restoreFactors(ctx, tx, r)
	})
	if err != nil {
		return fmt.Errorf("restore accounts: %w", err)
	}
	return nil
}

// restoreAccount sets what was ordered. An account that waits for approval is not made
// active by it: that a ban was lifted approves no account.
func restoreAccount(ctx context.Context, tx *sqldb.Tx, account string, set map[string]string) error {
	for _, column := range restored {
		value, ordered := set[column]
		if !ordered {
			continue
		}
		query, args := "UPDATE identity_accounts SET "+column+" = ? WHERE id = ?", []any{value, account}
		if column == "standing" && value == string(pip.AccountActive) {
			query, args = query+" AND standing = ?", append(args, string(pip.AccountDisabled))
		}
		if _, err := tx.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	if staff, ordered := set["staff"]; ordered {
		return restoreLink(ctx, tx, account, staff)
	}
	return nil
}

// restoreLink has the table of staff records say what the account says. A record that
// another account of this copy has stays with that one, and the account has none.
func restoreLink(ctx context.Context, tx *sqldb.Tx, account, staff string) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM identity_staff_links WHERE account = ?", account); err != nil || staff == "" {
		return err
	}
	var held int
	if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM identity_staff_links WHERE staff = ?", staff).Scan(&held); err != nil {
		return err
	}
	if held > 0 {
		_, err := tx.ExecContext(ctx, "UPDATE identity_accounts SET staff = '' WHERE id = ?", account)
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO identity_staff_links (staff, account) SELECT staff, id FROM identity_accounts WHERE id = ?", account)
	return err
}

// restorePasskeys leaves a key that this copy has; one that it never had is lost.
func restorePasskeys(ctx context.Context, tx *sqldb.Tx, r identity.Restoration) error {
	for _, id := range r.RemovedPasskeys {
		if _, err := tx.ExecContext(ctx, "DELETE FROM identity_passkeys WHERE id = ?", id); err != nil {
			return err
		}
	}
	for id, account := range r.LostPasskeys {
		_, err := tx.ExecContext(ctx, "INSERT INTO identity_passkeys ("+passkeyColumns+") "+
			"SELECT ?, id, ?, '', 0, '', 0, ?, 0 FROM identity_accounts WHERE id = ? AND NOT EXISTS (SELECT 1 FROM identity_passkeys k WHERE k.id = ?)",
			id, "lost/"+id, sqldb.Micros(r.Now), account, id)
		if err != nil {
			return err
		}
	}
	return nil
}

func restoreFactors(ctx context.Context, tx *sqldb.Tx, r identity.Restoration) error {
	gone := slices.Clone(r.RemovedApps)
	for account := range r.LostApps {
		gone = append(gone, account)
	}
	for _, account := range gone {
		for _, table := range []string{"identity_recovery_codes", "identity_totp"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE account = ?", account); err != nil {
				return err
			}
		}
	}
	now := sqldb.Micros(r.Now)
	for account, sealed := range r.LostApps {
		_, err := tx.ExecContext(ctx, "INSERT INTO identity_totp (account, secret_sealed, attempts, last_step, created_at, confirmed_at) "+
			"SELECT id, ?, 0, ?, ?, ? FROM identity_accounts WHERE id = ?",
			base64.StdEncoding.EncodeToString(sealed), r.NextStep-1, now, now, account)
		if err != nil {
			return err
		}
	}
	for _, account := range r.Recovered {
		if _, err := tx.ExecContext(ctx, "UPDATE identity_recovery_codes SET used_at = ? WHERE account = ? AND used_at = 0", now, account); err != nil {
			return err
		}
	}
	return nil
}
