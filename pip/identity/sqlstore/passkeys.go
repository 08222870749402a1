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
	"github.com/wardgate/wardgate/pip/identity/passkey"
)

var _ passkey.Store = (*Store)(nil)

const passkeyColumns = "id, account, mark, key_sealed, sign_count, signed_last, synced, created_at, used_at"

// AddPasskey counts those of the account in the transaction that adds one: the account's
// row is written first, so that two of them are added one after the other.
func (s *Store) AddPasskey(ctx context.Context, k passkey.Passkey, most int) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		exists, err := sqldb.Changed(ctx, tx, "UPDATE identity_accounts SET created_at = created_at WHERE id = ?", k.Account)
		if err != nil {
			return err
		}
		if !exists {
			return identity.ErrNotFound
		}
		var count int
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM identity_passkeys WHERE account = ?", k.Account).Scan(&count); err != nil {
			return err
		}
		if count >= most {
			return passkey.ErrFull
		}
		return insertPasskey(ctx, tx, k)
	})
	if sqldb.Duplicate(err) { // of the mark: the id is new
		return passkey.ErrTaken
	}
	if err != nil {
		return fmt.Errorf("add passkey: %w", err)
	}
	return nil
}

func insertPasskey(ctx context.Context, on sqldb.Execer, k passkey.Passkey) error {
	_, err := on.ExecContext(ctx, "INSERT INTO identity_passkeys ("+passkeyColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		k.ID, k.Account, k.Mark, base64.StdEncoding.EncodeToString(k.Sealed), k.SignCount, k.Signed, k.Synced, sqldb.Micros(k.Created), sqldb.Micros(k.Used))
	return err
}

// HasPasskeys counts lost ones too.
func (s *Store) HasPasskeys(ctx context.Context, account string) (bool, error) {
	n, err := s.count(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM identity_passkeys WHERE account = ? LIMIT 1) a", account)
	return n > 0, wrap("look for passkeys", err)
}

// Passkeys returns those of an account, the oldest first.
func (s *Store) Passkeys(ctx context.Context, account string) (list []passkey.Passkey, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+passkeyColumns+" FROM identity_passkeys WHERE account = ? ORDER BY id", account)
	if err != nil {
		return nil, fmt.Errorf("read passkeys: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		k, err := scanPasskey(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, wrap("read passkeys", rows.Err())
}

// PasskeyByMark returns the passkey with the keyed hash.
func (s *Store) PasskeyByMark(ctx context.Context, mark string) (passkey.Passkey, error) {
	return scanPasskey(s.db.QueryRowContext(ctx, "SELECT "+passkeyColumns+" FROM identity_passkeys WHERE mark = ?", mark))
}

func scanPasskey(row interface{ Scan(...any) error }) (k passkey.Passkey, err error) {
	var sealed string
	var created, used int64
	err = row.Scan(&k.ID, &k.Account, &k.Mark, &sealed, &k.SignCount, &k.Signed, &k.Synced, &created, &used)
	if errors.Is(err, sql.ErrNoRows) {
		return passkey.Passkey{}, identity.ErrNotFound
	}
	if err == nil {
		k.Sealed, err = base64.StdEncoding.DecodeString(sealed)
	}
	if err != nil {
		return passkey.Passkey{}, fmt.Errorf("read passkey: %w", err)
	}
	k.Created, k.Used = sqldb.Time(created), sqldb.Time(used)
	return k, nil
}

// UsePasskey lets no count be used twice, nor an older one after a newer.
func (s *Store) UsePasskey(ctx context.Context, k passkey.Passkey) (bool, error) {
	hit, err := s.changed(ctx, "UPDATE identity_passkeys SET sign_count = ?, signed_last = ?, synced = ?, used_at = ? "+
		"WHERE id = ? AND account = ? AND (sign_count < ? OR (sign_count = 0 AND ? = 0))",
		k.SignCount, k.Signed, k.Synced, sqldb.Micros(k.Used), k.ID, k.Account, k.SignCount, k.SignCount)
	return hit, wrap("use passkey", err)
}

// RemovePasskey removes one of an account.
func (s *Store) RemovePasskey(ctx context.Context, account, id string) (bool, error) {
	hit, err := s.changed(ctx, "DELETE FROM identity_passkeys WHERE account = ? AND id = ?", account, id)
	return hit, wrap("remove passkey", err)
}

// RemovePasskeys removes all of an account but one.
func (s *Store) RemovePasskeys(ctx context.Context, account, but string) (removed []string, err error) {
	err = s.db.Change(ctx, func(tx *sqldb.Tx) error {
		removed = nil
		ids, err := idsOf(ctx, tx, "SELECT id FROM identity_passkeys WHERE account = ? ORDER BY id", account)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if id == but {
				continue
			}
			gone, err := sqldb.Changed(ctx, tx, "DELETE FROM identity_passkeys WHERE account = ? AND id = ?", account, id)
			if err != nil {
				return err
			}
			if gone {
				removed = append(removed, id)
			}
		}
		return nil
	})
	return removed, wrap("remove passkeys", err)
}

// UseUnnamed keeps what was used until it is over. What was issued before a restoration
// may have been used in what was lost.
func (s *Store) UseUnnamed(ctx context.Context, challenge string, issued, expires time.Time) (bool, error) {
	hit, err := s.changed(ctx, "INSERT INTO identity_unnamed_used (challenge, expires_at) "+
		"SELECT ?, ? FROM identity_locks WHERE name = 'unnamed_since' AND version < ?",
		challenge, sqldb.Micros(expires), sqldb.Micros(issued))
	if sqldb.Duplicate(err) {
		return false, nil
	}
	return hit, wrap("use challenge", err)
}
