//go:build integration

package sqldbtest

import (
	"context"
	"testing"

	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/internal/sqldb"
)

func empty(t testing.TB, _ string) func() (*sqldb.DB, error) {
	t.Helper()
	server := realserver.MariaDB(t)
	name := server.Database()
	return func() (*sqldb.DB, error) {
		return sqldb.OpenServer(context.Background(), sqldb.Server{DSN: server.DSN(name)})
	}
}
