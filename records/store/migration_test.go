package store_test

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/records/demo"
)

// Tables that the first release made take staff of every role afterwards, and
// keep what is in them.
func TestStaffOfEveryRoleAfterTheMigration(t *testing.T) {
	first, err := os.ReadFile("migrations/00001_records.sql")
	if err != nil {
		t.Fatal(err)
	}
	db := sqldbtest.New(t)
	old := db()
	if err := old.Migrate(t.Context(), fstest.MapFS{"00001_records.sql": {Data: first}}, "goose_db_version"); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		"INSERT INTO departments (id, name) VALUES ('d-1', 'Cardiology')",
		"INSERT INTO staff (id, name, role, department_id) VALUES ('s-1', 'A', 'doctor', 'd-1')",
		"INSERT INTO staff (id, name, role, department_id) VALUES ('s-2', 'B', 'nurse', 'd-1')",
		"INSERT INTO patients VALUES ('p-1', 'P-1', '', '', '', '', 'other', '', '', '', '', '', 's-1', 'd-1', 1, NULL, 1)",
		"INSERT INTO services VALUES ('v-1', 'p-1', 'treatment', '', '', '', 'done', 1, 's-1', 2, 's-2', NULL, 1)",
	} {
		if _, err := old.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if _, err := old.ExecContext(t.Context(), "INSERT INTO staff VALUES ('s-3', 'C', 'billing', 'd-1')"); err == nil {
		t.Fatal("the old tables take staff of every role: this test shows nothing")
	}
	keys := t.TempDir()
	s := openStore(t, db, keys)
	for id, want := range map[string]string{"s-1": demo.Doctor, "s-2": demo.Nurse} {
		if got, err := s.Staff(t.Context(), id); err != nil || got.Role != want || got.Department != "d-1" {
			t.Errorf("%s: got %+v, %v", id, got, err)
		}
	}
	var patients, services int
	if err := old.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM patients").Scan(&patients); err != nil || patients != 1 {
		t.Errorf("%d patients, %v, want 1", patients, err)
	}
	if err := old.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM care_service").Scan(&services); err != nil || services != 1 {
		t.Errorf("%d services, %v, want 1", services, err)
	}
	if _, err := old.ExecContext(t.Context(), "INSERT INTO staff VALUES ('s-3', 'C', 'billing', 'd-1')"); err != nil {
		t.Errorf("a third role: %v", err)
	}
	for _, statement := range []string{
		"INSERT INTO staff VALUES ('s-4', 'D', 'billing', 'd-9')",
		"INSERT INTO patients VALUES ('p-2', 'P-2', '', '', '', '', 'other', '', '', '', '', '', 's-9', 'd-1', 1, NULL, 1)",
		"DELETE FROM staff WHERE id = 's-1'",
	} {
		if _, err := old.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("%s: taken, although a reference leads nowhere", statement)
		}
	}
	openStore(t, db, keys) // and once more changes nothing
}
