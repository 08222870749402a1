package sqlstore

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/identity/totp"
)

// OfferNextApp leaves the app that there is as it is.
func (s *Store) OfferNextApp(ctx context.Context, a totp.App) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM identity_totp_next WHERE account = ?", a.Account); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO identity_totp_next (account, secret_sealed, attempts, created_at) VALUES (?, ?, 0, ?)",
			a.Account, base64.StdEncoding.EncodeToString(a.Sealed), sqldb.Micros(a.Created))
		return err
	})
	if err != nil {
		return fmt.Errorf("offer app: %w", err)
	}
	return nil
}

// TryNextApp counts before anything is compared.
func (s *Store) TryNextApp(ctx context.Context, account string, limit int, since time.Time) (totp.App, bool, error) {
	a := totp.App{Account: account}
	hit, err := s.changed(ctx, "UPDATE identity_totp_next SET attempts = attempts + 1 WHERE account = ? AND attempts < ? AND created_at > ?",
		account, limit, sqldb.Micros(since))
	if err != nil || !hit {
		return totp.App{}, false, err
	}
	var sealed string
	var created int64
	err = s.db.QueryRowContext(ctx, "SELECT secret_sealed, created_at FROM identity_totp_next WHERE account = ?", account).Scan(&sealed, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return totp.App{}, false, nil
	}
	if err == nil {
		a.Sealed, err = base64.StdEncoding.DecodeString(sealed)
	}
	if err != nil {
		return totp.App{}, false, fmt.Errorf("read app of %s: %w", account, err)
	}
	a.Created = sqldb.Time(created)
	return a, true, nil
}

// ConfirmNextApp puts the app that was offered at a.Created in the place of the one
// that there is, with recovery codes of its own.
func (s *Store) ConfirmNextApp(ctx context.Context, a totp.App, recovery []string) (confirmed bool, err error) {
	err = s.db.Change(ctx, func(tx *sqldb.Tx) (err error) {
		confirmed, err = sqldb.Changed(ctx, tx, "DELETE FROM identity_totp_next WHERE account = ? AND created_at = ?", a.Account, sqldb.Micros(a.Created))
		if err != nil || !confirmed {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM identity_totp WHERE account = ?", a.Account); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO identity_totp (account, secret_sealed, attempts, last_step, created_at, confirmed_at) VALUES (?, ?, 0, ?, ?, ?)",
			a.Account, base64.StdEncoding.EncodeToString(a.Sealed), a.LastStep, sqldb.Micros(a.Created), sqldb.Micros(a.Confirmed))
		if err != nil {
			return err
		}
		return replaceRecovery(ctx, tx, a.Account, recovery)
	})
	if err != nil {
		return false, fmt.Errorf("confirm app: %w", err)
	}
	return confirmed, nil
}
