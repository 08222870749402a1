package sqlstore

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
)

// ChangeAccount changes one account at a time, of all accounts and processes: what
// holds over several of them (an officer is left, a staff record has one account)
// is checked in the transaction that would break it.
func (s *Store) ChangeAccount(ctx context.Context, id string, officers []string, change func(*identity.Record) error) (before, after identity.Record, err error) {
	err = s.db.Change(ctx, func(tx *sqldb.Tx) (err error) {
		if err := lockAccounts(ctx, tx); err != nil {
			return err
		}
		before, err = scanAccount(tx.QueryRowContext(ctx, "SELECT "+accountColumns+" FROM identity_accounts WHERE id = ?", id))
		if err != nil {
			return err
		}
		after = before
		if err := change(&after); err != nil {
			return err
		}
		if err := keepAnOfficer(ctx, tx, before, after, officers); err != nil {
			return err
		}
		if err := moveLink(ctx, tx, before, after); err != nil {
			return err
		}
		return updateAccount(ctx, tx, after)
	})
	return before, after, err
}

// lockAccounts lets administrative changes happen one after the other. It comes
// first in a transaction: what is read behind it is what the change before left.
func lockAccounts(ctx context.Context, tx *sqldb.Tx) error {
	_, err := tx.ExecContext(ctx, "UPDATE identity_locks SET version = version + 1 WHERE name = 'accounts'")
	return err
}

func isOfficer(r identity.Record, officers []string) bool {
	for _, role := range officers {
		if r.Role == role && r.Standing == pip.AccountActive {
			return true
		}
	}
	return false
}

// keepAnOfficer refuses a change after which no officer's account is active.
func keepAnOfficer(ctx context.Context, tx *sqldb.Tx, before, after identity.Record, officers []string) error {
	if !isOfficer(before, officers) || isOfficer(after, officers) {
		return nil
	}
	args := []any{before.ID, string(pip.AccountActive)}
	for _, role := range officers {
		args = append(args, role)
	}
	var others int
	err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM identity_accounts WHERE id <> ? AND standing = ? AND role IN ("+
		strings.Repeat(", ?", len(officers))[2:]+")", args...).Scan(&others)
	if err == nil && others == 0 {
		err = identity.ErrLastOfficer
	}
	return err
}

// moveLink keeps the list of which account has which staff record.
func moveLink(ctx context.Context, tx *sqldb.Tx, before, after identity.Record) error {
	if before.Staff == after.Staff {
		return nil
	}
	if before.Staff != "" {
		if err := unlink(ctx, tx, before); err != nil {
			return err
		}
	}
	if after.Staff == "" {
		return nil
	}
	return link(ctx, tx, after)
}

// link claims the staff record of r, which no other account may have: not in the
// list either, where accounts from before the list do not stand.
func link(ctx context.Context, tx *sqldb.Tx, r identity.Record) error {
	var others int
	err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM identity_accounts WHERE staff = ? AND id <> ?", r.Staff, r.ID).Scan(&others)
	if err == nil && others > 0 {
		err = identity.ErrStaffTaken
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO identity_staff_links (staff, account) VALUES (?, ?)", r.Staff, r.ID)
	if sqldb.Duplicate(err) {
		return identity.ErrStaffTaken
	}
	return err
}

// unlink gives the staff record of r up. Of accounts that shared it, the last one
// has it alone from then on.
func unlink(ctx context.Context, tx *sqldb.Tx, r identity.Record) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM identity_staff_links WHERE account = ?", r.ID); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO identity_staff_links (staff, account) "+
		"SELECT staff, MIN(id) FROM identity_accounts WHERE staff = ? AND id <> ? GROUP BY staff HAVING COUNT(*) = 1", r.Staff, r.ID)
	if sqldb.Duplicate(err) {
		return nil // it had it already
	}
	return err
}

// updateAccount writes r, and ends its open challenges and passes: what was begun as
// another account than this one is now proves nothing, and no person gave a word for it.
func updateAccount(ctx context.Context, tx *sqldb.Tx, r identity.Record) error {
	if err := claimName(ctx, tx, r); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "UPDATE identity_accounts SET username = ?, email_sealed = ?, email_index = ?, role = ?, standing = ?, "+
		"staff = ?, patient = ?, department = ? WHERE id = ?",
		r.Username, base64.StdEncoding.EncodeToString(r.EmailSealed), r.EmailIndex, r.Role, string(r.Standing),
		r.Staff, r.Patient, r.Department, r.ID)
	if sqldb.Duplicate(err) {
		return identity.ErrTaken
	}
	if err != nil {
		return err
	}
	for _, end := range []string{
		"UPDATE identity_challenges SET spent = 1 WHERE account = ? AND spent = 0",
		"DELETE FROM identity_passes WHERE account = ? AND used_at = 0",
	} {
		if _, err := tx.ExecContext(ctx, end, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// SharedStaff lists the staff records that more than one account has, from before
// there could be one alone, each with its accounts.
func (s *Store) SharedStaff(ctx context.Context) (map[string][]string, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT staff, id FROM identity_accounts WHERE staff IN "+
		"(SELECT staff FROM identity_accounts WHERE staff <> '' GROUP BY staff HAVING COUNT(*) > 1) ORDER BY staff, id")
	if err != nil {
		return nil, fmt.Errorf("look for shared staff records: %w", err)
	}
	defer rows.Close()
	shared := map[string][]string{}
	for rows.Next() {
		var staff, id string
		if err := rows.Scan(&staff, &id); err != nil {
			return nil, fmt.Errorf("look for shared staff records: %w", err)
		}
		shared[staff] = append(shared[staff], id)
	}
	return shared, rows.Err()
}
