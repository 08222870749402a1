package sqlstore

import (
	"context"
	"fmt"

	"github.com/wardgate/wardgate/pip"
)

// ApproveAccount changes a pending account only, so that of two who approve at
// once one does.
func (s *Store) ApproveAccount(ctx context.Context, id, staff, department string) (bool, error) {
	hit, err := s.changed(ctx, "UPDATE identity_accounts SET standing = ?, staff = ?, department = ? WHERE id = ? AND standing = ?",
		string(pip.AccountActive), staff, department, id, string(pip.AccountPending))
	if err != nil {
		return false, fmt.Errorf("approve account: %w", err)
	}
	return hit, nil
}
