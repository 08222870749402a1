package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/browser"
	"github.com/wardgate/wardgate/pip"
)

var _ browser.Store = (*Store)(nil)

// OpenHandle stores a handle behind those of the same host, or nothing.
func (s *Store) OpenHandle(ctx context.Context, h browser.Handle, now, retire time.Time) error {
	return s.ofSession(ctx, "open a handle", h.Session, func(tx *sqldb.Tx) error {
		if err := arrive(ctx, tx, h, now); err != nil {
			return err
		}
		for _, one := range []struct {
			query string
			args  []any
		}{
			{"DELETE FROM admin_handles WHERE session = ? AND over_at <= ?", []any{h.Session, sqldb.Micros(now)}},
			{"UPDATE admin_handles SET over_at = ? WHERE session = ? AND host = ? AND over_at > ?",
				[]any{sqldb.Micros(retire), h.Session, h.Host, sqldb.Micros(retire)}},
			{"UPDATE admin_handles SET elevated_until = 0, token = '', generation = generation + 1 WHERE session = ? AND host = ? AND elevated_until > 0",
				[]any{h.Session, h.Host}},
			{"INSERT INTO admin_handles (hash, session, host, over_at, elevated_by, elevated_at, elevated_until, workstation, tapped_at, token, issued_at, expires_at, generation) " +
				"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, 0, 0)",
				slices.Concat([]any{h.Hash, h.Session, h.Host, sqldb.Micros(h.Over)}, elevation(h.Elevation), station(h.Workstation), []any{sqldb.Micros(h.Issued)})},
		} {
			if _, err := tx.ExecContext(ctx, one.query, one.args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// arrive has a person come to a workstation: it is one still, and of all handles there, and
// of the session's at other workstations, none serves any more where the person takes it
// over. Who does not, is there already: no other person is, and the session is at no other.
func arrive(ctx context.Context, tx *sqldb.Tx, h browser.Handle, now time.Time) error {
	if h.Workstation == nil {
		return nil
	}
	there, err := sqldb.Changed(ctx, tx, "UPDATE admin_workstations SET seen_at = ? WHERE id = ? AND removed_at = 0 AND enrolled_at > 0",
		sqldb.Micros(now), h.Workstation.ID)
	if err != nil {
		return err
	}
	if !there {
		return browser.ErrNoWorkstation
	}
	if h.TakesOver {
		if _, err = tx.ExecContext(ctx, dropThere, h.Workstation.ID); err == nil {
			_, err = tx.ExecContext(ctx, dropElsewhere, h.Session)
		}
		return err
	}
	var others, elsewhere int
	err = tx.QueryRowContext(ctx, othersThere, h.Workstation.ID, h.Session, h.Session, h.Workstation.ID).Scan(&others, &elsewhere)
	if err == nil && others+elsewhere > 0 {
		return browser.ErrNoWorkstation
	}
	return err
}

// The handles of a workstation and of a session, each found by an index of its own: one
// condition about both would have a database read the table.
const (
	dropThere     = "DELETE FROM admin_handles WHERE workstation = ?"
	dropElsewhere = "DELETE FROM admin_handles WHERE session = ? AND workstation <> ''"
	othersThere   = "SELECT (SELECT COUNT(*) FROM admin_handles WHERE workstation = ? AND session <> ?), " +
		"(SELECT COUNT(*) FROM admin_handles WHERE session = ? AND workstation <> '' AND workstation <> ?)"
	sessionsThere = "SELECT DISTINCT session FROM admin_handles WHERE workstation = ?"
)

// station is how the columns workstation and tapped_at hold one.
func station(w *pip.Workstation) []any {
	if w == nil {
		return []any{"", 0}
	}
	return []any{w.ID, sqldb.Micros(w.Tapped)}
}

// stationed is the inverse, with what the workstation's row says of it. Of one that is
// gone it returns gone.
func stationed(id string, tapped int64, zone, network sql.NullString) (w *pip.Workstation, gone bool) {
	if id == "" {
		return nil, false
	}
	return &pip.Workstation{ID: id, Zone: zone.String, Network: network.String, Tapped: sqldb.Time(tapped)}, !network.Valid
}

// ofSession changes what belongs to a session that has not ended. Its row is held
// until the end, so that two such changes come one after the other.
func (s *Store) ofSession(ctx context.Context, doing, session string, change func(tx *sqldb.Tx) error) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		live, err := sqldb.Changed(ctx, tx, "UPDATE admin_sessions SET last_used_at = last_used_at WHERE id = ? AND ended_at = 0", session)
		if err != nil {
			return err
		}
		if !live {
			return admin.ErrEnded
		}
		return change(tx)
	})
	for _, known := range []error{admin.ErrEnded, browser.ErrRenewed, browser.ErrTooMany, browser.ErrNoWorkstation} {
		if errors.Is(err, known) {
			return known
		}
	}
	return fault(doing, err)
}

// Handle returns a handle and its session from one statement.
func (s *Store) Handle(ctx context.Context, hash string) (browser.Handle, admin.Session, error) {
	h := browser.Handle{Hash: hash}
	var over, at, until, issued, expires int64
	var by, where string
	var tapped int64
	var zone, network sql.NullString
	v, err := scanSession(s.db.QueryRowContext(ctx, "SELECT "+sessionColumns+", h.host, h.over_at, h.elevated_by, h.elevated_at, h.elevated_until, "+
		"h.token, h.issued_at, h.expires_at, h.generation, h.workstation, h.tapped_at, w.zone, w.network FROM admin_handles h JOIN admin_sessions s ON s.id = h.session "+
		"LEFT JOIN admin_workstations w ON w.id = h.workstation AND w.removed_at = 0 WHERE h.hash = ?", hash),
		&h.Host, &over, &by, &at, &until, &h.Token, &issued, &expires, &h.Generation, &where, &tapped, &zone, &network)
	if errors.Is(err, admin.ErrNotFound) {
		return browser.Handle{}, admin.Session{}, browser.ErrNone
	}
	if err != nil {
		return browser.Handle{}, admin.Session{}, fmt.Errorf("read a handle: %w", err)
	}
	var gone bool
	if h.Workstation, gone = stationed(where, tapped, zone, network); gone {
		return browser.Handle{}, admin.Session{}, browser.ErrNone
	}
	h.Session, h.Over, h.Elevation = v.ID, sqldb.Time(over), elevated(by, at, until)
	h.Issued, h.Expires = sqldb.Time(issued), sqldb.Time(expires)
	return h, v, nil
}

// Renew keeps the session awake and replaces the token, or does neither.
func (s *Store) Renew(ctx context.Context, h browser.Handle, at, idleUntil time.Time) error {
	return s.ofSession(ctx, "renew a token", h.Session, func(tx *sqldb.Tx) error {
		hit, err := sqldb.Changed(ctx, tx, "UPDATE admin_handles SET token = ?, issued_at = ?, expires_at = ?, generation = ? WHERE hash = ? AND generation = ?",
			h.Token, sqldb.Micros(h.Issued), sqldb.Micros(h.Expires), h.Generation, h.Hash, h.Generation-1)
		if err != nil {
			return err
		}
		if !hit {
			return browser.ErrRenewed
		}
		_, err = tx.ExecContext(ctx, "UPDATE admin_sessions SET last_used_at = ?, idle_until = ? WHERE id = ?",
			sqldb.Micros(at), sqldb.Micros(idleUntil), h.Session)
		return err
	})
}

// Blank leaves a later generation as it is.
func (s *Store) Blank(ctx context.Context, hash string, generation int64) error {
	_, err := s.db.ExecContext(ctx, "UPDATE admin_handles SET token = '' WHERE hash = ? AND generation = ?", hash, generation)
	return fault("take back a token", err)
}

// DropHandle forgets a handle.
func (s *Store) DropHandle(ctx context.Context, hash string) error {
	_, err := s.db.ExecContext(ctx, "DELETE FROM admin_handles WHERE hash = ?", hash)
	return fault("close a handle", err)
}

// Carry counts and stores while the session's row is held.
func (s *Store) Carry(ctx context.Context, c browser.Carry, now time.Time, limit int) error {
	return s.ofSession(ctx, "store a code", c.Session, func(tx *sqldb.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM admin_carries WHERE session = ? AND over_at <= ?", c.Session, sqldb.Micros(now)); err != nil {
			return err
		}
		var open int
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM admin_carries WHERE session = ?", c.Session).Scan(&open); err != nil {
			return err
		}
		if open >= limit {
			return browser.ErrTooMany
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO admin_carries (hash, session, host, nonce, over_at, used_at, elevated_by, elevated_at, elevated_until, workstation, tapped_at) "+
			"VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)",
			slices.Concat([]any{c.Hash, c.Session, c.Host, c.Nonce, sqldb.Micros(c.Over)}, elevation(c.Elevation), station(c.Workstation))...)
		return err
	})
}

