package sqlstore

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
)

// AddSignUp stores a.
func (s *Store) AddSignUp(ctx context.Context, a identity.SignUp) error {
	_, err := s.db.ExecContext(ctx, "INSERT INTO identity_signups (id, email_index, sealed, password_hash, created_at, expires_at, network) VALUES (?, ?, ?, ?, ?, ?, ?)",
		a.ID, a.EmailIndex, base64.StdEncoding.EncodeToString(a.Sealed), a.PasswordHash, sqldb.Micros(a.Created), sqldb.Micros(a.Expires), a.Network)
	if err != nil {
		return fmt.Errorf("add sign-up: %w", err)
	}
	return nil
}

const signUpColumns = "id, email_index, sealed, password_hash, created_at, expires_at, network"

// SignUp returns the open sign-up with the id.
func (s *Store) SignUp(ctx context.Context, id string, now time.Time) (identity.SignUp, error) {
	return scanSignUp(s.db.QueryRowContext(ctx, "SELECT "+signUpColumns+" FROM identity_signups WHERE id = ? AND expires_at > ?",
		id, sqldb.Micros(now)))
}

// SignUpFrom returns the newest open sign-up for an address that was begun in
// the network.
func (s *Store) SignUpFrom(ctx context.Context, emailIndex, network string, now time.Time) (identity.SignUp, error) {
	return scanSignUp(s.db.QueryRowContext(ctx, "SELECT "+signUpColumns+" FROM identity_signups "+
		"WHERE email_index = ? AND network = ? AND expires_at > ? ORDER BY created_at DESC, id DESC LIMIT 1", emailIndex, network, sqldb.Micros(now)))
}

func scanSignUp(row *sql.Row) (identity.SignUp, error) {
	var a identity.SignUp
	var sealed string
	var created, expires int64
	err := row.Scan(&a.ID, &a.EmailIndex, &sealed, &a.PasswordHash, &created, &expires, &a.Network)
	if errors.Is(err, sql.ErrNoRows) {
		return identity.SignUp{}, identity.ErrNotFound
	}
	if err != nil {
		return identity.SignUp{}, fmt.Errorf("read sign-up: %w", err)
	}
	if a.Sealed, err = base64.StdEncoding.DecodeString(sealed); err != nil {
		return identity.SignUp{}, fmt.Errorf("read sign-up %s: %w", a.ID, err)
	}
	a.Created, a.Expires = sqldb.Time(created), sqldb.Time(expires)
	return a, nil
}

// RemoveSignUp forgets one sign-up.
func (s *Store) RemoveSignUp(ctx context.Context, id string) error {
	if _, err := s.db.ExecContext(ctx, "DELETE FROM identity_signups WHERE id = ?", id); err != nil {
		return fmt.Errorf("remove sign-up: %w", err)
	}
	return nil
}

// SweepSignUps forgets the sign-ups that were not verified in time.
func (s *Store) SweepSignUps(ctx context.Context, now time.Time) error {
	if _, err := s.db.ExecContext(ctx, "DELETE FROM identity_signups WHERE expires_at <= ?", sqldb.Micros(now)); err != nil {
		return fmt.Errorf("sweep sign-ups: %w", err)
	}
	return nil
}

// UsernameTaken reports whether an account has, or ever had, the canonical username.
func (s *Store) UsernameTaken(ctx context.Context, username string) (bool, error) {
	n, err := s.count(ctx, "SELECT COUNT(*) FROM identity_usernames WHERE username = ?", username)
	if err != nil {
		return false, fmt.Errorf("look for username: %w", err)
	}
	return n > 0, nil
}

// CountMail counts in one conditional update. Each key begins with an insert,
// which of two at once only one can do; the other was too quick, or counts on top.
func (s *Store) CountMail(ctx context.Context, key string, l identity.MailLimit, now time.Time) (bool, error) {
	_, err := s.db.ExecContext(ctx, "INSERT INTO identity_mailings (subject_key, mails, span_began_at, last_at) VALUES (?, 1, ?, ?)",
		key, sqldb.Micros(now), sqldb.Micros(now))
	if err == nil {
		return true, nil
	}
	if !sqldb.Duplicate(err) {
		return false, fmt.Errorf("count mail: %w", err)
	}
	over := sqldb.Micros(now.Add(-l.Span)) // a span that began before is over
	hit, err := s.changed(ctx, "UPDATE identity_mailings SET "+
		"mails = CASE WHEN span_began_at <= ? THEN 1 ELSE mails + 1 END, "+
		"span_began_at = CASE WHEN span_began_at <= ? THEN ? ELSE span_began_at END, last_at = ? "+
		"WHERE subject_key = ? AND last_at <= ? AND (span_began_at <= ? OR mails < ?)",
		over, over, sqldb.Micros(now), sqldb.Micros(now), key, sqldb.Micros(now.Add(-l.Every)), over, l.Most)
	if err != nil {
		return false, fmt.Errorf("count mail: %w", err)
	}
	return hit, nil
}

// ClaimRecord happens at most once for an account.
func (s *Store) ClaimRecord(ctx context.Context, account, patient string) (bool, error) {
	hit, err := s.changed(ctx, "UPDATE identity_accounts SET standing = ?, patient = ? WHERE id = ? AND standing = ? AND staff = '' AND patient = ''",
		string(pip.AccountActive), patient, account, string(pip.AccountPending))
	if err != nil {
		return false, fmt.Errorf("claim record: %w", err)
	}
	return hit, nil
}

// RemoveUnclaimed leaves an account alone that has become something. The name of one that
// is removed is free: it was never let in, and no application knew anybody by it.
func (s *Store) RemoveUnclaimed(ctx context.Context, account string) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		removed, err := sqldb.Changed(ctx, tx, "DELETE FROM identity_accounts WHERE id = ? AND standing = ? AND staff = '' AND patient = ''",
			account, string(pip.AccountPending))
		if err != nil || !removed {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM identity_usernames WHERE account = ?", account)
		return err
	})
	if err != nil {
		return fmt.Errorf("remove unclaimed account: %w", err)
	}
	return nil
}

// SetPassword changes hash and challenges together or not at all.
func (s *Store) SetPassword(ctx context.Context, account, hash string) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		known, err := sqldb.Changed(ctx, tx, "UPDATE identity_accounts SET password_hash = ? WHERE id = ?", hash, account)
		if err != nil {
			return err
		}
		if !known {
			return identity.ErrNotFound
		}
		_, err = tx.ExecContext(ctx, "UPDATE identity_challenges SET spent = 1 WHERE account = ? AND spent = 0", account)
		return err
	})
	if err != nil && !errors.Is(err, identity.ErrNotFound) {
		return fmt.Errorf("set password: %w", err)
	}
	return err
}

func (s *Store) count(ctx context.Context, query string, args ...any) (n int, err error) {
	err = s.db.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}
