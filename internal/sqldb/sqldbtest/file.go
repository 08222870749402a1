//go:build !integration

package sqldbtest

import (
	"testing"

	"github.com/wardgate/wardgate/internal/sqldb"
)

func empty(_ testing.TB, file string) func() (*sqldb.DB, error) {
	return func() (*sqldb.DB, error) { return sqldb.OpenFile(file) }
}
