package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Staff returns a staff record by its id, or ErrStaff.
func (s *Store) Staff(ctx context.Context, id string) (Staff, error) {
	return staff(ctx, s.read, id)
}

func staff(ctx context.Context, q querier, id string) (Staff, error) {
	var found Staff
	err := q.QueryRowContext(ctx, "SELECT id, name, role, department_id FROM staff WHERE id = ?", id).
		Scan(&found.ID, &found.Name, &found.Role, &found.Department)
	if errors.Is(err, sql.ErrNoRows) {
		return Staff{}, ErrStaff
	}
	if err != nil {
		return Staff{}, fmt.Errorf("read staff: %w", err)
	}
	return found, nil
}

func isStaff(ctx context.Context, q querier, id string) error {
	_, err := staff(ctx, q, id)
	return err
}

// worksIn returns ErrStaff unless id is a member of staff of the department.
// Whether its role may be responsible for a patient, the policy has decided.
func worksIn(ctx context.Context, q querier, id, department string) error {
	found, err := staff(ctx, q, id)
	if err != nil {
		return err
	}
	if found.Department != department {
		return ErrStaff
	}
	return nil
}
