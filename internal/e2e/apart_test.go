package e2e_test

import (
	"testing"
)

// The story of one process, told by four.
func TestStoryOfAHouseWhoseRolesRunApart(t *testing.T) {
	h := newHouse(t)
	h.startAll()
	w := h.at("pep", "pdp")
	w.stranger().get("/api/patients").denied(401, "session_missing")

	doctor, other := w.as("doctor"), w.as("doctor2")
	own := doctor.items("/api/patients")
	if len(own) == 0 {
		t.Fatal("the doctor has no patients")
	}
	patient := own[0].ID
	doctor.get("/api/patients/" + patient).is(200)
	foreign := other.get("/api/patients/"+patient).denied(403, "not_your_patient")
	nobody := other.get("/api/patients/0190a0b0-0000-7000-8000-000000000000").denied(403, "not_your_patient")
	if foreign.status != nobody.status {
		t.Errorf("a foreign patient is %d, nobody is %d", foreign.status, nobody.status)
	}

	services := doctor.items("/api/patients/" + patient + "/services")
	if len(services) == 0 {
		t.Fatal("the patient has no services")
	}
	service := "/api/services/" + services[0].ID
	edit := map[string]string{"medication_name": "Amoxicillin", "dosage_instructions": "twice a day", "treatment_details": "seven days"}
	doctor.put(service, edit).is(401)
	doctor.steppedUp().put(service, edit).is(200)

	doctor.get("/v2/models/breast-cancer").is(200)
	doctor.get("/demo/outbox").is(200)
	doctor.post("/auth/logout", nil).is(204)
	doctor.get("/api/patients/"+patient).denied(401, "session_revoked")
	other.me()
}
