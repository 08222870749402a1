package store

import (
	"context"
	"fmt"

	"github.com/wardgate/wardgate/internal/sqldb"
)

// Empty reports whether nothing was ever filled in.
func (s *Store) Empty(ctx context.Context) (bool, error) {
	var n int
	if err := s.read.QueryRowContext(ctx, "SELECT COUNT(*) FROM departments").Scan(&n); err != nil {
		return false, fmt.Errorf("count departments: %w", err)
	}
	return n == 0, nil
}

// Fill inserts a dataset, whole or not at all. An id that exists already is
// an error.
func (s *Store) Fill(ctx context.Context, d Dataset) error {
	err := s.change(ctx, func(tx *sqldb.Tx) error {
		if err := fillHouse(ctx, tx, d); err != nil {
			return err
		}
		for _, p := range d.Patients {
			if err := s.insertPatient(ctx, tx, p); err != nil {
				return err
			}
		}
		for _, v := range d.Services {
			if err := s.insertService(ctx, tx, v); err != nil {
				return err
			}
		}
		for _, b := range d.Bills {
			if err := s.insertBill(ctx, tx, b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("fill records: %w", err)
	}
	return nil
}

func fillHouse(ctx context.Context, q querier, d Dataset) error {
	for _, one := range d.Departments {
		_, err := q.ExecContext(ctx, "INSERT INTO departments (id, name) VALUES (?, ?)", one.ID, one.Name)
		if err != nil {
			return fmt.Errorf("insert department: %w", err)
		}
	}
	for _, one := range d.Staff {
		_, err := q.ExecContext(ctx, "INSERT INTO staff (id, name, role, department_id) VALUES (?, ?, ?, ?)",
			one.ID, one.Name, one.Role, one.Department)
		if err != nil {
			return fmt.Errorf("insert staff: %w", err)
		}
	}
	return nil
}

func (s *Store) insertBill(ctx context.Context, q querier, b Bill) error {
	f := s.fields("bills", b.ID)
	description := f.seal("description", b.Description)
	if f.err != nil {
		return f.err
	}
	_, err := q.ExecContext(ctx, `INSERT INTO bills (id, patient_id, description, amount, currency, issued_at, due_at,
 status) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		b.ID, b.Patient, description, b.Amount, b.Currency, micros(b.IssuedAt), micros(b.DueAt), b.Status)
	if err != nil {
		return fmt.Errorf("insert bill: %w", err)
	}
	for _, p := range b.Payments {
		_, err := q.ExecContext(ctx,
			"INSERT INTO payments (id, bill_id, amount, currency, method, paid_at) VALUES (?, ?, ?, ?, ?, ?)",
			p.ID, b.ID, p.Amount, p.Currency, p.Method, micros(p.PaidAt))
		if err != nil {
			return fmt.Errorf("insert payment: %w", err)
		}
	}
	return nil
}
