package admin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// A Restoration is what the session database is told when it lies behind what it once
// knew: an older copy was put in its place, or an emptied one.
type Restoration struct {
	Over     time.Time            // sessions that began up to then are over, known here or not
	Bans     []Ban                // that hold, and that it may lack
	Lifted   []string             // names of bans that it may still have
	Machines map[string]time.Time // account -> keys made up to then were taken away

	Workstations []string // ids of those that were removed
	Devices      []string // hashes of those that were forgotten
}

// A RestoreStore is brought up to what was ordered, all of it or nothing.
type RestoreStore interface {
	// Restore ends all sessions, keeps the bans, the epoch of sessions among them, and
	// numbers what is cut off anew, so that every list asks for all of it.
	Restore(ctx context.Context, r Restoration, now time.Time) error
}

// endRestored is why the sessions of a database end that lies behind.
const endRestored = "database_restored"

// Restore has the session database hold what was ordered, and ends every session that
// began before: which of them were ended, and which refresh tokens were used, it
// no longer knows.
func (a *Admin) Restore(ctx context.Context, r Restoration) error {
	now := a.cfg.Now()
	if r.Over.Before(now) {
		r.Over = now
	}
	epoch := Ban{Account: pip.SessionsUntil(r.Over), Reason: endRestored, By: "wardgate", Created: now, Until: r.Over.Add(a.tokenLife())}
	r.Bans = append(slices.Clone(r.Bans), epoch)
	if err := a.parts.Store.Restore(ctx, r, now); err != nil {
		return fmt.Errorf("restore sessions: %w", err)
	}
	for _, b := range r.Bans {
		if err := a.parts.Revocations.Ban(ctx, b.Account, b.Until); err != nil {
			return fmt.Errorf("restore sessions: %w", err)
		}
	}
	for _, name := range r.Lifted {
		if err := a.parts.Revocations.Unban(ctx, name); err != nil {
			return fmt.Errorf("restore sessions: %w", err)
		}
	}
	return nil
}
