package e2e_test

import (
	"net/http"
	"testing"
	"time"
)

// rememberedFor is as long as a relationship is remembered, and a little more.
const rememberedFor = 1100 * time.Millisecond

// careChanges has a patient handed over, discharged and brought back while both
// doctors keep asking. A second later the policy goes by what
// the records say then, and the list at once.
func careChanges(t *testing.T, w *world, execute func(statement string)) {
	doctor, colleague, nurse, security := w.as("doctor"), w.as("doctor2"), w.as("nurse"), w.as("security")
	id := doctor.items("/api/patients")[0].ID
	patient := "/api/patients/" + id
	service := doctor.items(patient + "/services")[0].ID
	lists := func(p *person) bool {
		for _, one := range p.items("/api/patients") {
			if one.ID == id {
				return true
			}
		}
		return false
	}
	treats := func(who, other *person) {
		t.Helper()
		time.Sleep(rememberedFor)
		who.get(patient).is(http.StatusOK)
		who.get(patient + "/services").is(http.StatusOK)
		other.get(patient).denied(http.StatusForbidden, "not_your_patient")
		other.post(patient+"/services", map[string]string{"medication_name": "Fictivol"}).denied(http.StatusForbidden, "not_your_patient")
		if !lists(who) || lists(other) {
			t.Errorf("the lists do not follow: %s %t, %s %t", who.name, lists(who), other.name, lists(other))
		}
	}
	doctor.get(patient).is(http.StatusOK)
	colleague.get(patient).denied(http.StatusForbidden, "not_your_patient")
	execute(`UPDATE patients SET doctor_id = '` + colleague.me().Staff + `', version = version + 1 WHERE id = '` + id + `'`)
	treats(colleague, doctor)
	edit := map[string]string{"medication_name": "Fictivol", "dosage_instructions": "one a day", "treatment_details": "rest"}
	doctor.steppedUp().put("/api/services/"+service, edit).denied(http.StatusForbidden, "not_your_patient")

	nurse.get(patient).is(http.StatusOK)
	colleague.steppedUp().remove(patient).is(http.StatusNoContent)
	time.Sleep(rememberedFor)
	for _, p := range []*person{doctor, colleague, nurse} {
		p.get(patient).is(http.StatusForbidden)
		if lists(p) {
			t.Errorf("%s still lists who was discharged", p.name)
		}
	}
	security.post("/api/admin/patients/"+id+"/restore", nil).is(http.StatusNoContent)
	treats(colleague, doctor)
	nurse.get(patient).is(http.StatusOK)

	var added struct{ ID string }
	colleague.post("/api/patients", map[string]string{"name": "Nova Inventedson"}).is(http.StatusCreated).into(&added)
	colleague.get("/api/patients/" + added.ID).is(http.StatusOK)
	doctor.get("/api/patients/"+added.ID).denied(http.StatusForbidden, "not_your_patient")
}

func TestCareRelationshipsFollowTheRecords(t *testing.T) {
	t.Run("in one process", func(t *testing.T) {
		t.Parallel() // both spend their time waiting
		w := newWorld(t, nil)
		careChanges(t, w, func(s string) { w.execute("records.db", s) })
	})
	t.Run("with the records in another process", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t)
		h.startAll()
		records := &world{t: t, data: h.parts["records"].data}
		careChanges(t, h.at("pep", "pdp"), func(s string) { records.execute("records.db", s) })
	})
}
