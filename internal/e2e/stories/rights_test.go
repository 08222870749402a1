package stories_test

import (
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// ids are the things that the rows of the table are about.
type ids struct{ own, service, planned, otherPatient, otherService, self, selfService string }

const (
	allowed   = "allowed"
	elevated  = "after step-up"
	forbidden = "–"
)

// TestRightsTable walks the hospital's table of rights: each request by each
// role, about what the role may reach and about what it may not.
func TestRightsTable(t *testing.T) {
	w := rig.New(t, nil)
	people := map[string]*rig.Person{"doctor": w.As("doctor"), "nurse": w.As("nurse"), "patient": w.As("patient")}
	known := findIDs(people, w.As("doctor2"))
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
		{"DELETE", "/api/services/{planned}", nil, elevated, forbidden, forbidden, "/api/services/{otherService}"},
		{"DELETE", "/api/patients/{patient}", nil, elevated, forbidden, forbidden, "/api/patients/{other}"},
	}
	for _, row := range rows {
		for _, cell := range []struct{ role, want string }{{"patient", row.patient}, {"nurse", row.nurse}, {"doctor", row.doctor}} {
			t.Run(row.method+" "+row.path+" by "+cell.role, func(t *testing.T) {
				w.T = t
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
func checkCell(t *testing.T, p *rig.Person, want, method, path string, body any) {
	t.Helper()
	switch want {
	case forbidden:
		p.Do(method, path, body).Denied(403, "role_forbidden")
		if endsSession(method, path) {
			p.Get("/api/me").Denied(401, "session_revoked")
			p.LogIn()
		}
		p.Get("/api/me").Is(200)
	case elevated:
		p.Do(method, path, body).Denied(401, "step_up_required")
		p = p.SteppedUp()
		fallthrough
	default:
		if a := p.Do(method, path, body); a.Status < 200 || a.Status > 299 {
			t.Errorf("%s: got %d %s, want success", a.What, a.Status, a.Body)
		}
	}
}

// checkOther asks for somebody else's: denied, and nobody is logged out.
func checkOther(t *testing.T, p *rig.Person, want, method, path string, body any) {
	t.Helper()
	if want == elevated {
		p = p.SteppedUp()
	}
	reason := map[string]string{"doctor": "not_your_patient", "nurse": "not_your_department", "patient": "not_your_record"}[p.Name]
	p.Do(method, path, body).Denied(403, reason)
	p.Get("/api/me").Is(200)
}

func findIDs(people map[string]*rig.Person, doctor2 *rig.Person) ids {
	doctor, patient := people["doctor"], people["patient"]
	var k ids
	k.self = patient.Me().Patient
	k.selfService = patient.Items("/api/patients/" + k.self + "/services")[0].ID
	reachable := map[string]bool{}
	for _, p := range people["nurse"].Items("/api/patients") {
		reachable[p.ID] = true
	}
	for _, p := range doctor.Items("/api/patients") {
		services := doctor.Items("/api/patients/" + p.ID + "/services")
		if p.ID != k.self && reachable[p.ID] && len(services) > 0 {
			k.own, k.service, k.planned = p.ID, doctor.Order(p.ID), doctor.Order(p.ID)
			break
		}
	}
	for _, p := range doctor2.Items("/api/patients") {
		if services := doctor2.Items("/api/patients/" + p.ID + "/services"); len(services) > 0 {
			k.otherPatient, k.otherService = p.ID, services[0].ID
			break
		}
	}
	return k
}

// fill puts ids into a path. For a nurse, whose department doctor2 may share,
// and for a patient, somebody else's things are others.
func (k ids) fill(path, role string) string {
	patient, service, planned, other, otherService := k.own, k.service, k.planned, k.otherPatient, k.otherService
	switch role {
	case "patient":
		patient, service, planned, other, otherService = k.self, k.selfService, k.selfService, k.own, k.service
	case "nurse":
		const nobody = "00000000-0000-7000-8000-000000000000"
		other, otherService = nobody, nobody
	}
	return strings.NewReplacer("{patient}", patient, "{service}", service, "{planned}", planned,
		"{other}", other, "{otherService}", otherService).Replace(path)
}

// The table's list and the table's single reading agree for every person and
// every patient.
func TestListAndSingleReadingAgree(t *testing.T) {
	w := rig.New(t, nil)
	people := []*rig.Person{w.As("doctor"), w.As("doctor2"), w.As("nurse")}
	listed := map[string]map[string]bool{}
	everybody := map[string]bool{}
	for _, p := range people {
		listed[p.Name] = map[string]bool{}
		for _, i := range p.Items("/api/patients") {
			listed[p.Name][i.ID], everybody[i.ID] = true, true
		}
	}
	if len(everybody) < 10 {
		t.Fatalf("only %d patients are listed at all", len(everybody))
	}
	for _, p := range people {
		for id := range everybody {
			a := p.Get("/api/patients/" + id)
			if (a.Status == 200) != listed[p.Name][id] {
				t.Errorf("%s: patient %s: status %d, listed %t", p.Name, id, a.Status, listed[p.Name][id])
			}
		}
	}
}

func TestOwnSessionsOnly(t *testing.T) {
	w := rig.New(t, nil)
	here, there, colleague := w.As("doctor"), w.As("doctor"), w.As("doctor2")
	var list struct {
		Items []struct {
			ID, OS, Browser, Network string
			Current                  bool
		}
	}
	colleague.Get("/api/sessions").Is(200).Into(&list)
	here.Remove("/api/sessions/" + list.Items[0].ID).Is(404)
	colleague.Get("/api/me").Is(200)
	here.Get("/api/sessions").Is(200).Into(&list)
	if len(list.Items) != 2 {
		t.Fatalf("got %d sessions, want 2", len(list.Items))
	}
	for _, s := range list.Items {
		if s.OS != "Linux" || s.Browser != "Firefox" || s.Network != "hospital" {
			t.Errorf("got a session of %s with %s from %q, want the device and place of the log-in", s.OS, s.Browser, s.Network)
		}
		if !s.Current {
			here.Remove("/api/sessions/" + s.ID).Is(204)
		}
	}
	there.Get("/api/me").Denied(401, "session_revoked")
	here.Post("/auth/logout", nil).Is(204)
	here.Get("/api/me").Denied(401, "session_revoked")
}

// endsSession reports whether the table's row says that a role without the right
// loses the session: for what rewrites and removes care, and for administration.
func endsSession(method, path string) bool {
	service := strings.HasPrefix(path, "/api/services/") && (method == "PUT" || method == "DELETE")
	return service || method == "DELETE" && strings.HasPrefix(path, "/api/patients/") ||
		method != "GET" && strings.HasPrefix(path, "/api/admin/")
}
