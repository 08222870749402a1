package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/wardgate/wardgate/inference"
	"github.com/wardgate/wardgate/inference/model"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/records"
	"github.com/wardgate/wardgate/records/crypt"
	"github.com/wardgate/wardgate/records/store"
)

// newRecords opens the records' store, where this process serves records.
func newRecords(ctx context.Context, g ground) (*store.Store, error) {
	if !g.config.Runs(config.RoleRecords) {
		return nil, nil
	}
	cipher, err := crypt.Open(g.keyPath("records"))
	if err != nil {
		return nil, fmt.Errorf("records: %w", err)
	}
	s, err := openRecords(ctx, g.config, cipher)
	if err != nil {
		return nil, fmt.Errorf("records: %w", err)
	}
	l := g.begin()
	l.onClose(s.Close)
	g.watch(l, "stores.records", s.Ready)
	return s, nil
}

func openRecords(ctx context.Context, c *config.Config, cipher *crypt.Cipher) (*store.Store, error) {
	where := c.Store("stores.records")
	if !where.IsServer() {
		return store.Open(ctx, c.SQLite(where), cipher)
	}
	db, err := openDatabase(ctx, c, where)
	if err != nil {
		return nil, err
	}
	s, err := store.New(ctx, db, cipher)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// ownServices are Wardgate's own, as far as this process serves them, by the names
// that routes use.
func ownServices(g ground, patients *store.Store, a *administrator, s *statements) (map[string]http.Handler, error) {
	services := map[string]http.Handler{}
	if a != nil {
		maps.Copy(services, a.services)
	}
	if s != nil {
		services[keysApplication] = s.published(g)
	}
	if patients != nil {
		services[config.RoleRecords] = records.New(patients, g.key, g.log.With("part", "records"))
	}
	if g.config.Runs(config.RoleInference) {
		models, err := model.Builtin()
		if err != nil {
			return nil, fmt.Errorf("models: %w", err)
		}
		services[config.RoleInference], err = inference.New(inference.Config{Key: g.key, Models: models, Log: g.log.With("part", "inference")})
		if err != nil {
			return nil, err
		}
	}
	return services, nil
}

// A patientRegister is what ID management asks of the records.
type patientRegister interface {
	Staff(ctx context.Context, id string) (store.Staff, error)
	Enrol(ctx context.Context, number, code string, now time.Time) (string, error)
}

// openRegister asks the records in this process, or else their database.
func openRegister(ctx context.Context, g ground, l *life, patients *store.Store) (patientRegister, error) {
	if patients != nil {
		return patients, nil
	}
	db, err := openExisting(ctx, g.config, g.config.Store("stores.records"))
	if err != nil {
		return nil, err
	}
	r := store.NewRegister(db)
	l.onClose(r.Close)
	return r, nil
}

// staffRegister is the hospital's staff register, in records.
type staffRegister struct{ records patientRegister }

// Member returns what a staff record says.
func (s staffRegister) Member(ctx context.Context, id string) (role, department string, found bool, err error) {
	m, err := s.records.Staff(ctx, id)
	if errors.Is(err, store.ErrStaff) {
		return "", "", false, nil
	}
	return m.Role, m.Department, err == nil, err
}

// enrolments asks the records for what an enrolment code claims.
type enrolments struct{ records patientRegister }

// Enrol uses up the code.
func (e enrolments) Enrol(ctx context.Context, number, code string, now time.Time) (string, error) {
	patient, err := e.records.Enrol(ctx, number, code, now)
	if errors.Is(err, store.ErrEnrolment) {
		return "", identity.ErrEnrolment
	}
	return patient, err
}
