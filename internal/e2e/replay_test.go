package e2e_test

import (
	"context"
	"iter"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/policies"
)

// Everything that the whole house decided and journalled, asked again of the
// same rule book, has the same answers: the journal's inputs are complete.
func TestReplayOfTheHousesJournalFindsNoFlip(t *testing.T) {
	w := newWorld(t, nil)
	doctor, nurse := w.as("doctor"), w.as("nurse")
	mine := doctor.items("/api/patients")
	doctor.get("/api/patients/" + mine[0].ID).is(200)
	nurse.get("/api/patients/" + mine[0].ID)
	w.as("doctor2").get("/api/patients/" + mine[0].ID)
	doctor.remove("/api/patients/" + mine[0].ID)
	doctor.steppedUp().get("/api/sessions").is(200)
	w.stranger().post("/auth/login", map[string]string{"email": "doctor@demo.hospital.test", "password": "wrong"})
	w.stranger().get("/api/patients")
	nurse.put("/api/services/none", map[string]string{})
	w.stop()

	book, err := analysis.Open(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	report, err := book.Replay(context.Background(), journalled(filepath.Join(w.data, "journal")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if report.Same != report.Decisions || len(report.Flips) != 0 || report.Decisions < 10 {
		t.Errorf("got %+v, want all of them the same", report)
	}
}

func journalled(dir string) iter.Seq2[pip.Event, error] {
	return func(yield func(pip.Event, error) bool) {
		for r, err := range reader.Read(context.Background(), dir, 0) {
			if !yield(r.Event, err) {
				return
			}
		}
	}
}
