package sqlcare_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pip/care"
	"github.com/wardgate/wardgate/pip/care/sqlcare"
)

func TestDirectory(t *testing.T) {
	db := sqldbtest.New(t)().DB
	for _, statement := range []string{
		`CREATE TABLE care_patient (patient_id VARCHAR(36), staff_id VARCHAR(36), department_id VARCHAR(36))`,
		`CREATE TABLE care_service (service_id VARCHAR(36), patient_id VARCHAR(36))`,
		`INSERT INTO care_patient VALUES ('p-1', 's-1', 'd-1'), ('p-2', NULL, NULL)`,
		`INSERT INTO care_service VALUES ('v-1', 'p-1'), ('v-2', 'p-gone')`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	d, ctx := sqlcare.New(db), context.Background()
	treated := care.Relationship{Patient: "p-1", Staff: []string{"s-1"}, Department: "d-1"}
	for _, tt := range []struct {
		name, id string
		ask      func(context.Context, string) (care.Relationship, error)
		want     care.Relationship
	}{
		{"treated", "p-1", d.OfPatient, treated},
		{"treated by nobody", "p-2", d.OfPatient, care.Relationship{Patient: "p-2"}},
		{"missing", "p-9", d.OfPatient, care.Relationship{}},
		{"in another case", "P-1", d.OfPatient, care.Relationship{}},
		{"with a blank behind it", "p-1 ", d.OfPatient, care.Relationship{}},
		{"hostile", "p-1' OR '1'='1", d.OfPatient, care.Relationship{}},
		{"service", "v-1", d.OfService, treated},
		{"service of a patient who is gone", "v-2", d.OfService, care.Relationship{}},
		{"missing service", "v-9", d.OfService, care.Relationship{}},
	} {
		got, err := tt.ask(ctx, tt.id)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.OfPatient(ctx, "p-1"); err == nil {
		t.Error("a closed database answered")
	}
}
