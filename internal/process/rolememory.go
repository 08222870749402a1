package process

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip/identity"
)

const (
	// roleFor is how long the role of an account is remembered for the sentinel.
	roleFor = time.Minute
	// rolesWithin bounds the questions of one look, however many are active.
	rolesWithin = 2 * time.Second
	// rolesKept bounds the memory, in accounts.
	rolesKept = 100_000
)

// A roleReader is where the roles of accounts are written down.
type roleReader interface {
	Account(ctx context.Context, id string) (identity.Record, error)
}

// A roleMemory tells the sentinel the role of an account. While it cannot be asked
// for, the last that was read holds, and "" where there is none: what a machine may
// do to an unknown kind of account is what it may do to staff. It is for one caller at a time.
type roleMemory struct {
	accounts roleReader
	log      *slog.Logger
	roles    map[string]rememberedRole
}

type rememberedRole struct {
	role string
	read time.Time
}

// fill writes the roles of those who have accounts. Once a question fails, no
// further one is asked in the same look: a database that hangs holds it up once.
func (m *roleMemory) fill(ctx context.Context, now time.Time, list []pdp.Behaviour) {
	ctx, cancel := context.WithTimeout(ctx, rolesWithin)
	defer cancel()
	failed := false
	for i := range list {
		if list[i].Subject == "" {
			continue
		}
		known, found := m.roles[list[i].Subject]
		if list[i].Role = known.role; failed || found && now.Sub(known.read) < roleFor {
			continue
		}
		r, err := m.accounts.Account(ctx, list[i].Subject)
		if err != nil && !errors.Is(err, identity.ErrNotFound) {
			failed = true
			m.log.Warn("the sentinel does not learn the roles of accounts, and spares those that it does not know", "error", err)
			continue
		}
		m.remember(list[i].Subject, rememberedRole{role: r.Role, read: now})
		list[i].Role = r.Role
	}
}

func (m *roleMemory) remember(account string, r rememberedRole) {
	if m.roles == nil || len(m.roles) >= rolesKept {
		m.roles = map[string]rememberedRole{}
	}
	m.roles[account] = r
}
