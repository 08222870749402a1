package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/inference"
	"github.com/wardgate/wardgate/inference/model"
	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp/admin"
	sessionstore "github.com/wardgate/wardgate/pdp/admin/sqlstore"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/care"
	"github.com/wardgate/wardgate/pip/care/sqlcare"
	"github.com/wardgate/wardgate/pip/device"
	"github.com/wardgate/wardgate/pip/identity"
	identitystore "github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/records"
	"github.com/wardgate/wardgate/records/crypt"
	"github.com/wardgate/wardgate/records/store"
)

// stores is what the process keeps in its data folder.
type stores struct {
	accounts    *identity.Accounts
	people      people
	records     *store.Store
	revocations *cutOff
	tokenKeys   *admin.Keys
}

// sources are the information points that the engine asks. The engine starts
// before they do, so that a broken rule book touches no data: until they are
// there they know nothing, which denies.
type sources struct{ identity, revocation, device, location, care, signals late }

func (s *sources) list() []pip.Source {
	return []pip.Source{&s.identity, &s.revocation, &s.device, &s.location, &s.care, &s.signals}
}

// A late source is set once, when what it needs has been opened.
type late struct{ source atomic.Pointer[pip.Source] }

func (l *late) set(s pip.Source) { l.source.Store(&s) }

func (l *late) Name() string {
	if s := l.source.Load(); s != nil {
		return (*s).Name()
	}
	return "not started"
}

func (l *late) Gather(ctx context.Context, q *pip.Query, f *pip.Facts) error {
	if s := l.source.Load(); s != nil {
		return (*s).Gather(ctx, q, f)
	}
	return nil
}

// openStores opens what is kept, and starts the information points over it.
func (a *App) openStores(ctx context.Context, s *sources) error {
	if err := os.MkdirAll(a.data.path("keys"), 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := a.openBehaviour(ctx); err != nil {
		return err
	}
	if err := a.openJournal(ctx, a.behaviour); err != nil {
		return err
	}
	if err := a.shipEvents(); err != nil {
		return err
	}
	revocations, err := a.openRevocations()
	if err != nil {
		return err
	}
	a.stores = &stores{revocations: revocations}
	a.onSweep("revocations", func(context.Context) error { a.stores.revocations.Forget(time.Now()); return nil })
	if err := a.openRecords(ctx, s); err != nil {
		return err
	}
	sealing, err := footprintKeys(a.data.path("keys", "footprint.json"))
	if err != nil {
		return err
	}
	devices := device.New(sealing)
	places, err := a.openPlaces()
	if err != nil {
		return err
	}
	people, err := a.openIdentity(ctx, s)
	if err != nil {
		return err
	}
	if err := a.openAdmin(ctx, people, footprints{devices, places}); err != nil {
		return err
	}
	s.device.set(devices)
	s.location.set(places)
	s.signals.set(a.behaviour)
	s.revocation.set(a.stores.revocations)
	if a.config.Demo {
		return a.fillDemo(ctx)
	}
	return nil
}

func (a *App) openRecords(ctx context.Context, s *sources) error {
	cipher, err := crypt.Open(a.data.path("keys", "records"))
	if err != nil {
		return fmt.Errorf("records: %w", err)
	}
	if a.stores.records, err = a.openRecordsStore(ctx, cipher); err != nil {
		return fmt.Errorf("records: %w", err)
	}
	a.onClose(a.stores.records.Close)
	db, err := a.config.openCare(ctx)
	if err != nil {
		return fmt.Errorf("care relationships: %w", err)
	}
	a.onClose(db.Close)
	s.care.set(care.New(sqlcare.New(db.DB)))
	return nil
}

func (a *App) openRecordsStore(ctx context.Context, cipher *crypt.Cipher) (*store.Store, error) {
	where := a.config.named("stores.records")
	if !where.isServer() {
		return store.Open(ctx, a.data.path(where.file), cipher)
	}
	db, err := a.config.openDatabase(ctx, where)
	if err != nil {
		return nil, err
	}
	s, err := store.New(ctx, db, cipher)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func (a *App) openIdentity(ctx context.Context, s *sources) (*identity.Authenticator, error) {
	vault, err := identity.OpenVault(a.data.path("keys", "identity"))
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	tables, err := a.config.openDatabase(ctx, a.config.named("stores.identity"))
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	a.onClose(tables.Close)
	db, err := identitystore.New(ctx, tables)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	a.stores.accounts = identity.NewAccounts(db, vault, nil)
	s.identity.set(identity.NewSource(db, nil))
	if a.stores.people, err = a.openPeople(db, vault); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	a.inBackground(a.stores.people.run)
	a.onSweep("sign-ups", a.stores.people.sweep)
	return a.stores.people.auth, nil
}

func (a *App) openAdmin(ctx context.Context, people *identity.Authenticator, clients footprints) error {
	keys, err := admin.OpenKeys(a.data.path("keys", "tokens"), keysOutlive, nil)
	if err != nil {
		return fmt.Errorf("token keys: %w", err)
	}
	a.stores.tokenKeys = keys
	tables, err := a.config.openDatabase(ctx, a.config.named("stores.sessions"))
	if err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	a.onClose(tables.Close)
	db, err := sessionstore.New(ctx, tables)
	if err != nil {
		return fmt.Errorf("sessions: %w", err)
	}
	sealer, err := footprintKeys(a.data.path("keys", "sessions.json"))
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
		Users:         a.stores.accounts,
		Staff:         staffRegister{a.stores.records},
		Registrar:     a.stores.people.registrar,
		Apps:          a.stores.people.apps,
		Log:           a.log.With("part", "admin"),
	}, admin.Config{Issuer: issuer, Audience: audience, Limits: a.sessionLimits})
	if err != nil {
		return err
	}
	a.onSweep("sessions", a.admin.Sweep)
	a.mirrorRevocations(a.admin)
	return a.followRevocations(ctx, a.admin)
}

// applications are Wardgate's own services, by the names that routes use.
func (a *App) applications(key *assertion.Key) (map[string]http.Handler, error) {
	models, err := model.Builtin()
	if err != nil {
		return nil, fmt.Errorf("models: %w", err)
	}
	predictions, err := inference.New(inference.Config{Key: key, Models: models, Log: a.log.With("part", "inference")})
	if err != nil {
		return nil, err
	}
	handlers := map[string]http.Handler{
		"records":         records.New(a.stores.records, key, a.log.With("part", "records")),
		"inference":       predictions,
		admin.Application: a.admin.Handler(key),
	}
	if a.config.Demo {
		handlers["demo"] = a.demoOutbox(key)
	}
	return handlers, nil
}
