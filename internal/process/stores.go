package process

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pdp/admin"
	sessionstore "github.com/wardgate/wardgate/pdp/admin/sqlstore"
	"github.com/wardgate/wardgate/pip/care"
	"github.com/wardgate/wardgate/pip/care/sqlcare"
	"github.com/wardgate/wardgate/pip/device"
	"github.com/wardgate/wardgate/pip/identity"
	identitystore "github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/pip/identity/vault"
	"github.com/wardgate/wardgate/records/crypt"
	"github.com/wardgate/wardgate/records/store"
)

// stores is what the process keeps, as far as its roles need it.
type stores struct {
	accounts    *identity.Accounts
	people      people
	records     *store.Store // of the records role
	register    register     // of the policy administrator
	revocations *cutOff      // of the enforcement point, and of the engine
	tokenKeys   *admin.Keys
}

// A register is what ID management asks of the records.
type register interface {
	Staff(ctx context.Context, id string) (store.Staff, error)
	Enrol(ctx context.Context, number, code string, now time.Time) (string, error)
}

// openStores opens what the roles of this process keep, and starts the
// information points over it. A role opens nothing that is another's.
func (a *Process) openStores(ctx context.Context, s *sources) error {
	if err := os.MkdirAll(a.keyPath(), 0o700); err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	a.stores = &stores{}
	if a.config.Runs(config.RolePEP) || a.config.Runs(config.RoleEngine) {
		var err error
		if a.stores.revocations, err = a.openRevocations(); err != nil {
			return err
		}
		a.onSweep("revocations", func(context.Context) error { a.stores.revocations.Forget(time.Now()); return nil })
	}
	if a.config.Runs(config.RoleEngine) {
		if err := a.openBehaviour(ctx); err != nil {
			return err
		}
	}
	if a.config.ReportsBehaviour() {
		a.openReporting()
	}
	if a.config.Journals() {
		if err := a.openJournal(ctx); err != nil {
			return err
		}
		if err := a.shipEvents(); err != nil {
			return err
		}
	}
	if a.config.Runs(config.RoleRecords) {
		if err := a.openRecords(ctx); err != nil {
			return err
		}
	}
	if a.config.Runs(config.RoleEngine) {
		if err := a.openDecisions(ctx, s); err != nil {
			return err
		}
	}
	if a.config.Demo {
		return a.fillDemo(ctx)
	}
	return nil
}

// openDecisions opens what the engine's information points ask, and with the
// role the policy administrator.
func (a *Process) openDecisions(ctx context.Context, s *sources) error {
	sealing, err := footprintKeys(a.keyPath("footprint.json"))
	if err != nil {
		return err
	}
	devices := device.New(sealing)
	places, err := a.openPlaces()
	if err != nil {
		return err
	}
	if err := a.openCare(ctx, s); err != nil {
		return err
	}
	tables, err := openDatabase(ctx, &a.config, a.config.Store("stores.identity"))
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	a.onClose(tables.Close)
	db, err := identitystore.New(ctx, tables)
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	s.set(identity.NewSource(db, nil))
	a.register.usernames.Store(db)
	if a.config.Runs(config.RoleAdministrator) {
		people, err := a.openIdentity(ctx, db)
		if err != nil {
			return err
		}
		if err := a.openAdmin(ctx, people, footprints{devices, places, func(at netip.Addr) bool { return a.engine.Tables().OnSite(at) }}); err != nil {
			return err
		}
		if err := a.openSentinel(); err != nil {
			return err
		}
	}
	s.set(devices)
	s.set(places)
	s.set(a.behaviour)
	s.set(a.stores.revocations)
	return nil
}

func (a *Process) openRecords(ctx context.Context) error {
	cipher, err := crypt.Open(a.keyPath("records"))
	if err != nil {
		return fmt.Errorf("records: %w", err)
	}
	if a.stores.records, err = a.openRecordsStore(ctx, cipher); err != nil {
		return fmt.Errorf("records: %w", err)
	}
	a.onClose(a.stores.records.Close)
	return nil
}

func (a *Process) openRecordsStore(ctx context.Context, cipher *crypt.Cipher) (*store.Store, error) {
	where := a.config.Store("stores.records")
	if !where.IsServer() {
		return store.Open(ctx, a.config.SQLite(where), cipher)
	}
	db, err := openDatabase(ctx, &a.config, where)
	if err != nil {
		return nil, err
	}
	s, err := store.New(ctx, db, cipher)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// openCare reads care relationships from the records' database, which the
// records role owns, here or elsewhere.
func (a *Process) openCare(ctx context.Context, s *sources) error {
	db, err := openCare(ctx, &a.config)
	if err != nil {
		return fmt.Errorf("care relationships: %w", err)
	}
	a.onClose(db.Close)
	s.set(care.New(sqlcare.New(db.DB)))
	return nil
}

// openRegister asks the records in this process, or else their database.
func (a *Process) openRegister(ctx context.Context) error {
	if a.stores.records != nil {
		a.stores.register = a.stores.records
		return nil
	}
	where := a.config.Store("stores.records")
	db, err := openExisting(ctx, &a.config, where)
	if err != nil {
		return err
	}
	elsewhere := store.NewRegister(db)
	a.onClose(elsewhere.Close)
	a.stores.register = elsewhere
	return nil
}

func (a *Process) openIdentity(ctx context.Context, db *identitystore.Store) (*identity.Authenticator, error) {
	vault, err := vault.Open(a.keyPath("identity"))
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	if err := a.openRegister(ctx); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	a.stores.accounts = identity.NewAccounts(db, vault, a.accountRoles, nil)
	a.register.emails.Store(a.stores.accounts)
	if a.stores.people, err = a.openPeople(db, vault); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	a.inBackground(a.stores.people.run)
	a.onSweep("sign-ups", a.stores.people.sweep)
	return a.stores.people.auth, nil
}

func (a *Process) openAdmin(ctx context.Context, people *identity.Authenticator, clients footprints) error {
	keys, err := admin.OpenKeys(a.keyPath("tokens"), keysOutlive, nil)
	if err != nil {
		return fmt.Errorf("token keys: %w", err)
	}
	a.stores.tokenKeys = keys
	tables, err := openDatabase(ctx, &a.config, a.config.Store("stores.sessions"))
	if err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	a.onClose(tables.Close)
	db, err := sessionstore.New(ctx, tables)
	if err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	sealer, err := footprintKeys(a.keyPath("sessions.json"))
	if err != nil {
		return err
	}
	a.admin, err = admin.New(admin.Parts{
		Keys:          keys,
		Store:         db,
		Authenticator: people,
		Decider:       a.metrics.decider(a.engine),
		Journal:       a.journal,
		Footprints:    clients,
		Revocations:   a.stores.revocations,
		Sealer:        sealer,
		Tables:        a.engine.Tables,
		Users:         a.stores.accounts,
		Staff:         staffRegister{a.stores.register},
		Registrar:     a.stores.people.registrar,
		Apps:          a.stores.people.apps,
		Log:           a.log.With("part", "admin"),
	}, admin.Config{Issuer: issuer, Audience: audience, Limits: a.sessionLimits})
	if err != nil {
		return err
	}
	a.onSweep("sessions", a.admin.Sweep)
	a.mirrorRevocations(a.admin)
	return nil
}
