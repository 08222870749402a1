package store_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/records/store"
)

// A register is of use only after the records' own service has made the tables,
// and makes none itself.
func TestRegisterMakesNothing(t *testing.T) {
	db, err := sqldb.OpenExisting(filepath.Join(t.TempDir(), "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	r := store.NewRegister(db)
	defer func() { _ = r.Close() }()
	if _, err := r.Staff(t.Context(), "s-1"); err == nil || errors.Is(err, store.ErrStaff) {
		t.Errorf("staff of a database that is not there: got %v", err)
	}
	if _, err := r.Enrol(t.Context(), "P-234567", "code", time.Now()); err == nil || errors.Is(err, store.ErrEnrolment) {
		t.Errorf("enrolment in a database that is not there: got %v", err)
	}
}
