package e2e_test

import (
	"strings"
	"testing"
)

// ids are the things that the rows of the table are about.
type ids struct{ own, service, otherPatient, otherService, self, selfService string }

const (
	allowed   = "allowed"
	elevated  = "after step-up"
	forbidden = "–"
)

// TestRightsTable walks the hospital's table of rights: each request by each
// role, about what the role may reach and about what it may not.
func TestRightsTable(t *testing.T) {
	w := newWorld(t, nil)
	people := map[string]*person{"doctor": w.as("doctor"), "nurse": w.as("nurse"), "patient": w.as("patient")}
	known := findIDs(people, w.as("doctor2"))
	service := map[string]string{"medication_name": "Fictivol", "dosage_instructions": "one a day", "treatment_details": "rest", "kind": "medication"}
	patient := map[string]string{"name": "Nova Inventedson"}
	pressure := map[string]float64{"age": 63, "sex": 1, "cp": 1, "chol": 233, "fbs": 1, "restecg": 2, "thalach": 150, "exang": 0, "oldpeak": 2.3, "slope": 3, "ca": 0, "thal": 6}
	tensor := map[string]any{"inputs": []any{map[string]any{"name": "input", "datatype": "FP64", "shape": []int{1, 12},
		"data": []float64{63, 1, 1, 233, 1, 2, 150, 0, 2.3, 3, 0, 6}}}}
	rows := []struct {
		method, path           string
		body                   any
		doctor, nurse, patient string
		other                  string // the same about somebody else's, "" when there is no such thing
	}{
		{"GET", "/api/me", nil, allowed, allowed, allowed, ""},
		{"GET", "/api/sessions", nil, allowed, allowed, allowed, ""},
		{"GET", "/api/patients", nil, allowed, allowed, forbidden, ""},
		{"POST", "/api/patients", patient, allowed, forbidden, forbidden, ""},
		{"GET", "/api/patients/{patient}", nil, allowed, allowed, allowed, "/api/patients/{other}"},
		{"GET", "/api/patients/{patient}/services", nil, allowed, allowed, allowed, "/api/patients/{other}/services"},
		{"POST", "/api/patients/{patient}/services", service, allowed, forbidden, forbidden, "/api/patients/{other}/services"},
		{"PUT", "/api/services/{service}", service, elevated, forbidden, forbidden, "/api/services/{otherService}"},
		{"POST", "/api/services/{service}/done", nil, forbidden, allowed, forbidden, "/api/services/{otherService}/done"},
		{"GET", "/api/patients/{patient}/bills", nil, forbidden, forbidden, allowed, "/api/patients/{other}/bills"},
		{"POST", "/api/predict/blood-pressure", pressure, allowed, allowed, forbidden, ""},
		{"GET", "/v2/models/blood-pressure", nil, allowed, allowed, forbidden, ""},
		{"POST", "/v2/models/blood-pressure/infer", tensor, allowed, allowed, forbidden, ""},
		{"DELETE", "/api/services/{service}", nil, elevated, forbidden, forbidden, "/api/services/{otherService}"},
		{"DELETE", "/api/patients/{patient}", nil, elevated, forbidden, forbidden, "/api/patients/{other}"},
	}
	for _, row := range rows {
		for _, cell := range []struct{ role, want string }{{"patient", row.patient}, {"nurse", row.nurse}, {"doctor", row.doctor}} {
			t.Run(row.method+" "+row.path+" by "+cell.role, func(t *testing.T) {
				w.t = t
				p := people[cell.role]
				path := known.fill(row.path, cell.role)
				checkCell(t, p, cell.want, row.method, path, row.body)
				if row.other != "" && cell.want != forbidden {
					checkOther(t, p, cell.want, row.method, known.fill(row.other, cell.role), row.body)
				}
			})
		}
	}
}

// checkCell asks for what the role may reach.
func checkCell(t *testing.T, p *person, want, method, path string, body any) {
	t.Helper()
	switch want {
	case forbidden:
		p.do(method, path, body).denied(403, "role_forbidden")
		if method != "GET" && !strings.Contains(path, "/predict/") && !strings.Contains(path, "/infer") {
			p.get("/api/me").denied(401, "session_revoked")
			p.logIn()
		}
		p.get("/api/me").is(200)
	case elevated:
		p.do(method, path, body).denied(401, "step_up_required")
		p = p.steppedUp()
		fallthrough
	default:
		if a := p.do(method, path, body); a.status < 200 || a.status > 299 {
			t.Errorf("%s: got %d %s, want success", a.what, a.status, a.body)
		}
	}
}

