package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/pass"
)

var _ pass.Store = (*Store)(nil)

// AddPass keeps the table small: what is over goes, and so does an earlier proposal.
func (s *Store) AddPass(ctx context.Context, p pass.Pass, now time.Time) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM identity_passes WHERE used_at = 0 AND expires_at <= ? OR used_at > 0 AND shift_ends_at <= ? "+
			"OR account = ? AND first_by = ? AND mark = ''", sqldb.Micros(now), sqldb.Micros(now), p.Account, p.First.ID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO identity_passes (id, account, first_by, first_role, second_by, mark, expires_at, shift_ends_at, used_at) VALUES (?, ?, ?, ?, '', '', ?, 0, 0)",
			p.ID, p.Account, p.First.ID, p.First.Role, sqldb.Micros(p.Expires))
		return err
	})
	if err != nil {
		return fmt.Errorf("add pass: %w", err)
	}
	return nil
}

// Pass returns one pass.
func (s *Store) Pass(ctx context.Context, id string) (pass.Pass, error) {
	return readPass(s.db.QueryRowContext(ctx, passColumns+"WHERE id = ?", id))
}

const passColumns = "SELECT id, account, first_by, first_role, second_by, second_role, mark, expires_at, shift_ends_at FROM identity_passes "

func readPass(row *sql.Row) (pass.Pass, error) {
	var p pass.Pass
	var expires, ends int64
	err := row.Scan(&p.ID, &p.Account, &p.First.ID, &p.First.Role, &p.Second.ID, &p.Second.Role, &p.Mark, &expires, &ends)
	if errors.Is(err, sql.ErrNoRows) {
		return pass.Pass{}, identity.ErrNotFound
	}
	if err != nil {
		return pass.Pass{}, fmt.Errorf("read pass: %w", err)
	}
	p.Expires, p.ShiftEnds = sqldb.Time(expires), sqldb.Time(ends)
	return p, nil
}

// IssuePass succeeds once for a proposal. An account has one pass at a time.
func (s *Store) IssuePass(ctx context.Context, p pass.Pass, now time.Time) (issued bool, err error) {
	err = s.db.Change(ctx, func(tx *sqldb.Tx) (err error) {
		issued, err = sqldb.Changed(ctx, tx, "UPDATE identity_passes SET second_by = ?, second_role = ?, mark = ?, expires_at = ?, shift_ends_at = ? "+
			"WHERE id = ? AND mark = '' AND used_at = 0 AND expires_at > ?",
			p.Second.ID, p.Second.Role, p.Mark, sqldb.Micros(p.Expires), sqldb.Micros(p.ShiftEnds), p.ID, sqldb.Micros(now))
		if err != nil || !issued {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM identity_passes WHERE account = ? AND id <> ? AND used_at = 0", p.Account, p.ID)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("issue pass: %w", err)
	}
	return issued, nil
}

// UsePass reports true to one caller only.
func (s *Store) UsePass(ctx context.Context, account, mark string, now time.Time) (bool, error) {
	hit, err := s.changed(ctx, "UPDATE identity_passes SET used_at = ? WHERE account = ? AND mark = ? AND mark <> '' AND used_at = 0 AND expires_at > ?",
		sqldb.Micros(now), account, mark, sqldb.Micros(now))
	if err != nil {
		return false, fmt.Errorf("use pass: %w", err)
	}
	return hit, nil
}

// UsedPass returns the pass that was used last.
func (s *Store) UsedPass(ctx context.Context, account string) (pass.Pass, error) {
	return readPass(s.db.QueryRowContext(ctx, passColumns+"WHERE account = ? AND used_at > 0 ORDER BY used_at DESC LIMIT 1", account))
}
