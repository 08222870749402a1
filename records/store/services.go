package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
)

const selectServices = `SELECT services.id, services.patient_id, services.kind, services.medication_name,
 services.dosage_instructions, services.treatment_details, services.status, services.ordered_at,
 services.ordered_by, services.done_at, services.done_by, services.version
 FROM services JOIN patients ON patients.id = services.patient_id
 WHERE services.deleted_at IS NULL AND patients.deleted_at IS NULL AND `

// The condition on the patient is part of each changing statement, so that a
// patient who is reassigned between the reading and the writing is not touched.
const updateService = `UPDATE services SET kind = ?, medication_name = ?, dosage_instructions = ?,
 treatment_details = ?, status = ?, done_at = ?, done_by = ?, deleted_at = ?, version = version + 1
 WHERE id = ? AND version = ? AND deleted_at IS NULL
 AND patient_id IN (SELECT patients.id FROM patients WHERE patients.deleted_at IS NULL AND `

// Services returns the services of one patient in the order of their ids.
func (s *Store) Services(ctx context.Context, r Rows, patient string) ([]Service, error) {
	if _, err := s.patient(ctx, s.read, r, patient); err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	where, args := r.condition()
	rows, err := s.read.QueryContext(ctx, selectServices+where+" AND patients.id = ? ORDER BY services.id",
		append(append([]any{}, args...), patient)...)
	if err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	defer rows.Close()
	found := []Service{}
	for rows.Next() {
		one, err := s.scanService(rows)
		if err != nil {
			return nil, fmt.Errorf("list services: %w", err)
		}
		found = append(found, one)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list services: %w", err)
	}
	return found, nil
}

// AddService plans a service for the patient that it names. Id, status, time
// of the order and version are given here.
func (s *Store) AddService(ctx context.Context, r Rows, v Service, now time.Time) (Service, error) {
	id, err := newID()
	if err != nil {
		return Service{}, err
	}
	v.ID, v.Status, v.OrderedAt, v.DoneAt, v.DoneBy = id, Planned, now, nil, nil
	var added Service
	err = s.change(ctx, func(tx *sqldb.Tx) error {
		if _, err := s.patient(ctx, tx, r, v.Patient); err != nil {
			return err
		}
		if err := isStaff(ctx, tx, v.OrderedBy); err != nil {
			return err
		}
		if err := s.insertService(ctx, tx, v); err != nil {
			return err
		}
		added, err = s.service(ctx, tx, r, v.ID)
		return err
	})
	if err != nil {
		return Service{}, fmt.Errorf("add service: %w", err)
	}
	return added, nil
}

// ChangeService applies a change. A version other than 0 must be the row's
// own, or ErrConflict; without one the change applies to whatever is there.
func (s *Store) ChangeService(ctx context.Context, r Rows, id string, c ServiceChange, version int64) (Service, error) {
	return s.modify(ctx, r, id, version, nil, func(_ *sqldb.Tx, v *Service) error {
		set(&v.Kind, c.Kind)
		set(&v.MedicationName, c.MedicationName)
		set(&v.DosageInstructions, c.DosageInstructions)
		set(&v.TreatmentDetails, c.TreatmentDetails)
		return nil
	})
}

// FinishService marks a planned service as done by a member of staff. One that
// is done already stays as it is: ErrDone.
func (s *Store) FinishService(ctx context.Context, r Rows, id, staff string, version int64, now time.Time) (Service, error) {
	return s.modify(ctx, r, id, version, nil, func(tx *sqldb.Tx, v *Service) error {
		if v.Status != Planned {
			return ErrDone
		}
		if err := isStaff(ctx, tx, staff); err != nil {
			return err
		}
		v.Status, v.DoneAt, v.DoneBy = Done, &now, &staff
		return nil
	})
}

// DeleteService hides a service and returns what it was.
func (s *Store) DeleteService(ctx context.Context, r Rows, id string, version int64, now time.Time) (Service, error) {
	return s.modify(ctx, r, id, version, &now, func(*sqldb.Tx, *Service) error { return nil })
}

