package policy_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/command/commandtest"
	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/policies"
)

// Who may take an action is told in every form, and who gains by another book.
func TestPolicyWhoCan(t *testing.T) {
	commandtest.Run("policy", "who-can", "--help").Want(t, 0, "every account and patient")
	commandtest.Run("policy", "who-can", "--action", "bill.list").Want(t, 0, "bill.list by patient", "own record", "No other role")
	commandtest.Run("policy", "who-can", "--action", "bill.lost").Want(t, 1, "no rule knows the action")
	commandtest.Run("policy", "who-can", "--at", "2026-03-01T12:00:00Z").Want(t, 2, "expected --data")
	commandtest.Run("policy", "who-can", "--data", t.TempDir()).Want(t, 2, "expected --action")
	ran := commandtest.Run("policy", "who-can", "--role", "nurse", "--output", "csv")
	ran.Want(t, 0, "action,roles,right,reach,needs,rows,withheld,duties")
	rows, err := csv.NewReader(strings.NewReader(ran.Out)).ReadAll()
	if err != nil || len(rows) < 10 {
		t.Fatal(err, len(rows))
	}
	commandtest.Run("policy", "who-can", "--role", "nurse", "--output", "html").Want(t, 0, "<caption>", `scope="row"`)

	dir := commandtest.BookFolder(t)
	commandtest.Edit(t, dir, "authz/tables/rights.rego", `"Billing and Finance": {"patient": "self"}`, `"Billing and Finance": {"nurse": "department"}`)
	commandtest.Run("policy", "who-can", "--compare", dir).Want(t, 0, "nurse gain: bill.list", "patient lose: bill.list")
	commandtest.Run("policy", "who-can", dir, "--compare", "built-in", "--action", "bill.list", "--output", "csv").Want(t, 0, "gain,newly_allowed,bill.list,patient")
}

