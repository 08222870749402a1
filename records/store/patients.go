package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
)

const selectPatients = `SELECT patients.id, patients.number, patients.name, patients.contact,
 patients.national_id, patients.date_of_birth, patients.sex, patients.blood_group, patients.diagnoses,
 patients.allergies, patients.chronic_conditions, patients.purpose_of_visit, patients.doctor_id, staff.name,
 patients.department_id, departments.name, patients.admitted_at, patients.version
 FROM patients JOIN staff ON staff.id = patients.doctor_id
 JOIN departments ON departments.id = patients.department_id
 WHERE patients.deleted_at IS NULL AND `

const insertPatient = `INSERT INTO patients (id, number, name, contact, national_id, date_of_birth, sex,
 blood_group, diagnoses, allergies, chronic_conditions, purpose_of_visit, doctor_id, department_id,
 admitted_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`

// Patients returns at most limit patients in the order of their ids, beginning
// after the id given ("" for the first), and the id to go on after, "" at the end.
func (s *Store) Patients(ctx context.Context, r Rows, after string, limit int) ([]Patient, string, error) {
	where, args := r.condition()
	args = append(append([]any{}, args...), after, limit+1)
	rows, err := s.read.QueryContext(ctx,
		selectPatients+where+" AND patients.id > ? ORDER BY patients.id LIMIT ?", args...)
	if err != nil {
		return nil, "", fmt.Errorf("list patients: %w", err)
	}
	defer rows.Close()
	found := make([]Patient, 0, limit)
	next := ""
	for rows.Next() {
		if len(found) == limit {
			next = found[limit-1].ID
			break
		}
		p, err := s.scanPatient(rows)
		if err != nil {
			return nil, "", fmt.Errorf("list patients: %w", err)
		}
		found = append(found, p)
	}
	if err := rows.Err(); err != nil {
		return nil, "", fmt.Errorf("list patients: %w", err)
	}
	return found, next, nil
}

// Patient returns one patient.
func (s *Store) Patient(ctx context.Context, r Rows, id string) (Patient, error) {
	return s.patient(ctx, s.read, r, id)
}

func (s *Store) patient(ctx context.Context, q querier, r Rows, id string) (Patient, error) {
	where, args := r.condition()
	row := q.QueryRowContext(ctx, selectPatients+where+" AND patients.id = ?", append(append([]any{}, args...), id)...)
	p, err := s.scanPatient(row)
	if errors.Is(err, sql.ErrNoRows) {
		return Patient{}, ErrNotVisible
	}
	if err != nil {
		return Patient{}, fmt.Errorf("read patient: %w", err)
	}
	return p, nil
}

// AddPatient makes a patient of p's doctor, who must be on the staff of p's
// department, and the enrolment that belongs to it. Id, number, time of
// admission and version are given here. Unless the new row is among r,
// nothing is kept.
func (s *Store) AddPatient(ctx context.Context, r Rows, p Patient, e Enrolment, now time.Time) (Patient, error) {
	id, err := newID()
	if err != nil {
		return Patient{}, err
	}
	p.ID, p.AdmittedAt = id, now
	var added Patient
	err = s.change(ctx, func(tx *sqldb.Tx) error {
		if err := worksIn(ctx, tx, p.Doctor, p.Department); err != nil {
			return err
		}
		if p.Number, err = freeNumber(ctx, tx); err != nil {
			return err
		}
		if err := s.insertPatient(ctx, tx, p); err != nil {
			return err
		}
		if err := e.insert(ctx, tx, p.ID); err != nil {
			return err
		}
		added, err = s.patient(ctx, tx, r, p.ID)
		return err
	})
	if err != nil {
		return Patient{}, fmt.Errorf("add patient: %w", err)
	}
	return added, nil
}

// DeletePatient hides a patient and all that belongs to it. A version other
// than 0 must be the row's own, or ErrConflict.
func (s *Store) DeletePatient(ctx context.Context, r Rows, id string, version int64, now time.Time) error {
	err := s.change(ctx, func(tx *sqldb.Tx) error {
		p, err := s.patient(ctx, tx, r, id)
		if err != nil {
			return err
		}
		if version != 0 && version != p.Version {
			return ErrConflict
		}
		where, args := r.condition()
		args = append([]any{micros(now), id, p.Version}, args...)
		n, err := changed(tx.ExecContext(ctx, `UPDATE patients SET deleted_at = ?, version = version + 1
 WHERE patients.id = ? AND patients.version = ? AND patients.deleted_at IS NULL AND `+where, args...))
		if err == nil && n != 1 {
			err = ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("delete patient: %w", err)
	}
	return nil
}

// RestorePatient shows a deleted patient again.
func (s *Store) RestorePatient(ctx context.Context, r Rows, id string) error {
	where, args := r.condition()
	n, err := changed(s.write.ExecContext(ctx, `UPDATE patients SET deleted_at = NULL, version = version + 1
 WHERE patients.id = ? AND patients.deleted_at IS NOT NULL AND `+where, append([]any{id}, args...)...))
	if err == nil && n != 1 {
		err = ErrNotVisible
	}
	if err != nil {
		return fmt.Errorf("restore patient: %w", err)
	}
	return nil
}

func (s *Store) insertPatient(ctx context.Context, q querier, p Patient) error {
	f := s.fields("patients", p.ID)
	args := []any{p.ID, p.Number, f.seal("name", p.Name), f.seal("contact", p.Contact),
		f.seal("national_id", p.NationalID), f.seal("date_of_birth", p.DateOfBirth), p.Sex,
		f.seal("blood_group", p.BloodGroup), f.seal("diagnoses", p.Diagnoses), f.seal("allergies", p.Allergies),
		f.seal("chronic_conditions", p.ChronicConditions), f.seal("purpose_of_visit", p.PurposeOfVisit),
		p.Doctor, p.Department, micros(p.AdmittedAt)}
	if f.err != nil {
		return f.err
	}
	if _, err := q.ExecContext(ctx, insertPatient, args...); err != nil {
		return fmt.Errorf("insert patient: %w", err)
	}
	return nil
}

func (s *Store) scanPatient(row interface{ Scan(...any) error }) (Patient, error) {
	var p Patient
	var admitted int64
	err := row.Scan(&p.ID, &p.Number, &p.Name, &p.Contact, &p.NationalID, &p.DateOfBirth, &p.Sex,
		&p.BloodGroup, &p.Diagnoses, &p.Allergies, &p.ChronicConditions, &p.PurposeOfVisit,
		&p.Doctor, &p.DoctorName, &p.Department, &p.DepartmentName, &admitted, &p.Version)
	if err != nil {
		return Patient{}, err
	}
	p.AdmittedAt = fromMicros(admitted)
	f := s.fields("patients", p.ID)
	f.open("name", &p.Name)
	f.open("contact", &p.Contact)
	f.open("national_id", &p.NationalID)
	f.open("date_of_birth", &p.DateOfBirth)
	f.open("blood_group", &p.BloodGroup)
	f.open("diagnoses", &p.Diagnoses)
	f.open("allergies", &p.Allergies)
	f.open("chronic_conditions", &p.ChronicConditions)
	f.open("purpose_of_visit", &p.PurposeOfVisit)
	if f.err != nil {
		return Patient{}, f.err
	}
	p.Unreadable.Fields = f.unreadable
	return p, nil
}
