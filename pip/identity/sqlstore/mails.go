package sqlstore

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/identity"
)

// AddMail stores p.
func (s *Store) AddMail(ctx context.Context, p identity.Parcel) error {
	_, err := s.db.ExecContext(ctx, "INSERT INTO identity_mails (id, sealed, attempts, next_at, expires_at) VALUES (?, ?, ?, ?, ?)",
		p.ID, base64.StdEncoding.EncodeToString(p.Sealed), p.Attempts, sqldb.Micros(p.Next), sqldb.Micros(p.Expires))
	if err != nil {
		return fmt.Errorf("add mail: %w", err)
	}
	return nil
}

// DueMails returns mails to be tried at now, the longest due first.
func (s *Store) DueMails(ctx context.Context, now time.Time, limit int) ([]identity.Parcel, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id, sealed, attempts, next_at, expires_at FROM identity_mails WHERE next_at <= ? AND expires_at > ? ORDER BY next_at, id LIMIT ?",
		sqldb.Micros(now), sqldb.Micros(now), limit)
	if err != nil {
		return nil, fmt.Errorf("read mails: %w", err)
	}
	defer rows.Close()
	var due []identity.Parcel
	for rows.Next() {
		var p identity.Parcel
		var sealed string
		var next, expires int64
		if err := rows.Scan(&p.ID, &sealed, &p.Attempts, &next, &expires); err != nil {
			return nil, fmt.Errorf("read mails: %w", err)
		}
		if p.Sealed, err = base64.StdEncoding.DecodeString(sealed); err != nil {
			return nil, fmt.Errorf("read mail %s: %w", p.ID, err)
		}
		p.Next, p.Expires = sqldb.Time(next), sqldb.Time(expires)
		due = append(due, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read mails: %w", err)
	}
	return due, nil
}

// LeaseMail gives a due mail to one caller until then.
func (s *Store) LeaseMail(ctx context.Context, p identity.Parcel, until time.Time) (bool, error) {
	hit, err := s.changed(ctx, "UPDATE identity_mails SET attempts = attempts + 1, next_at = ? WHERE id = ? AND attempts = ? AND next_at = ?",
		sqldb.Micros(until), p.ID, p.Attempts, sqldb.Micros(p.Next))
	if err != nil {
		return false, fmt.Errorf("lease mail: %w", err)
	}
	return hit, nil
}

// DelayMail has a mail tried again at next.
func (s *Store) DelayMail(ctx context.Context, id string, next time.Time) error {
	if _, err := s.db.ExecContext(ctx, "UPDATE identity_mails SET next_at = ? WHERE id = ?", sqldb.Micros(next), id); err != nil {
		return fmt.Errorf("delay mail: %w", err)
	}
	return nil
}

// RemoveMail forgets a mail.
func (s *Store) RemoveMail(ctx context.Context, id string) error {
	if _, err := s.db.ExecContext(ctx, "DELETE FROM identity_mails WHERE id = ?", id); err != nil {
		return fmt.Errorf("remove mail: %w", err)
	}
	return nil
}

// SweepMails forgets the mails that have become worthless, and counts them.
func (s *Store) SweepMails(ctx context.Context, now time.Time) (int64, error) {
	result, err := s.db.ExecContext(ctx, "DELETE FROM identity_mails WHERE expires_at <= ?", sqldb.Micros(now))
	if err != nil {
		return 0, fmt.Errorf("sweep mails: %w", err)
	}
	return result.RowsAffected()
}
