package engine

import (
	"context"
	"testing"

	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/pdp"
)

// rowsOf is the row condition that a decision carries, as JSON.
func rowsOf(d pdp.Decision) string {
	for _, o := range d.Obligations {
		if o.ID == "row_condition" {
			return string(o.Properties)
		}
	}
	return ""
}

func TestDecisionsCarryTheRowConditionOfTheirSubject(t *testing.T) {
	tests := []struct {
		name   string
		change func(r *pdp.Request, f *pointstest.Facts)
		want   string
	}{
		{"doctor", func(*pdp.Request, *pointstest.Facts) {},
			`{"condition":{"type":"field","operator":"eq","field":"patient.doctor","value":"s-1"}}`},
		{"another doctor", func(_ *pdp.Request, f *pointstest.Facts) { f.Identity.Staff, f.Care.Staff = "s-2", []string{"s-2"} },
			`{"condition":{"type":"field","operator":"eq","field":"patient.doctor","value":"s-2"}}`},
		{"nurse", func(_ *pdp.Request, f *pointstest.Facts) { f.Identity.Role = "nurse" },
			`{"condition":{"type":"field","operator":"eq","field":"patient.department","value":"d-1"}}`},
		{"patient", func(_ *pdp.Request, f *pointstest.Facts) {
			f.Identity.Role, f.Identity.Staff, f.Identity.Department, f.Identity.Patient = "patient", "", "", "p-1"
		}, `{"condition":{"type":"field","operator":"eq","field":"patient.id","value":"p-1"}}`},
		{"own sessions", func(r *pdp.Request, _ *pointstest.Facts) { r.Action.Name = "session.list" },
			`{"condition":{"type":"field","operator":"eq","field":"session.account","value":"u-1"}}`},
		{"restoring", func(r *pdp.Request, f *pointstest.Facts) {
			r.Action.Name, f.Identity.Role = "patient.restore", "security"
		},
			`{"condition":{"type":"all"}}`},
		{"prediction", func(r *pdp.Request, _ *pointstest.Facts) { r.Action.Name = "model.predict" }, ``},
		{"doctor without a staff record", func(r *pdp.Request, f *pointstest.Facts) {
			r.Action.Name, r.Resource.ID, f.Identity.Staff = "patient.list", "", ""
		}, `{"condition":{"type":"none"}}`},
		{"nurse without a department", func(r *pdp.Request, f *pointstest.Facts) {
			r.Action.Name, r.Resource.ID, f.Identity.Role, f.Identity.Department = "patient.list", "", "nurse", ""
		}, `{"condition":{"type":"none"}}`},
		{"quotes in an id", func(r *pdp.Request, f *pointstest.Facts) {
			r.Action.Name, r.Resource.ID, f.Identity.Staff = "patient.list", "", `x" OR "1"="1`
		}, `{"condition":{"type":"field","operator":"eq","field":"patient.doctor","value":"x\" OR \"1\"=\"1"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, f := readsPatient(), ward()
			tt.change(&r, &f)
			d, err := asking(t, reading1(f)).Decide(context.Background(), r)
			if err != nil || !d.Allow || rowsOf(d) != tt.want {
				t.Errorf("got %s, allow %t, reasons %v, %v; want %s", rowsOf(d), d.Allow, d.Reasons, err, tt.want)
			}
		})
	}
}

// What is denied touches nothing: the rule's name is no condition, and an
// enforcement point that took the denial for a permission would still refuse.
func TestDenialNamesTheRuleAlone(t *testing.T) {
	f := ward()
	f.Care.Staff = []string{"s-2"}
	d, err := asking(t, reading1(f)).Decide(context.Background(), readsPatient())
	if want := `{"rows":"data.records.rows.include"}`; err != nil || d.Allow || rowsOf(d) != want {
		t.Errorf("got %s, %v, want %s", rowsOf(d), err, want)
	}
}

func TestMarkIsNoID(t *testing.T) {
	r, f := readsPatient(), ward()
	r.Action.Name, r.Resource.ID, f.Identity.Staff = "patient.list", "", "\uf8ffsubject.id"
	if d, err := asking(t, reading1(f)).Decide(context.Background(), r); err == nil || d.Allow {
		t.Errorf("got %+v, want an error", d)
	}
}
