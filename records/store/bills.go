package store

import (
	"context"
	"fmt"
)

const selectBills = `SELECT bills.id, bills.patient_id, bills.description, bills.amount, bills.currency,
 bills.issued_at, bills.due_at, bills.status
 FROM bills JOIN patients ON patients.id = bills.patient_id
 WHERE patients.deleted_at IS NULL AND `

const selectPayments = `SELECT payments.bill_id, payments.id, payments.amount, payments.currency,
 payments.method, payments.paid_at
 FROM payments JOIN bills ON bills.id = payments.bill_id JOIN patients ON patients.id = bills.patient_id
 WHERE patients.deleted_at IS NULL AND `

// Bills returns the bills of one patient with their payments, in the order of
// their ids.
func (s *Store) Bills(ctx context.Context, r Rows, patient string) ([]Bill, error) {
	if _, err := s.patient(ctx, s.read, r, patient); err != nil {
		return nil, fmt.Errorf("list bills: %w", err)
	}
	found, err := s.bills(ctx, r, patient)
	if err != nil {
		return nil, fmt.Errorf("list bills: %w", err)
	}
	paid, err := s.payments(ctx, r, patient)
	if err != nil {
		return nil, fmt.Errorf("list payments: %w", err)
	}
	for i := range found {
		found[i].Payments = append([]Payment{}, paid[found[i].ID]...)
	}
	return found, nil
}

func (s *Store) bills(ctx context.Context, r Rows, patient string) ([]Bill, error) {
	where, args := r.condition()
	rows, err := s.read.QueryContext(ctx, selectBills+where+" AND patients.id = ? ORDER BY bills.id",
		append(append([]any{}, args...), patient)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := []Bill{}
	for rows.Next() {
		var b Bill
		var issued, due int64
		err := rows.Scan(&b.ID, &b.Patient, &b.Description, &b.Amount, &b.Currency, &issued, &due, &b.Status)
		if err != nil {
			return nil, err
		}
		b.IssuedAt, b.DueAt = fromMicros(issued), fromMicros(due)
		f := s.fields("bills", b.ID)
		f.open("description", &b.Description)
		if f.err != nil {
			return nil, f.err
		}
		b.Unreadable.Fields = f.unreadable
		found = append(found, b)
	}
	return found, rows.Err()
}

// payments returns the payments of a patient by the id of their bill.
func (s *Store) payments(ctx context.Context, r Rows, patient string) (map[string][]Payment, error) {
	where, args := r.condition()
	rows, err := s.read.QueryContext(ctx, selectPayments+where+" AND patients.id = ? ORDER BY payments.id",
		append(append([]any{}, args...), patient)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string][]Payment{}
	for rows.Next() {
		var p Payment
		var bill string
		var at int64
		if err := rows.Scan(&bill, &p.ID, &p.Amount, &p.Currency, &p.Method, &at); err != nil {
			return nil, err
		}
		p.PaidAt = fromMicros(at)
		found[bill] = append(found[bill], p)
	}
	return found, rows.Err()
}
