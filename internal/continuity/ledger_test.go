package continuity_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/continuity"
	"github.com/wardgate/wardgate/pip"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// A model is what a database says, with its mark.
type model struct {
	mark     pip.Mark
	bans     map[string]time.Time
	standing map[string]string
}

func (m model) copy() model {
	return model{m.mark, maps.Clone(m.bans), maps.Clone(m.standing)}
}

func (m *model) apply(c pip.Change) {
	switch c.What {
	case pip.ChangeBan:
		m.bans[c.Of] = c.Until
	case pip.ChangeRestrict:
		if !m.bans[c.Of].After(c.Until) {
			m.bans[c.Of] = c.Until
		}
	case pip.ChangeLift:
		delete(m.bans, c.Of)
	case pip.ChangeAccount:
		m.standing[c.Of] = c.Set["standing"]
	}
}

// anyChange is an order about one of a few accounts.
func anyChange(rng *rand.Rand, now time.Time) pip.Change {
	c := pip.Change{Of: fmt.Sprintf("u-%d", rng.IntN(4))}
	switch rng.IntN(5) {
	case 0:
		c.What, c.Until = pip.ChangeBan, now.Add(time.Duration(1+rng.IntN(5000))*time.Minute)
	case 1:
		c.What, c.Until = pip.ChangeRestrict, now.Add(time.Duration(1+rng.IntN(5000))*time.Minute)
	case 2:
		c.What = pip.ChangeLift
	case 3:
		c.What, c.Set = pip.ChangeAccount, map[string]string{"standing": "disabled"}
	default:
		c.What, c.Set = pip.ChangeAccount, map[string]string{"standing": "active"}
	}
	return c
}

// Whatever was ordered, and whichever older copy is put back: with what the ledger says it
// lacks, the copy says what the newest one said. The ledger may have been carried forward
// by a digest at any moment.
func TestAnyOlderCopyComesUp(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		db := model{pip.Mark{Epoch: "e"}, map[string]time.Time{}, map[string]string{}}
		ledger, copies := continuity.NewLedger(), []model{db.copy()}
		now := noon
		for range 1 + rng.IntN(60) {
			now = now.Add(time.Second)
			c := anyChange(rng, now)
			db.apply(c)
			db.mark.Sequence++
			marks := map[string]pip.Mark{pip.DatabaseSessions: db.mark, pip.DatabaseIdentity: db.mark}
			ledger.Fold(&pip.Event{Kind: pip.KindAccount, Time: now, Change: &c, Marks: marks})
			copies = append(copies, db.copy())
			if rng.IntN(10) == 0 {
				ledger = carried(t, ledger, now)
			}
		}
		old := copies[rng.IntN(len(copies))]
		for _, name := range []string{pip.DatabaseSessions, pip.DatabaseIdentity} {
			for _, f := range ledger.Since(name, old.mark) {
				old.apply(f.Change)
			}
		}
		if !maps.EqualFunc(old.bans, db.bans, time.Time.Equal) {
			t.Fatalf("seed %d: bans are %v, want %v", seed, old.bans, db.bans)
		}
		if !maps.Equal(old.standing, db.standing) {
			t.Fatalf("seed %d: accounts are %v, want %v", seed, old.standing, db.standing)
		}
	}
}

// carried is the ledger that a start makes of a digest.
func carried(t *testing.T, l *continuity.Ledger, now time.Time) *continuity.Ledger {
	t.Helper()
	events, err := l.Digest(now)
	if err != nil {
		t.Fatal(err)
	}
	next := continuity.NewLedger()
	for i := range events {
		next.Fold(&events[i])
	}
	return next
}
