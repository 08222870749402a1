// Package sqldbtest gives tests an empty database: a SQLite file, or with the
// build tag "integration" one on a real server, so that a suite is written once.
package sqldbtest

import (
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/internal/sqldb"
)

// A Database opens the same database as often as it is called, for as many
// processes as a test plays. What it opened is closed with the test.
type Database func() *sqldb.DB

// New makes an empty database.
func New(t testing.TB) Database {
	t.Helper()
	return At(t, filepath.Join(t.TempDir(), "test.db"))
}

// At is New for a test that looks at the file itself, and has the build tag
// "!integration".
func At(t testing.TB, file string) Database {
	t.Helper()
	open := empty(t, file)
	return func() *sqldb.DB {
		t.Helper()
		db, err := open()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Errorf("close database: %v", err)
			}
		})
		return db
	}
}
