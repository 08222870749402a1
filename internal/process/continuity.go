package process

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/continuity"
	"github.com/wardgate/wardgate/internal/datafolder"
	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/internal/sqldb/sqlmark"
	"github.com/wardgate/wardgate/pdp/admin"
	sessionstore "github.com/wardgate/wardgate/pdp/admin/sqlstore"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/password"
	"github.com/wardgate/wardgate/pip/identity/totp"
	"github.com/wardgate/wardgate/records/store"
)

// stateful are the parts whose databases are held against the journal.
type stateful struct {
	facts    *facts
	sessions *sessionstore.Store
	tables   *sqldb.DB // of the sessions
	patients *store.Store
	a        *administrator
}

// newKeeper holds the databases of this process against its journal. What it brings up
// goes through the administrator, which is made after it.
func newKeeper(ctx context.Context, g ground, j *journal, s stateful) (*continuity.Keeper, error) {
	ledger, err := continuity.Load(ctx, g.config.AuditConfig().Dir)
	if err != nil {
		return nil, err
	}
	databases := []*continuity.Database{
		{Shown: shown(g.config, "stores.identity"), Follows: true, Emptied: emptied(s.facts.identities.Accounted), Restore: s.restoreIdentity},
		{Shown: shown(g.config, "stores.sessions"), Follows: true, Restore: s.restoreSessions},
	}
	at := []*sqldb.DB{s.facts.tables, s.tables}
	names := []string{pip.DatabaseIdentity, pip.DatabaseSessions}
	if s.patients != nil {
		tables, err := openDatabase(ctx, g.config, g.config.Store("stores.records"))
		if err != nil {
			return nil, err
		}
		s.a.onClose(tables.Close)
		databases = append(databases, &continuity.Database{
			Shown: shown(g.config, "stores.records"), Emptied: s.patients.Empty, Restore: s.restoreRecords,
		})
		at, names = append(at, tables), append(names, pip.DatabaseRecords)
	}
	for i, d := range databases {
		if d.Mark, err = sqlmark.New(ctx, at[i], names[i]); err != nil {
			return nil, err
		}
	}
	k := continuity.New(j, ledger, databases, g.log.With("part", "databases"))
	s.sessions.Guard(func(ctx context.Context, on sessionstore.Queryer) error {
		return k.Guard(ctx, on, pip.DatabaseSessions)
	})
	return k, nil
}

// shown is what operators know a database by.
func shown(c *config.Config, key string) string {
	d := c.Store(key)
	if d.IsServer() || d.File != "" {
		return key
	}
	return d.Own
}

func emptied(any func(ctx context.Context) (bool, error)) func(ctx context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		some, err := any(ctx)
		return !some, err
	}
}

// restoreSessions ends all sessions that began before, and puts bans in force again, and
// out of force, in the order in which they were ordered.
func (s stateful) restoreSessions(ctx context.Context, r continuity.Restoration) error {
	lost := admin.Restoration{Over: r.Over, Machines: map[string]time.Time{}}
	for _, f := range r.Facts {
		switch c := f.Change; c.What {
		case pip.ChangeBan, pip.ChangeRestrict:
			lost.Bans = append(lost.Bans, admin.Ban{Account: c.Of, Reason: c.Why, By: c.By, Created: f.Time, Until: c.Until})
		case pip.ChangeLift:
			lost.Lifted = append(lost.Lifted, c.Of)
		case pip.ChangeMachineKeys:
			lost.Machines[c.Of] = f.Time
		case pip.ChangeDeviceGone:
			_, hash, _ := strings.Cut(c.Of, "/")
			lost.Devices = append(lost.Devices, hash)
		case pip.ChangeWorkstationGone:
			lost.Workstations = append(lost.Workstations, c.Of)
		}
	}
	return s.a.Restore(ctx, lost)
}

// restoreIdentity ends all open codes, and has accounts and their factors stand as they
// were left, or where that is not known any more so that they stay shut.
func (s stateful) restoreIdentity(ctx context.Context, r continuity.Restoration) error {
	now := time.Now()
	lost := identity.Restoration{
		Now: now, NextStep: totp.NextStep(now), Accounts: map[string]map[string]string{}, LostApps: map[string][]byte{},
		LostPasskeys: map[string]string{},
	}
	for _, f := range r.Facts {
		switch c := f.Change; c.What {
		case pip.ChangeAccount:
			lost.Accounts[c.Of] = c.Set
		case pip.ChangePassword:
			lost.Passwords = append(lost.Passwords, c.Of)
		case pip.ChangeAppRemoved:
			lost.RemovedApps = append(lost.RemovedApps, c.Of)
		case pip.ChangePasskeyAdded:
			account, id, _ := strings.Cut(c.Of, "/")
			lost.LostPasskeys[id] = account
		case pip.ChangePasskeyGone:
			_, id, _ := strings.Cut(c.Of, "/")
			lost.RemovedPasskeys = append(lost.RemovedPasskeys, id)
		case pip.ChangeBadge:
			lost.Badges = append(lost.Badges, c.Of)
		case pip.ChangeRecoveryUsed:
			lost.Recovered = append(lost.Recovered, c.Of)
		case pip.ChangeAppAdded:
			sealed, err := s.a.people.apps.Lost(c.Of)
			if err != nil {
				return err
			}
			lost.LostApps[c.Of] = sealed
		}
	}
	if len(lost.Passwords) > 0 {
		var err error
		if lost.NoPassword, err = password.HashWith(password.Bcrypt{}, rand.Text()); err != nil {
			return err
		}
	}
	return s.facts.identities.Restore(ctx, lost)
}