// checkOther asks for somebody else's: denied, and nobody is logged out.
func checkOther(t *testing.T, p *person, want, method, path string, body any) {
	t.Helper()
	if want == elevated {
		p = p.steppedUp()
	}
	reason := map[string]string{"doctor": "not_your_patient", "nurse": "not_your_department", "patient": "not_your_record"}[p.name]
	p.do(method, path, body).denied(403, reason)
	p.get("/api/me").is(200)
}

func findIDs(people map[string]*person, doctor2 *person) ids {
	doctor, patient := people["doctor"], people["patient"]
	var k ids
	k.self = patient.me().Patient
	k.selfService = patient.items("/api/patients/" + k.self + "/services")[0].ID
	reachable := map[string]bool{}
	for _, p := range people["nurse"].items("/api/patients") {
		reachable[p.ID] = true
	}
	for _, p := range doctor.items("/api/patients") {
		services := doctor.items("/api/patients/" + p.ID + "/services")
		if p.ID != k.self && reachable[p.ID] && len(services) > 0 {
			k.own, k.service = p.ID, openService(doctor, p.ID)
			break
		}
	}
	for _, p := range doctor2.items("/api/patients") {
		if services := doctor2.items("/api/patients/" + p.ID + "/services"); len(services) > 0 {
			k.otherPatient, k.otherService = p.ID, services[0].ID
			break
		}
	}
	return k
}

// openService is a planned service of the patient, ordered now.
func openService(doctor *person, patient string) string {
	var made struct{ ID string }
	doctor.post("/api/patients/"+patient+"/services", map[string]string{
		"medication_name": "Fictivol", "dosage_instructions": "one a day", "treatment_details": "rest", "kind": "medication",
	}).is(201).into(&made)
	return made.ID
}

// fill puts ids into a path. For a nurse, whose department doctor2 may share,
// and for a patient, somebody else's things are others.
func (k ids) fill(path, role string) string {
	patient, service, other, otherService := k.own, k.service, k.otherPatient, k.otherService
	switch role {
	case "patient":
		patient, service, other, otherService = k.self, k.selfService, k.own, k.service
	case "nurse":
		const nobody = "00000000-0000-7000-8000-000000000000"
		other, otherService = nobody, nobody
	}
	return strings.NewReplacer("{patient}", patient, "{service}", service,
		"{other}", other, "{otherService}", otherService).Replace(path)
}

// The table's list and the table's single reading agree for every person and
// every patient.
func TestListAndSingleReadingAgree(t *testing.T) {
	w := newWorld(t, nil)
	people := []*person{w.as("doctor"), w.as("doctor2"), w.as("nurse")}
	listed := map[string]map[string]bool{}
	everybody := map[string]bool{}
	for _, p := range people {
		listed[p.name] = map[string]bool{}
		for _, i := range p.items("/api/patients") {
			listed[p.name][i.ID], everybody[i.ID] = true, true
		}
	}
	if len(everybody) < 10 {
		t.Fatalf("only %d patients are listed at all", len(everybody))
	}
	for _, p := range people {
		for id := range everybody {
			a := p.get("/api/patients/" + id)
			if (a.status == 200) != listed[p.name][id] {
				t.Errorf("%s: patient %s: status %d, listed %t", p.name, id, a.status, listed[p.name][id])
			}
		}
	}
}

func TestOwnSessionsOnly(t *testing.T) {
	w := newWorld(t, nil)
	here, there, colleague := w.as("doctor"), w.as("doctor"), w.as("doctor2")
	var list struct {
		Items []struct {
			ID, OS, Browser, Network string
			Current                  bool
		}
	}
	colleague.get("/api/sessions").is(200).into(&list)
	here.remove("/api/sessions/" + list.Items[0].ID).is(404)
	colleague.get("/api/me").is(200)
	here.get("/api/sessions").is(200).into(&list)
	if len(list.Items) != 2 {
		t.Fatalf("got %d sessions, want 2", len(list.Items))
	}
	for _, s := range list.Items {
		if s.OS != "Linux" || s.Browser != "Firefox" || s.Network != "hospital" {
			t.Errorf("got a session of %s with %s from %q, want the device and place of the log-in", s.OS, s.Browser, s.Network)
		}
		if !s.Current {
			here.remove("/api/sessions/" + s.ID).is(204)
		}
	}
	there.get("/api/me").denied(401, "session_revoked")
	here.post("/auth/logout", nil).is(204)
	here.get("/api/me").denied(401, "session_revoked")
}
