package sqlstore

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
)

var _ identity.NoticeStore = (*Store)(nil)

// AddNotice has the oldest of a kind give way. Their ids are in the order of their times.
func (s *Store) AddNotice(ctx context.Context, n identity.KeptNotice, most int) error {
	return wrap("keep a notice", s.db.Change(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO identity_notices (id, account, kind, happened_at, sealed) VALUES (?, ?, ?, ?, ?)",
			n.ID, n.Account, string(n.Kind), sqldb.Micros(n.At), base64.StdEncoding.EncodeToString(n.Sealed))
		if err != nil {
			return err
		}
		old, err := idsOf(ctx, tx, "SELECT id FROM identity_notices WHERE account = ? AND kind = ? ORDER BY id DESC LIMIT ? OFFSET ?",
			n.Account, string(n.Kind), most, most)
		if err != nil {
			return err
		}
		for _, id := range old {
			if _, err := tx.ExecContext(ctx, "DELETE FROM identity_notices WHERE id = ?", id); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Notices returns those of an account from since on, the newest first.
func (s *Store) Notices(ctx context.Context, account string, since time.Time) (all []identity.KeptNotice, err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT id, account, kind, happened_at, sealed FROM identity_notices "+
		"WHERE account = ? AND happened_at >= ? ORDER BY happened_at DESC, id DESC", account, sqldb.Micros(since))
	if err != nil {
		return nil, wrap("read notices", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var n identity.KeptNotice
		var kind, sealed string
		var at int64
		if err := rows.Scan(&n.ID, &n.Account, &kind, &at, &sealed); err != nil {
			return nil, wrap("read notices", err)
		}
		if n.Sealed, err = base64.StdEncoding.DecodeString(sealed); err != nil {
			return nil, fmt.Errorf("read notice %s: %w", n.ID, err)
		}
		n.Kind, n.At = pip.NoticeKind(kind), sqldb.Time(at)
		all = append(all, n)
	}
	return all, wrap("read notices", rows.Err())
}

// SweepNotices forgets those from before then.
func (s *Store) SweepNotices(ctx context.Context, before time.Time) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM identity_notices WHERE happened_at < ?", sqldb.Micros(before))
	return wrap("sweep notices", err)
}