// restoreRecords uses up the enrolment codes that were used. What else is missing of the
// records no journal has.
func (s stateful) restoreRecords(ctx context.Context, r continuity.Restoration) error {
	used := map[string]time.Time{}
	for _, f := range r.Facts {
		used[f.Change.Of] = f.Time
	}
	return s.patients.EndEnrolments(ctx, used)
}

// beginKeeper brings databases up to what was ordered before anything is served, and has
// them held against the journal from then on.
func beginKeeper(ctx context.Context, g ground, l *life, j *journal) error {
	outside, err := j.keptOutside(ctx)
	if err != nil {
		return err
	}
	if err := j.keeper.Begin(ctx, outside); err != nil {
		return err
	}
	if j.outside != nil {
		j.outside.Follow(j.keeper.Marks)
	}
	l.inBackground(j.keeper.Run)
	g.board.Databases(j.keeper.State, j.keeper.Restored)
	return nil
}

// keptOutside are the marks that are kept outside of journal and databases.
func (j *journal) keptOutside(ctx context.Context) (map[string]pip.Mark, error) {
	if j.outside == nil {
		return nil, nil
	}
	marks, err := j.outside.Marks(ctx, j.config.Journal.Chain)
	if err != nil {
		return nil, fmt.Errorf("anchors.folder: %w", err)
	}
	return marks, nil
}

// A DatabaseLoss is what somebody answered for.
type DatabaseLoss struct {
	Database string   `json:"database"`
	Known    pip.Mark `json:"known"` // how far it had come
	Found    pip.Mark `json:"found"` // what stands there now; the zero mark for nothing
	Reason   string   `json:"reason"`
}

// AcceptDatabaseLoss lets Wardgate go on without accounts or records that are gone. The
// next start takes what it finds, puts into it what the journal can, and gives it a mark. The
// data folder must not be in use.
func AcceptDatabaseLoss(ctx context.Context, c *config.Config, name, reason string) (loss DatabaseLoss, err error) {
	loss = DatabaseLoss{Database: name, Reason: reason}
	key := map[string]string{pip.DatabaseIdentity: "stores.identity", pip.DatabaseRecords: "stores.records"}[name]
	if key == "" {
		return loss, fmt.Errorf("the database is one of %s, %s", pip.DatabaseIdentity, pip.DatabaseRecords)
	}
	if !admin.ValidReason(reason) {
		return loss, errors.New("a reason has 1 to 64 letters, digits, blanks and _.:-; it is kept in the journal")
	}
	if err := c.Check(); err != nil {
		return loss, err
	}
	data, err := datafolder.Claim(c.Data)
	if err != nil {
		return loss, err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	if loss.Found, err = foundMark(ctx, c, key, name); err != nil {
		return loss, err
	}
	return loss, withJournal(ctx, c, func(j *audit.Journal, outside map[string]pip.Mark) error {
		ledger, err := continuity.Load(ctx, c.AuditConfig().Dir)
		if err != nil {
			return err
		}
		if loss.Known = ledger.Known(name, outside); loss.Known.Epoch == "" || loss.Known.Epoch == loss.Found.Epoch {
			return errors.New("nothing is lost: it is the database that served here")
		}
		text, err := json.Marshal(loss)
		if err != nil {
			return err
		}
		return j.Append(ctx, pip.Event{Kind: pip.KindSystem, Time: time.Now(), Action: continuity.ActionLoss, Outcome: "success", Detail: name, Input: text})
	})
}

// foundMark is the mark of what stands there.
func foundMark(ctx context.Context, c *config.Config, key, name string) (m pip.Mark, err error) {
	db, err := openDatabase(ctx, c, c.Store(key))
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	table, err := sqlmark.New(ctx, db, name)
	if err != nil {
		return m, err
	}
	if m, err = table.Read(ctx); errors.Is(err, sqlmark.ErrNone) {
		err = nil
	}
	return m, err
}

// withJournal opens the journal against its anchors, and anchors what was written.
func withJournal(ctx context.Context, c *config.Config, do func(j *audit.Journal, outside map[string]pip.Mark) error) (err error) {
	anchors, err := OpenAnchors(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, anchors.Close()) }()
	outside, err := (&journal{ground: ground{config: c}, outside: anchors.folder}).keptOutside(ctx)
	if err != nil {
		return err
	}
	of := c.AuditConfig()
	if of.Anchored, err = anchor.Latest(ctx, anchors, of.Chain); err != nil {
		return err
	}
	j, err := audit.Open(of)
	if err != nil {
		return err
	}
	if err := errors.Join(do(j, outside), j.Close()); err != nil {
		return err
	}
	return anchors.Store(ctx, j.Head())
}
