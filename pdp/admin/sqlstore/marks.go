package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

// Changes of who is cut off are numbered by one row, in the transaction that
// makes the change. A process that reads the number n sees all changes up to n, and
// of two processes neither can number a change before the other has committed.

// beginMarks makes the row, once for a database.
func (s *Store) beginMarks(ctx context.Context) error {
	if _, err := mark(ctx, s.db); !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	epoch, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("begin revocation marks: %w", err)
	}
	// Another process may be faster: then its row is the one.
	_, insert := s.db.ExecContext(ctx, "INSERT INTO admin_revocation_mark (id, epoch, sequence) VALUES (1, ?, 0)", epoch.String())
	if _, err := mark(ctx, s.db); err != nil {
		return fmt.Errorf("begin revocation marks: %w", errors.Join(insert, err))
	}
	return nil
}

// A Queryer is a database or a transaction.
type Queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func mark(ctx context.Context, on Queryer) (pip.Mark, error) {
	var m pip.Mark
	err := on.QueryRowContext(ctx, "SELECT epoch, sequence FROM admin_revocation_mark WHERE id = 1").Scan(&m.Epoch, &m.Sequence)
	if err != nil {
		return pip.Mark{}, fmt.Errorf("read revocation mark: %w", err)
	}
	return m, nil
}

// advance numbers the change that tx makes. It holds the row until tx ends.
func advance(ctx context.Context, tx *sqldb.Tx) error {
	hit, err := sqldb.Changed(ctx, tx, "UPDATE admin_revocation_mark SET sequence = sequence + 1 WHERE id = 1")
	if err == nil && !hit {
		err = errors.New("its row is missing")
	}
	if err != nil {
		return fmt.Errorf("advance revocation mark: %w", err)
	}
	return nil
}

// Revoked returns the ended sessions and bans of one moment, with its mark: the
// sessions that ended after the mark, or with another epoch or a mark that was
// never reached those one of whose tokens was signed after signedAfter.
func (s *Store) Revoked(ctx context.Context, since pip.Mark, signedAfter, now time.Time) (admin.Revoked, error) {
	tx, err := s.db.Snapshot(ctx)
	if err != nil {
		return admin.Revoked{}, fmt.Errorf("read revocations: %w", err)
	}
	defer tx.Rollback() // it changes nothing
	if s.guard != nil {
		if err := s.guard(ctx, tx); err != nil {
			return admin.Revoked{}, err
		}
	}
	var c admin.Revoked
	if c.Mark, err = mark(ctx, tx); err != nil {
		return admin.Revoked{}, err
	}
	if since.Epoch == c.Mark.Epoch && since.Sequence <= c.Mark.Sequence {
		c.Since = since
		c.Ended, err = list(ctx, tx, "JOIN admin_ended e ON e.session = s.id WHERE e.sequence > ? ORDER BY e.sequence", since.Sequence)
	} else {
		c.Ended, err = list(ctx, tx, "WHERE s.ended_at > 0 AND (s.ended_at > ? OR s.idle_until > ?)", sqldb.Micros(signedAfter), sqldb.Micros(signedAfter))
	}
	if err != nil {
		return admin.Revoked{}, err
	}
	if c.Bans, err = bansAt(ctx, tx, now); err != nil {
		return admin.Revoked{}, err
	}
	return c, nil
}
