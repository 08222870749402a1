package remote_test

import (
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// The story of one process, told by four.
func TestStoryOfAHouseWhoseRolesRunApart(t *testing.T) {
	h := rig.NewSplit(t)
	h.StartAll()
	w := h.At("pep", "pdp")
	w.Anonymous().Get("/api/patients").Denied(401, "session_missing")

	doctor, other := w.As("doctor"), w.As("doctor2")
	own := doctor.Items("/api/patients")
	if len(own) == 0 {
		t.Fatal("the doctor has no patients")
	}
	patient := own[0].ID
	doctor.Get("/api/patients/" + patient).Is(200)
	foreign := other.Get("/api/patients/"+patient).Denied(403, "not_your_patient")
	nobody := other.Get("/api/patients/0190a0b0-0000-7000-8000-000000000000").Denied(403, "not_your_patient")
	if foreign.Status != nobody.Status {
		t.Errorf("a foreign patient is %d, nobody is %d", foreign.Status, nobody.Status)
	}

	services := doctor.Items("/api/patients/" + patient + "/services")
	if len(services) == 0 {
		t.Fatal("the patient has no services")
	}
	service := "/api/services/" + doctor.Order(patient)
	edit := map[string]string{"medication_name": "Amoxicillin", "dosage_instructions": "twice a day", "treatment_details": "seven days"}
	doctor.Put(service, edit).Is(401)
	doctor.SteppedUp().Put(service, edit).Is(200)

	doctor.Get("/v2/models/breast-cancer").Is(200)
	doctor.Get("/demo/outbox").Is(200)
	doctor.Post("/auth/logout", nil).Is(204)
	doctor.Get("/api/patients/"+patient).Denied(401, "session_revoked")
	other.Me()
}

// The console stands beside the policy administrator, whose journal it reads.
func TestEvidenceIsReadThroughAnEnforcementPointInAnotherProcess(t *testing.T) {
	h := rig.NewSplit(t)
	h.StartAll()
	officer := h.At("pep", "pdp").As("security").SteppedUp()
	var page struct {
		Items []struct{ Action, Subject string }
	}
	officer.Get("/api/audit/journal?action=session.create&subject=" + officer.Me().ID).Is(200).Into(&page)
	if len(page.Items) == 0 {
		t.Error("the officer's own log-in is not in the journal of the decision point")
	}
	var proof struct {
		Whole  bool
		Report struct{ Chain string }
	}
	if officer.Get("/api/audit/verify").Is(200).Into(&proof); !proof.Whole || proof.Report.Chain != "pdp" {
		t.Errorf("got %+v", proof)
	}
	officer.Get("/api/audit/policy").Is(200)
	officer.Get("/api/audit/reports").Is(200)
}
