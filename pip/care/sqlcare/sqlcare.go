// Package sqlcare reads care relationships from the views care_patient and
// care_service, which the patient-records database offers for this purpose.
package sqlcare

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/wardgate/wardgate/pip/care"
)

// A Directory reads from a database that it does not own and never writes.
type Directory struct{ db *sql.DB }

var _ care.Directory = Directory{}

// New returns a directory over db.
func New(db *sql.DB) Directory { return Directory{db: db} }

const (
	ofPatient = `SELECT patient_id, staff_id, department_id FROM care_patient WHERE patient_id = ?`
	ofService = `SELECT p.patient_id, p.staff_id, p.department_id FROM care_service s ` +
		`JOIN care_patient p ON p.patient_id = s.patient_id WHERE s.service_id = ?`
)

// OfPatient returns who treats a patient.
func (d Directory) OfPatient(ctx context.Context, id string) (care.Relationship, error) {
	return d.read(ctx, ofPatient, id)
}

// OfService returns who treats the patient that a clinical service belongs to.
func (d Directory) OfService(ctx context.Context, id string) (care.Relationship, error) {
	return d.read(ctx, ofService, id)
}

func (d Directory) read(ctx context.Context, query, id string) (care.Relationship, error) {
	var r care.Relationship
	var staff, department sql.NullString
	err := d.db.QueryRowContext(ctx, query, id).Scan(&r.Patient, &staff, &department)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return care.Relationship{}, nil
	case err != nil:
		return care.Relationship{}, fmt.Errorf("read care relationship: %w", err)
	}
	if staff.String != "" {
		r.Staff = []string{staff.String}
	}
	r.Department = department.String
	return r, nil
}

// All returns who treats every patient, by the patient's id.
func (d Directory) All(ctx context.Context) (list []care.Relationship, err error) {
	rows, err := d.db.QueryContext(ctx, `SELECT patient_id, staff_id, department_id FROM care_patient ORDER BY patient_id`)
	if err != nil {
		return nil, fmt.Errorf("read care relationships: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r care.Relationship
		var staff, department sql.NullString
		if err := rows.Scan(&r.Patient, &staff, &department); err != nil {
			return nil, fmt.Errorf("read care relationships: %w", err)
		}
		if staff.String != "" {
			r.Staff = []string{staff.String}
		}
		r.Department = department.String
		list = append(list, r)
	}
	return list, rows.Err()
}
