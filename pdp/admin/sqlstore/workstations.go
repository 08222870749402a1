package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pdp/admin/workstation"
)

var _ workstation.Store = (*Store)(nil)

const stationColumns = "id, name, zone, network, host, code_hash, code_over_at, proof, key_hash, certificate, registered_by, registered_at, enrolled_at, seen_at"

// AddWorkstation forgets those that were never enrolled in time: their names are free.
func (s *Store) AddWorkstation(ctx context.Context, w workstation.Station, limit int) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM admin_workstations WHERE enrolled_at = 0 AND code_over_at <= ?", sqldb.Micros(w.Registered)); err != nil {
			return err
		}
		var count int
		if err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM admin_workstations").Scan(&count); err != nil {
			return err
		}
		if count >= limit {
			return workstation.ErrTooMany
		}
		if err := uncertified(ctx, tx, w.Certificate); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO admin_workstations ("+stationColumns+", removed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, ?, ?, 0, 0)",
			w.ID, w.Name, w.Zone, w.Network, w.Host, w.Code, sqldb.Micros(w.CodeOver), string(w.Proof), orNull(w.Certificate), w.By, sqldb.Micros(w.Registered), sqldb.Micros(w.Enrolled))
		return err
	})
	switch {
	case sqldb.Duplicate(err): // of the name: the id is new
		return workstation.ErrTaken
	case errors.Is(err, workstation.ErrTooMany):
		return workstation.ErrTooMany
	case errors.Is(err, workstation.ErrCertified):
		return workstation.ErrCertified
	}
	return fault("add a workstation", err)
}

// uncertified returns ErrCertified when a workstation has the certificate. Of two that come
// at once the index takes one.
func uncertified(ctx context.Context, tx *sqldb.Tx, certificate string) error {
	if certificate == "" {
		return nil
	}
	var have int
	err := tx.QueryRowContext(ctx, "SELECT COUNT(*) FROM admin_workstations WHERE certificate = ?", certificate).Scan(&have)
	if err == nil && have > 0 {
		return workstation.ErrCertified
	}
	return err
}

// orNull is how the column of certificates holds none, so that its index is of those that
// there are.
func orNull(text string) sql.NullString { return sql.NullString{String: text, Valid: text != ""} }

// Workstations returns those that are not being removed, by name.
func (s *Store) Workstations(ctx context.Context) ([]workstation.Station, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT "+stationColumns+" FROM admin_workstations WHERE removed_at = 0 ORDER BY name, id")
	if err != nil {
		return nil, fmt.Errorf("list workstations: %w", err)
	}
	defer func() { _ = rows.Close() }() // Err has told
	var all []workstation.Station
	for rows.Next() {
		w, err := scanStation(rows)
		if err != nil {
			return nil, fmt.Errorf("list workstations: %w", err)
		}
		all = append(all, w)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list workstations: %w", err)
	}
	return all, nil
}

func scanStation(row interface{ Scan(...any) error }) (w workstation.Station, err error) {
	var over, registered, enrolled, seen int64
	var certificate sql.NullString
	err = row.Scan(&w.ID, &w.Name, &w.Zone, &w.Network, &w.Host, &w.Code, &over, &w.Proof, &w.Key, &certificate, &w.By, &registered, &enrolled, &seen)
	w.Certificate = certificate.String
	w.CodeOver, w.Registered, w.Enrolled, w.Seen = sqldb.Time(over), sqldb.Time(registered), sqldb.Time(enrolled), sqldb.Time(seen)
	return w, err
}

// WorkstationByCode finds one that waits to be enrolled.
func (s *Store) WorkstationByCode(ctx context.Context, code string) (workstation.Station, error) {
	return s.station(ctx, "code_hash = ? AND code_hash <> '' AND enrolled_at = 0", code)
}

// WorkstationByKey finds one that is enrolled.
func (s *Store) WorkstationByKey(ctx context.Context, key string) (workstation.Station, error) {
	return s.station(ctx, "key_hash = ? AND key_hash <> '' AND enrolled_at > 0", key)
}

// WorkstationByCertificate finds one that is enrolled.
func (s *Store) WorkstationByCertificate(ctx context.Context, certificate string) (workstation.Station, error) {
	return s.station(ctx, "certificate = ? AND enrolled_at > 0", certificate)
}

func (s *Store) station(ctx context.Context, where, value string) (workstation.Station, error) {
	w, err := scanStation(s.db.QueryRowContext(ctx, "SELECT "+stationColumns+" FROM admin_workstations WHERE removed_at = 0 AND "+where, value))
	if errors.Is(err, sql.ErrNoRows) {
		return workstation.Station{}, workstation.ErrNone
	}
	if err != nil {
		return workstation.Station{}, fmt.Errorf("read a workstation: %w", err)
	}
	return w, nil
}

// EnrolWorkstation uses the code up in the statement that stores the proof.
func (s *Store) EnrolWorkstation(ctx context.Context, code, key, certificate, host string, now time.Time) error {
	err := s.db.Change(ctx, func(tx *sqldb.Tx) error {
		if err := uncertified(ctx, tx, certificate); err != nil {
			return err
		}
		hit, err := sqldb.Changed(ctx, tx, "UPDATE admin_workstations SET key_hash = ?, certificate = ?, host = ?, enrolled_at = ?, code_hash = '' "+
			"WHERE code_hash = ? AND code_hash <> '' AND enrolled_at = 0 AND removed_at = 0 AND code_over_at > ?",
			key, orNull(certificate), host, sqldb.Micros(now), code, sqldb.Micros(now))
		if err == nil && !hit {
			return workstation.ErrNone
		}
		return err
	})
	switch {
	case errors.Is(err, workstation.ErrNone):
		return workstation.ErrNone
	case errors.Is(err, workstation.ErrCertified) || sqldb.Duplicate(err):
		return workstation.ErrCertified
	}
	return fault("enrol a workstation", err)
}

// RemoveWorkstation marks the row before it looks who is there: a handle that is opened
// meanwhile finds the mark, or is found.
func (s *Store) RemoveWorkstation(ctx context.Context, id string, now time.Time) (sessions []string, err error) {
	err = s.db.Change(ctx, func(tx *sqldb.Tx) error {
		sessions = nil
		known, err := sqldb.Changed(ctx, tx, "UPDATE admin_workstations SET removed_at = ?, key_hash = '', certificate = NULL, code_hash = '' WHERE id = ?", sqldb.Micros(now), id)
		if err != nil {
			return err
		}
		if !known {
			return workstation.ErrNone
		}
		rows, err := tx.QueryContext(ctx, sessionsThere, id)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }() // Err has told
		for rows.Next() {
			var session string
			if err := rows.Scan(&session); err != nil {
				return err
			}
			sessions = append(sessions, session)
		}
		return rows.Err()
	})
	if errors.Is(err, workstation.ErrNone) {
		return nil, workstation.ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("remove a workstation: %w", err)
	}
	return sessions, nil
}

// DropWorkstation forgets a workstation, and the handles there.
func (s *Store) DropWorkstation(ctx context.Context, id string) error {
	return fault("forget a workstation", s.db.Change(ctx, func(tx *sqldb.Tx) error {
		for _, query := range []string{dropThere, "DELETE FROM admin_workstations WHERE id = ?"} {
			if _, err := tx.ExecContext(ctx, query, id); err != nil {
				return err
			}
		}
		return nil
	}))
}
