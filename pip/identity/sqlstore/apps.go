package sqlstore

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/totp"
)

// OfferApp replaces only what was never confirmed.
func (s *Store) OfferApp(ctx context.Context, a totp.App) (offered bool, err error) {
	err = s.db.Change(ctx, func(tx *sqldb.Tx) error {
		offered = false
		if _, err := tx.ExecContext(ctx, "DELETE FROM identity_totp WHERE account = ? AND confirmed_at = 0", a.Account); err != nil {
			return err
		}
		var confirmed int
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM identity_totp WHERE account = ?", a.Account).Scan(&confirmed); err != nil || confirmed > 0 {
			return err
		}
		offered = true
		_, err := tx.ExecContext(ctx, "INSERT INTO identity_totp (account, secret_sealed, attempts, last_step, created_at, confirmed_at) VALUES (?, ?, 0, 0, ?, 0)",
			a.Account, base64.StdEncoding.EncodeToString(a.Sealed), sqldb.Micros(a.Created))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("offer app: %w", err)
	}
	return offered, nil
}

// App returns the app of an account, confirmed or not.
func (s *Store) App(ctx context.Context, account string) (totp.App, error) {
	a := totp.App{Account: account}
	var sealed string
	var created, confirmed int64
	err := s.db.QueryRowContext(ctx, "SELECT secret_sealed, last_step, created_at, confirmed_at FROM identity_totp WHERE account = ?", account).
		Scan(&sealed, &a.LastStep, &created, &confirmed)
	if errors.Is(err, sql.ErrNoRows) {
		return totp.App{}, identity.ErrNotFound
	}
	if err != nil {
		return totp.App{}, fmt.Errorf("read app: %w", err)
	}
	if a.Sealed, err = base64.StdEncoding.DecodeString(sealed); err != nil {
		return totp.App{}, fmt.Errorf("read app of %s: %w", account, err)
	}
	a.Created, a.Confirmed = sqldb.Time(created), sqldb.Time(confirmed)
	return a, nil
}

// TryApp counts before anything is compared.
func (s *Store) TryApp(ctx context.Context, account string, limit int, since time.Time) (bool, error) {
	hit, err := s.changed(ctx, "UPDATE identity_totp SET attempts = attempts + 1 WHERE account = ? AND confirmed_at = 0 AND attempts < ? AND created_at > ?",
		account, limit, sqldb.Micros(since))
	if err != nil {
		return false, fmt.Errorf("try app: %w", err)
	}
	return hit, nil
}

// ConfirmApp succeeds once for an offer.
func (s *Store) ConfirmApp(ctx context.Context, a totp.App, recovery []string) (confirmed bool, err error) {
	err = s.db.Change(ctx, func(tx *sqldb.Tx) (err error) {
		confirmed, err = sqldb.Changed(ctx, tx, "UPDATE identity_totp SET confirmed_at = ?, last_step = ? WHERE account = ? AND created_at = ? AND confirmed_at = 0",
			sqldb.Micros(a.Confirmed), a.LastStep, a.Account, sqldb.Micros(a.Created))
		if err != nil || !confirmed {
			return err
		}
		return replaceRecovery(ctx, tx, a.Account, recovery)
	})
	if err != nil {
		return false, fmt.Errorf("confirm app: %w", err)
	}
	return confirmed, nil
}

func replaceRecovery(ctx context.Context, tx *sqldb.Tx, account string, recovery []string) error {
	if _, err := tx.ExecContext(ctx, "DELETE FROM identity_recovery_codes WHERE account = ?", account); err != nil {
		return err
	}
	for _, index := range recovery {
		if _, err := tx.ExecContext(ctx, "INSERT INTO identity_recovery_codes (account, code_index, used_at) VALUES (?, ?, 0)", account, index); err != nil {
			return err
		}
	}
	return nil
}

// UseStep lets no time step be used twice, nor an older one after a newer.
func (s *Store) UseStep(ctx context.Context, account string, step int64) (bool, error) {
	hit, err := s.changed(ctx, "UPDATE identity_totp SET last_step = ? WHERE account = ? AND confirmed_at > 0 AND last_step < ?", step, account, step)
	if err != nil {
		return false, fmt.Errorf("use app: %w", err)
	}
	return hit, nil
}

// UseRecovery reports true to one caller only.
func (s *Store) UseRecovery(ctx context.Context, account, index string, now time.Time) (bool, error) {
	hit, err := s.changed(ctx, "UPDATE identity_recovery_codes SET used_at = ? WHERE account = ? AND code_index = ? AND used_at = 0", sqldb.Micros(now), account, index)
	if err != nil {
		return false, fmt.Errorf("use recovery code: %w", err)
	}
	return hit, nil
}

// RecoveryLeft counts the recovery codes that were not used.
func (s *Store) RecoveryLeft(ctx context.Context, account string) (int, error) {
	n, err := s.count(ctx, "SELECT COUNT(*) FROM identity_recovery_codes WHERE account = ? AND used_at = 0", account)
	if err != nil {
		return 0, fmt.Errorf("count recovery codes: %w", err)
	}
	return n, nil
}

// RemoveApp forgets app and recovery codes together.
func (s *Store) RemoveApp(ctx context.Context, account string) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		for _, table := range []string{"identity_recovery_codes", "identity_totp", "identity_totp_next"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE account = ?", account); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove app: %w", err)
	}
	return nil
}
