package store

import (
	"context"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb"
)

// A Register answers ID management from the records' database: who is staff,
// and whose enrolment code this is. It holds no key: what is sealed about a
// patient is closed to it.
type Register struct{ store Store }

// NewRegister asks the database of a records service that runs elsewhere. It
// makes and migrates nothing: until that service has, every question is an
// error. The register closes db in the end.
func NewRegister(db *sqldb.DB) *Register { return &Register{Store{read: db, write: db}} }

// Close ends the use of the database.
func (r *Register) Close() error { return r.store.read.Close() }

// Staff is Store.Staff.
func (r *Register) Staff(ctx context.Context, id string) (Staff, error) {
	return r.store.Staff(ctx, id)
}

// Enrol is Store.Enrol.
func (r *Register) Enrol(ctx context.Context, number, code string, now time.Time) (string, error) {
	return r.store.Enrol(ctx, number, code, now)
}
