package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip"
)

// A Link is an account without what is sealed or secret of it.
type Link struct {
	ID, Role                   string
	Standing                   pip.Account
	Staff, Patient, Department string
}

// ReadLinks reads all accounts of a database that Wardgate may be using. It changes
// nothing, and needs no key.
func ReadLinks(ctx context.Context, db *sqldb.DB) (list []Link, err error) {
	rows, err := db.QueryContext(ctx, `SELECT id, role, standing, staff, patient, department FROM identity_accounts ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var l Link
		if err := rows.Scan(&l.ID, &l.Role, &l.Standing, &l.Staff, &l.Patient, &l.Department); err != nil {
			return nil, fmt.Errorf("read accounts: %w", err)
		}
		list = append(list, l)
	}
	return list, rows.Err()
}

// ReadLink reads the account of an id or user name, in the same way; found is false where
// there is none.
func ReadLink(ctx context.Context, db *sqldb.DB, name string) (l Link, found bool, err error) {
	const query = `SELECT id, role, standing, staff, patient, department FROM identity_accounts WHERE id = ? OR username = ? ORDER BY id = ? DESC`
	err = db.QueryRowContext(ctx, query, name, name, name).Scan(&l.ID, &l.Role, &l.Standing, &l.Staff, &l.Patient, &l.Department)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Link{}, false, nil
	case err != nil:
		return Link{}, false, fmt.Errorf("read account: %w", err)
	}
	return l, true, nil
}