// peopled is a data folder with three accounts and two patients, as a running wardgate
// leaves it.
func peopled(t *testing.T, data string) {
	t.Helper()
	ctx := context.Background()
	store, err := sqlstore.Open(ctx, filepath.Join(data, "identity.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	db, err := sqldb.OpenFile(filepath.Join(data, "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	people(t, store, db)
}

// people fills the stores of a hospital.
func people(t *testing.T, store *sqlstore.Store, records *sqldb.DB) {
	t.Helper()
	ctx := context.Background()
	for _, r := range []identity.Record{
		{ID: "u-doctor", Username: "osei", Role: "doctor", Staff: "s-1"},
		{ID: "u-nurse", Username: "adams", Role: "nurse", Staff: "s-2", Department: "d-2"},
		{ID: "u-patient", Username: "smith", Role: "patient", Patient: "p-1"},
	} {
		r.Standing, r.EmailIndex, r.Created = pip.AccountActive, "index of "+r.ID, time.Now()
		if err := store.AddAccount(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	for _, statement := range []string{
		`CREATE TABLE patients (id VARCHAR(40), name VARCHAR(40), doctor VARCHAR(40), department VARCHAR(40))`,
		`CREATE VIEW care_patient AS SELECT id AS patient_id, doctor AS staff_id, department AS department_id FROM patients`,
		`INSERT INTO patients VALUES ('p-1', 'Secret Name', 's-1', 'd-1'), ('p-2', 'Hidden Name', 's-9', 'd-2')`,
	} {
		if _, err := records.ExecContext(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
}

// People of a data folder that is in use are asked about, by their ids alone, and
// nothing of it is changed.
func TestPolicyWhoCanOfADataFolder(t *testing.T) {
	data := t.TempDir()
	commandtest.Run("policy", "who-can", "--data", data, "--action", "patient.read").Want(t, 1, "identity.db and records.db")
	peopled(t, data)
	before, err := os.ReadFile(filepath.Join(data, "records.db"))
	if err != nil {
		t.Fatal(err)
	}
	ran := commandtest.Run("policy", "who-can", "--data", data, "--action", "patient.read", "--output", "csv")
	ran.Want(t, 0, "patient.read,u-doctor,doctor,\"same device, on-site\",p-1,treats",
		"patient.read,u-nurse,nurse,\"same device, off-site\",p-2,own department",
		"patient.read,u-patient,patient,\"same device, on-site\",p-1,own record")
	for _, bad := range []string{"Name", "u-doctor,doctor,\"same device, on-site\",p-2", "changed device", "osei"} {
		if strings.Contains(ran.Out, bad) {
			t.Errorf("%s is printed:\n%s", bad, ran.Out)
		}
	}
	after, err := os.ReadFile(filepath.Join(data, "records.db"))
	if err != nil || string(before) != string(after) {
		t.Errorf("records.db was changed: %v", err)
	}
	commandtest.Run("policy", "who-can", "--data", data, "--action", "patient.read").Want(t, 0, "u-doctor  doctor", "1 patients (treats)", "3 of 3 accounts can")
	var people struct {
		Asked   int `json:"combinations"`
		Allowed []struct{ ID string }
	}
	ran = commandtest.Run("policy", "who-can", "--data", data, "--action", "patient.read", "--role", "nurse", "--output", "json")
	ran.Want(t, 0)
	if err := json.Unmarshal([]byte(ran.Out), &people); err != nil || len(people.Allowed) != 1 || people.Asked != 12 {
		t.Errorf("got %+v, %v", people, err)
	}
	dir := commandtest.BookFolder(t)
	commandtest.Edit(t, dir, "authz/tables/rights.rego", `"Patient Health overview": {"doctor": "own", `, `"Patient Health overview": {`)
	commandtest.Run("policy", "who-can", "--data", data, "--action", "patient.read", "--compare", dir).Want(t, 0, "u-doctor  doctor  lose", "1 patients")
	commandtest.Run("policy", "who-can", "--data", data, "--action", "patient.read", "--compare", dir, "--output", "html").Want(t, 0, "<td>lose</td>")
}

// What a configuration says of where people are kept counts, and all of its faults are
// told.
func TestPolicyWhoCanOfAConfiguration(t *testing.T) {
	data, elsewhere := t.TempDir(), t.TempDir()
	peopled(t, elsewhere)
	file := commandtest.Write(t, "wardgate.yaml", "data: "+data+"\nstores:\n  identity:\n    file: "+filepath.Join(elsewhere, "identity.db")+
		"\n  records:\n    file: "+filepath.Join(elsewhere, "records.db")+"\n")
	commandtest.Run("policy", "who-can", "--config", file, "--action", "patient.read", "--output", "csv").Want(t, 0,
		"patient.read,u-doctor,doctor,\"same device, on-site\",p-1,treats")
	commandtest.Run("policy", "who-can", "--config", file).Want(t, 2, "expected --action")
	bad := commandtest.Write(t, "bad.yaml", "stores:\n  identity:\n    dsn: nowhere\n")
	commandtest.Run("policy", "who-can", "--config", bad, "--action", "patient.read").Want(t, 1, "stores.identity.dsn")
}

// The rule book of an earlier time is the one that the journal names, wherever it is; if
// it is nowhere, what to pass is said.
func TestPolicyWhoCanAtATime(t *testing.T) {
	data := recordShift(t, policies.FS)
	at := []string{"policy", "who-can", "--data", data, "--at", "2026-03-02T12:00:00Z"}
	commandtest.Run(append(at, "--role", "auditor")...).Want(t, 0, "the built-in rule book", "audit.read by auditor")
	commandtest.Run("policy", "who-can", "--data", data, "--at", "2026-03-01T12:00:00Z").Want(t, 1, "has no decision and no change")
	dir := commandtest.BookFolder(t)
	commandtest.Edit(t, dir, "authz/tables/rights.rego", `"Billing and Finance": {"patient": "self"}`, `"Billing and Finance": {"nurse": "department"}`)
	commandtest.Run(append(at, dir, "--role", "auditor")...).Want(t, 1, "was in force, which is neither", "it keeps no bundle", "name the folder or bundle")
}
