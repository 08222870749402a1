package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/identity"
)

// CountFailure counts before anything is compared: its statements are the only
// place where evaluations are given out. Each count begins with an insert, which
// of two at once only one can do; the other counts on top of it. The insert comes
// first, for a right answer leaves no count behind.
func (s *Store) CountFailure(ctx context.Context, f identity.FailureCount, now time.Time) (bool, error) {
	over := int64(-1) // no count is ever that old
	if f.Within > 0 {
		over = sqldb.Micros(now.Add(-f.Within))
	}
	begin := func() (bool, error) {
		_, err := s.db.ExecContext(ctx, "INSERT INTO identity_failures (subject, authenticator, failures, touched_at) VALUES (?, ?, 1, ?)",
			f.Subject, f.Authenticator, sqldb.Micros(now))
		if sqldb.Duplicate(err) {
			return false, nil
		}
		return err == nil, err
	}
	goOn := func() (bool, error) {
		return s.changed(ctx, "UPDATE identity_failures SET failures = CASE WHEN touched_at <= ? THEN 1 ELSE failures + 1 END, touched_at = ? "+
			"WHERE subject = ? AND authenticator = ? AND (touched_at <= ? OR failures < ?)",
			over, sqldb.Micros(now), f.Subject, f.Authenticator, over, f.Most)
	}
	// The last two are for a count that was forgotten between the first two, and
	// which another answer may have begun anew.
	for _, count := range []func() (bool, error){begin, goOn, begin, goOn} {
		if hit, err := count(); err != nil || hit {
			return hit, wrap("count failure", err)
		}
	}
	return false, nil
}

// ForgetFailures forgets what was counted for the named authenticators of a
// subject; without names, for all of them.
func (s *Store) ForgetFailures(ctx context.Context, subject string, authenticators ...string) error {
	if len(authenticators) == 0 {
		_, err := s.db.ExecContext(ctx, "DELETE FROM identity_failures WHERE subject = ?", subject)
		return wrap("forget failures", err)
	}
	for _, name := range authenticators {
		if _, err := s.db.ExecContext(ctx, "DELETE FROM identity_failures WHERE subject = ? AND authenticator = ?", subject, name); err != nil {
			return wrap("forget failures", err)
		}
	}
	return nil
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
