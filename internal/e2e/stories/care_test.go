package stories_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// rememberedFor is as long as a relationship is remembered, and a little more.
const rememberedFor = 1100 * time.Millisecond

// careChanges has a patient handed over, discharged and brought back while both
// doctors keep asking. A second later the policy goes by what
// the records say then, and the list at once.
func careChanges(t *testing.T, w *rig.World, execute func(statement string)) {
	doctor, colleague, nurse, security := w.As("doctor"), w.As("doctor2"), w.As("nurse"), w.As("security")
	id := doctor.Items("/api/patients")[0].ID
	patient := "/api/patients/" + id
	service := doctor.Items(patient + "/services")[0].ID
	lists := func(p *rig.Person) bool {
		for _, one := range p.Items("/api/patients") {
			if one.ID == id {
				return true
			}
		}
		return false
	}
	treats := func(who, other *rig.Person) {
		t.Helper()
		time.Sleep(rememberedFor)
		who.Get(patient).Is(http.StatusOK)
		who.Get(patient + "/services").Is(http.StatusOK)
		other.Get(patient).Denied(http.StatusForbidden, "not_your_patient")
		other.Post(patient+"/services", map[string]string{"medication_name": "Fictivol"}).Denied(http.StatusForbidden, "not_your_patient")
		if !lists(who) || lists(other) {
			t.Errorf("the lists do not follow: %s %t, %s %t", who.Name, lists(who), other.Name, lists(other))
		}
	}
	doctor.Get(patient).Is(http.StatusOK)
	colleague.Get(patient).Denied(http.StatusForbidden, "not_your_patient")
	execute(`UPDATE patients SET doctor_id = '` + colleague.Me().Staff + `', version = version + 1 WHERE id = '` + id + `'`)
	treats(colleague, doctor)
	edit := map[string]string{"medication_name": "Fictivol", "dosage_instructions": "one a day", "treatment_details": "rest"}
	doctor.SteppedUp().Put("/api/services/"+service, edit).Denied(http.StatusForbidden, "not_your_patient")

	nurse.Get(patient).Is(http.StatusOK)
	colleague.SteppedUp().Remove(patient).Is(http.StatusNoContent)
	time.Sleep(rememberedFor)
	for _, p := range []*rig.Person{doctor, colleague, nurse} {
		p.Get(patient).Is(http.StatusForbidden)
		if lists(p) {
			t.Errorf("%s still lists who was discharged", p.Name)
		}
	}
	security.Post("/api/admin/patients/"+id+"/restore", nil).Is(http.StatusNoContent)
	treats(colleague, doctor)
	nurse.Get(patient).Is(http.StatusOK)

	var added struct{ ID string }
	colleague.Post("/api/patients", map[string]string{"name": "Nova Inventedson"}).Is(http.StatusCreated).Into(&added)
	colleague.Get("/api/patients/" + added.ID).Is(http.StatusOK)
	doctor.Get("/api/patients/"+added.ID).Denied(http.StatusForbidden, "not_your_patient")
}

func TestCareRelationshipsFollowTheRecords(t *testing.T) {
	t.Run("in one process", func(t *testing.T) {
		t.Parallel() // both spend their time waiting
		w := rig.New(t, nil)
		careChanges(t, w, func(s string) { w.Execute("records.db", s) })
	})
	t.Run("with the records in another process", func(t *testing.T) {
		t.Parallel()
		h := rig.NewSplit(t)
		h.StartAll()
		records := &rig.World{T: t, Data: h.Parts["records"].Data}
		careChanges(t, h.At("pep", "pdp"), func(s string) { records.Execute("records.db", s) })
	})
}
