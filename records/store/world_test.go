package store_test

import (
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/records/crypt"
	"github.com/wardgate/wardgate/records/demo"
	"github.com/wardgate/wardgate/records/store"
)

// A world is a store with the invented hospital in it.
type world struct {
	*store.Store
	house demo.Dataset
	db    sqldbtest.Database
	keys  string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{house: trimmed(demo.Hospital(1), patients), db: sqldbtest.New(t), keys: t.TempDir()}
	w.Store = openStore(t, w.db, w.keys)
	if err := w.Fill(context.Background(), w.house.Dataset); err != nil {
		t.Fatalf("fill: %v", err)
	}
	return w
}

// patients is how many of the invented patients a world has: some of each doctor.
const patients = 40

func trimmed(h demo.Dataset, n int) demo.Dataset {
	kept := map[string]bool{}
	h.Patients = h.Patients[:n]
	for _, p := range h.Patients {
		kept[p.ID] = true
	}
	h.Services = slices.DeleteFunc(h.Services, func(v store.Service) bool { return !kept[v.Patient] })
	h.Bills = slices.DeleteFunc(h.Bills, func(b store.Bill) bool { return !kept[b.Patient] })
	return h
}

func openStore(t testing.TB, db sqldbtest.Database, keys string) *store.Store {
	t.Helper()
	cipher, err := crypt.Open(keys)
	if err != nil {
		t.Fatalf("open keys: %v", err)
	}
	s, err := store.New(context.Background(), db(), cipher)
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	return s
}

// raw is a second, plain connection to the database.
func (w *world) raw(t testing.TB) *sql.DB {
	t.Helper()
	return w.db().DB
}

func rows(t testing.TB, c assertion.Condition) store.Rows {
	t.Helper()
	r, err := store.NewRows(&c)
	if err != nil {
		t.Fatalf("rows: %v", err)
	}
	return r
}

func all(t testing.TB) store.Rows { return rows(t, assertion.Condition{Type: "all"}) }

func where(field, value string) assertion.Condition {
	return assertion.Condition{Type: "field", Operator: "eq", Field: field, Value: value}
}

func ofDoctor(t testing.TB, id string) store.Rows { return rows(t, where("patient.doctor", id)) }

func enrolment(t testing.TB, at time.Time) (store.Enrolment, string) {
	t.Helper()
	e, code, err := store.NewEnrolment(at)
	if err != nil {
		t.Fatal(err)
	}
	return e, code
}
