package process

import (
	"context"
	"errors"
	"time"

	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/records/store"
)

// clockLeeway is by how much the clocks of verifiers may differ.
const clockLeeway = 30 * time.Second

// keysOutlive is how long a signing key verifies after it was replaced: as long
// as any token can live that a table may ever allow.
const keysOutlive = tables.MaxAccess + clockLeeway

// identityLimits are the numbers of authentication in the active rule book.
func (a *Process) identityLimits() identity.Limits {
	l := a.engine.Limits()
	return identity.Limits{
		CodeLife: l.CodeLife, CodeAttempts: l.CodeAttempts, ResendEvery: l.ResendEvery, Resends: l.Resends,
		WrongPasswords: l.WrongPasswords, WrongWithin: l.WrongWithin,
		KnownWrongPasswords: l.KnownWrongPasswords, KnownWrongWithin: l.KnownWrongWithin,
	}
}

// sessionLimits are the numbers of sessions in the active rule book.
func (a *Process) sessionLimits() admin.Limits {
	l := a.engine.Limits()
	return admin.Limits{
		Access: l.Access, RefreshAfter: l.RefreshAfter, Elevation: l.Elevation,
		Idle: l.Idle, Absolute: l.Absolute, Leeway: clockLeeway, RetryWithin: l.RetryWithin,
		DeviceMemory: l.DeviceMemory, NetworkMemory: l.NetworkMemory, LogInMemory: l.LogInMemory,
	}
}

// staffRegister is the hospital's staff register, in records.
type staffRegister struct{ records register }

// Member returns what a staff record says.
func (s staffRegister) Member(ctx context.Context, id string) (role, department string, found bool, err error) {
	m, err := s.records.Staff(ctx, id)
	if errors.Is(err, store.ErrStaff) {
		return "", "", false, nil
	}
	return m.Role, m.Department, err == nil, err
}
