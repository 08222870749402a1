package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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
// Only a change of the order itself writes the sealed cells: what becomes of an
// order must not depend on whether its text can be read.
const (
	updateOrder = `UPDATE services SET kind = ?, medication_name = ?, dosage_instructions = ?,
 treatment_details = ?, version = version + 1` + ofThisService
	updateStatus = `UPDATE services SET status = ?, done_at = ?, done_by = ?, version = version + 1` + ofThisService
	hideService  = `UPDATE services SET deleted_at = ?, version = version + 1` + ofThisService

	ofThisService = ` WHERE id = ? AND version = ? AND status = '` + Planned + `' AND deleted_at IS NULL
 AND patient_id IN (SELECT patients.id FROM patients WHERE patients.deleted_at IS NULL AND `
)

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
		if !v.SaysSomething() {
			return ErrEmpty
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

// ChangeService applies a change to an order that has not been given. A version
// other than 0 must be the row's own, or ErrConflict; without one the change
// applies to whatever is there. An order that would say nothing is ErrEmpty. A
// cell that cannot be read is replaced by the change, or ErrUnreadable.
func (s *Store) ChangeService(ctx context.Context, r Rows, id string, c ServiceChange, version int64) (Service, error) {
	return s.modify(ctx, r, id, version, func(tx *sqldb.Tx, v *Service) error {
		set(&v.Kind, c.Kind)
		set(&v.MedicationName, c.MedicationName)
		set(&v.DosageInstructions, c.DosageInstructions)
		set(&v.TreatmentDetails, c.TreatmentDetails)
		v.Fields = slices.DeleteFunc(v.Fields, c.sets)
		switch {
		case len(v.Fields) > 0:
			return ErrUnreadable
		case !v.SaysSomething():
			return ErrEmpty
		}
		f := s.fields("services", v.ID)
		args := []any{v.Kind, f.seal("medication_name", v.MedicationName),
			f.seal("dosage_instructions", v.DosageInstructions), f.seal("treatment_details", v.TreatmentDetails)}
		if f.err != nil {
			return f.err
		}
		return s.updateService(ctx, tx, r, *v, updateOrder, args)
	})
}

// sets reports whether the change has a value for the column.
func (c *ServiceChange) sets(column string) bool {
	return column == "medication_name" && c.MedicationName != nil ||
		column == "dosage_instructions" && c.DosageInstructions != nil ||
		column == "treatment_details" && c.TreatmentDetails != nil
}

// FinishService marks a planned service as done by a member of staff. One that
// is done already stays as it is: ErrDone.
func (s *Store) FinishService(ctx context.Context, r Rows, id, staff string, version int64, now time.Time) (Service, error) {
	return s.modify(ctx, r, id, version, func(tx *sqldb.Tx, v *Service) error {
		if err := isStaff(ctx, tx, staff); err != nil {
			return err
		}
		v.Status, v.DoneAt, v.DoneBy = Done, &now, &staff
		return s.updateService(ctx, tx, r, *v, updateStatus, []any{v.Status, micros(now), staff})
	})
}

// DeleteService hides a service that has not been given, and returns what it was.
func (s *Store) DeleteService(ctx context.Context, r Rows, id string, version int64, now time.Time) (Service, error) {
	return s.modify(ctx, r, id, version, func(tx *sqldb.Tx, v *Service) error {
		return s.updateService(ctx, tx, r, *v, hideService, []any{micros(now)})
	})
}

// modify reads a service, and lets write change it unless it has been given or
// another writer came first. What was given to a patient stays as it was given:
// ErrDone.
func (s *Store) modify(ctx context.Context, r Rows, id string, version int64, write func(tx *sqldb.Tx, v *Service) error) (Service, error) {
	var v Service
	err := s.change(ctx, func(tx *sqldb.Tx) error {
		var err error
		if v, err = s.service(ctx, tx, r, id); err != nil {
			return err
		}
		if version != 0 && version != v.Version {
			return ErrConflict
		}
		if v.Status != Planned {
			return ErrDone
		}
		if err := write(tx, &v); err != nil {
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

// updateService runs one of the statements that change a service, whose own
// parameters come first.
func (s *Store) updateService(ctx context.Context, q querier, r Rows, v Service, statement string, args []any) error {
	where, more := r.condition()
	args = append(append(args, v.ID, v.Version), more...)
	n, err := changed(q.ExecContext(ctx, statement+where+")", args...))
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
	v.Fields = f.unreadable
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
