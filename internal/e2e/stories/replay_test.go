package stories_test

import (
	"context"
	"iter"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/policies"
)

// Everything that the whole house decided and journalled, asked again of the
// same rule book, has the same answers: the journal's inputs are complete.
func TestReplayOfTheHousesJournalFindsNoFlip(t *testing.T) {
	w := rig.New(t, nil)
	doctor, nurse := w.As("doctor"), w.As("nurse")
	mine := doctor.Items("/api/patients")
	doctor.Get("/api/patients/" + mine[0].ID).Is(200)
	nurse.Get("/api/patients/" + mine[0].ID)
	w.As("doctor2").Get("/api/patients/" + mine[0].ID)
	doctor.Remove("/api/patients/" + mine[0].ID)
	doctor.SteppedUp().Get("/api/sessions").Is(200)
	w.Anonymous().Post("/auth/login", map[string]string{"email": "doctor@demo.hospital.test", "password": "wrong"})
	w.Anonymous().Get("/api/patients")
	nurse.Put("/api/services/none", map[string]string{})
	w.Stop()

	book, err := analysis.Open(policies.FS, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	report, err := book.Replay(context.Background(), journalled(filepath.Join(w.Data, "journal")), analysis.ReplayConfig{})
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
