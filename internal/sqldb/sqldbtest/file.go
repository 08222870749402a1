//go:build !integration

package sqldbtest

import (
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/internal/sqldb"
)

func empty(t testing.TB) func() (*sqldb.DB, error) {
	file := filepath.Join(t.TempDir(), "test.db")
	return func() (*sqldb.DB, error) { return sqldb.OpenFile(file) }
}