// modify reads a service, lets edit change it, and writes it only if nobody
// else has written it in between.
func (s *Store) modify(ctx context.Context, r Rows, id string, version int64, deleted *time.Time,
	edit func(tx *sqldb.Tx, v *Service) error) (Service, error) {
	var v Service
	err := s.change(ctx, func(tx *sqldb.Tx) error {
		var err error
		if v, err = s.service(ctx, tx, r, id); err != nil {
			return err
		}
		if version != 0 && version != v.Version {
			return ErrConflict
		}
		if err := edit(tx, &v); err != nil {
			return err
		}
		if err := s.updateService(ctx, tx, r, v, deleted); err != nil {
			return err
		}
		v.Version++
		return nil
	})
	if err != nil {
		return Service{}, fmt.Errorf("change service: %w", err)
	}
	return v, nil
}

func (s *Store) updateService(ctx context.Context, q querier, r Rows, v Service, deleted *time.Time) error {
	f := s.fields("services", v.ID)
	args := []any{v.Kind, f.seal("medication_name", v.MedicationName),
		f.seal("dosage_instructions", v.DosageInstructions), f.seal("treatment_details", v.TreatmentDetails),
		v.Status, optionalMicros(v.DoneAt), v.DoneBy, optionalMicros(deleted), v.ID, v.Version}
	if f.err != nil {
		return f.err
	}
	where, more := r.condition()
	n, err := changed(q.ExecContext(ctx, updateService+where+")", append(args, more...)...))
	if err == nil && n != 1 {
		err = ErrConflict
	}
	return err
}

func (s *Store) service(ctx context.Context, q querier, r Rows, id string) (Service, error) {
	where, args := r.condition()
	v, err := s.scanService(q.QueryRowContext(ctx, selectServices+where+" AND services.id = ?",
		append(append([]any{}, args...), id)...))
	if errors.Is(err, sql.ErrNoRows) {
		return Service{}, ErrNotVisible
	}
	if err != nil {
		return Service{}, fmt.Errorf("read service: %w", err)
	}
	return v, nil
}

func (s *Store) insertService(ctx context.Context, q querier, v Service) error {
	f := s.fields("services", v.ID)
	args := []any{v.ID, v.Patient, v.Kind, f.seal("medication_name", v.MedicationName),
		f.seal("dosage_instructions", v.DosageInstructions), f.seal("treatment_details", v.TreatmentDetails),
		v.Status, micros(v.OrderedAt), v.OrderedBy, optionalMicros(v.DoneAt), v.DoneBy}
	if f.err != nil {
		return f.err
	}
	_, err := q.ExecContext(ctx, `INSERT INTO services (id, patient_id, kind, medication_name, dosage_instructions,
 treatment_details, status, ordered_at, ordered_by, done_at, done_by, version)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`, args...)
	if err != nil {
		return fmt.Errorf("insert service: %w", err)
	}
	return nil
}

func (s *Store) scanService(row interface{ Scan(...any) error }) (Service, error) {
	var v Service
	var ordered int64
	var done *int64
	err := row.Scan(&v.ID, &v.Patient, &v.Kind, &v.MedicationName, &v.DosageInstructions, &v.TreatmentDetails,
		&v.Status, &ordered, &v.OrderedBy, &done, &v.DoneBy, &v.Version)
	if err != nil {
		return Service{}, err
	}
	v.OrderedAt = fromMicros(ordered)
	if done != nil {
		at := fromMicros(*done)
		v.DoneAt = &at
	}
	f := s.fields("services", v.ID)
	f.open("medication_name", &v.MedicationName)
	f.open("dosage_instructions", &v.DosageInstructions)
	f.open("treatment_details", &v.TreatmentDetails)
	if f.err != nil {
		return Service{}, f.err
	}
	return v, nil
}

func set(field *string, to *string) {
	if to != nil {
		*field = *to
	}
}

func optionalMicros(t *time.Time) *int64 {
	if t == nil {
		return nil
	}
	us := micros(*t)
	return &us
}
