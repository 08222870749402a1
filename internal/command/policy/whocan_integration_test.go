//go:build integration

package policy_test

import (
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command/commandtest"
	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip/identity/sqlstore"
)

// People on a database server are asked about by its configuration, by their ids alone.
func TestPolicyWhoCanOfAServer(t *testing.T) {
	server := realserver.MariaDB(t)
	names := []string{server.Database(), server.Database()}
	var dbs []*sqldb.DB
	for _, name := range names {
		db, err := sqldb.OpenServer(t.Context(), sqldb.Server{DSN: server.DSN(name)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		dbs = append(dbs, db)
	}
	store, err := sqlstore.New(t.Context(), dbs[0])
	if err != nil {
		t.Fatal(err)
	}
	people(t, store, dbs[1])
	file := commandtest.Write(t, "wardgate.yaml", "data: "+t.TempDir()+"\nstores:\n  identity:\n    dsn_file: "+commandtest.Write(t, "identity.dsn", server.DSN(names[0]))+
		"\n  records:\n    dsn_file: "+commandtest.Write(t, "records.dsn", server.DSN(names[1]))+"\n")
	ran := commandtest.Run("policy", "who-can", "--config", file, "--action", "patient.read", "--output", "csv")
	ran.Want(t, 0, "patient.read,u-doctor,doctor,\"same device, on-site\",p-1,treats", "patient.read,u-patient,patient,\"same device, on-site\",p-1,own record")
	if strings.Contains(ran.Out+ran.Err, "Name") || strings.Contains(ran.Out+ran.Err, "tcp(") {
		t.Errorf("it prints more than ids:\n%s%s", ran.Out, ran.Err)
	}
}