// Redeem uses the code up before it reads it.
func (s *Store) Redeem(ctx context.Context, hash string, now time.Time) (browser.Carry, string, error) {
	hit, err := sqldb.Changed(ctx, s.db, "UPDATE admin_carries SET used_at = ? WHERE hash = ? AND used_at = 0", sqldb.Micros(now), hash)
	if err != nil {
		return browser.Carry{}, "", fmt.Errorf("use up a code: %w", err)
	}
	if !hit {
		return browser.Carry{}, "", browser.ErrNone
	}
	c := browser.Carry{Hash: hash}
	var account, by, where string
	var over, at, until, tapped int64
	var zone, network sql.NullString
	err = s.db.QueryRowContext(ctx, "SELECT c.session, c.host, c.nonce, c.over_at, c.elevated_by, c.elevated_at, c.elevated_until, s.account, c.workstation, c.tapped_at, w.zone, w.network "+
		"FROM admin_carries c JOIN admin_sessions s ON s.id = c.session LEFT JOIN admin_workstations w ON w.id = c.workstation AND w.removed_at = 0 WHERE c.hash = ?", hash).
		Scan(&c.Session, &c.Host, &c.Nonce, &over, &by, &at, &until, &account, &where, &tapped, &zone, &network)
	if errors.Is(err, sql.ErrNoRows) {
		return browser.Carry{}, "", browser.ErrNone
	}
	if err != nil {
		return browser.Carry{}, "", fmt.Errorf("read a code: %w", err)
	}
	var gone bool
	if c.Workstation, gone = stationed(where, tapped, zone, network); gone {
		return browser.Carry{}, "", browser.ErrNone
	}
	c.Over, c.Elevation = sqldb.Time(over), elevated(by, at, until)
	return c, account, nil
}

// SweepBrowsers deletes what is over.
func (s *Store) SweepBrowsers(ctx context.Context, now time.Time) error {
	for _, table := range []string{"admin_handles", "admin_carries"} {
		if _, err := s.db.ExecContext(ctx, "DELETE FROM "+table+" WHERE over_at <= ?", sqldb.Micros(now)); err != nil {
			return fmt.Errorf("sweep browsers: %w", err)
		}
	}
	return nil
}

// elevation is how the columns elevated_by, elevated_at and elevated_until hold one.
func elevation(e admin.Elevation) []any {
	return []any{strings.Join(e.AMR, " "), sqldb.Micros(e.At), sqldb.Micros(e.Until)}
}

func elevated(by string, at, until int64) admin.Elevation {
	return admin.Elevation{AMR: strings.Fields(by), At: sqldb.Time(at), Until: sqldb.Time(until)}
}
