package e2e_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/inference/model"
)

func TestDoctorReadsTheOwnPatientsOnly(t *testing.T) {
	w := newWorld(t, nil)
	doctor, colleague := w.as("doctor"), w.as("doctor2")
	own, theirs := doctor.items("/api/patients"), colleague.items("/api/patients")
	if len(own) == 0 || len(theirs) == 0 {
		t.Fatalf("got %d and %d patients", len(own), len(theirs))
	}
	staff := doctor.me().Staff
	for _, p := range own {
		if p.DoctorID != staff {
			t.Errorf("patient %s of doctor %s is listed", p.ID, p.DoctorID)
		}
	}
	doctor.get("/api/patients/" + own[0].ID).is(200)
	doctor.get("/api/patients/"+theirs[0].ID).denied(403, "not_your_patient")
	doctor.get("/api/patients/00000000-0000-7000-8000-000000000000").denied(403, "not_your_patient")
	doctor.get("/api/patients/" + own[0].ID).is(200) // still logged in
}

func TestNurseWhoEditsIsLoggedOut(t *testing.T) {
	w := newWorld(t, nil)
	doctor, nurse := w.as("doctor"), w.as("nurse")
	patient := doctor.items("/api/patients")[0].ID
	service := doctor.items("/api/patients/" + patient + "/services")[0].ID
	edit := map[string]string{"medication_name": "nothing"}
	nurse.put("/api/services/"+service, edit).denied(403, "role_forbidden")
	a := nurse.get("/api/patients").denied(401, "session_revoked")
	if got := a.header.Get("WWW-Authenticate"); got != `Bearer error="invalid_token"` {
		t.Errorf("got challenge %q", got)
	}
	doctor.get("/api/patients").is(200) // nobody else is
}

func TestEditNeedsAFreshFactor(t *testing.T) {
	w := newWorld(t, nil)
	doctor := w.as("doctor")
	patient := doctor.items("/api/patients")[0].ID
	service := doctor.items("/api/patients/" + patient + "/services")[0].ID
	var body map[string]any
	doctor.get("/api/patients/" + patient + "/services").is(200)
	edit := map[string]string{"medication_name": "Fictivol", "dosage_instructions": "one a day", "treatment_details": "rest", "kind": "medication"}
	a := doctor.put("/api/services/"+service, edit).denied(401, "step_up_required")
	challenge := a.header.Get("WWW-Authenticate")
	for _, want := range []string{`error="insufficient_user_authentication"`, `acr_values="urn:wardgate:acr:stepped-up"`, `max_age="300"`} {
		if !strings.Contains(challenge, want) {
			t.Errorf("challenge %q lacks %q", challenge, want)
		}
	}
	elevated := doctor.steppedUp()
	elevated.put("/api/services/"+service, edit).is(200).into(&body)
	if body["medication_name"] != "Fictivol" {
		t.Errorf("got %v", body["medication_name"])
	}
	doctor.put("/api/services/"+service, edit).denied(401, "step_up_required") // the old token is as it was
}

func TestOffSiteSomeFieldsAreWithheld(t *testing.T) {
	w := newWorld(t, nil)
	doctor := w.as("doctor")
	id := doctor.items("/api/patients")[0].ID
	doctor.via = "127.0.0.2"
	var patient map[string]any
	doctor.get("/api/patients/" + id).is(200).into(&patient)
	for _, field := range []string{"contact", "national_id"} {
		if _, shown := patient[field]; shown {
			t.Errorf("%s is shown off-site", field)
		}
	}
	if patient["allergies"] == nil {
		t.Error("allergies are hidden")
	}
	withheld, _ := json.Marshal(patient["withheld"])
	if string(withheld) != `["contact","national_id"]` {
		t.Errorf("got withheld %s", withheld)
	}
}

func TestPredictions(t *testing.T) {
	w := newWorld(t, nil)
	doctor := w.as("doctor")
	var cell struct {
		Prediction  string
		Probability float64
		Model       struct{ Name, Version, SHA256 string }
	}
	doctor.post("/api/predict/breast-cancer", malignantRow(t)).is(200).into(&cell)
	if cell.Prediction != "malignant" || cell.Probability < 0.9 || cell.Model.SHA256 == "" {
		t.Errorf("got %+v for a malignant case", cell)
	}
	var pressure struct {
		Prediction float64
		Interval   []float64
	}
	doctor.post("/api/predict/blood-pressure", map[string]float64{
		"age": 63, "sex": 1, "cp": 1, "chol": 233, "fbs": 1, "restecg": 2, "thalach": 150,
		"exang": 0, "oldpeak": 2.3, "slope": 3, "ca": 0, "thal": 6,
	}).is(200).into(&pressure)
	if len(pressure.Interval) != 2 || pressure.Prediction < pressure.Interval[0] || pressure.Prediction > pressure.Interval[1] {
		t.Errorf("got %+v", pressure)
	}
	doctor.post("/api/predict/breast-cancer", map[string]float64{"mean_radius": 1}).is(400)
}

// malignantRow is the first row of the data set, which its file codes 0.
func malignantRow(t *testing.T) map[string]float64 {
	t.Helper()
	models, err := model.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(models, func(m *model.Model) bool { return m.Name() == model.BreastCancer })
	f, err := os.Open("../../inference/model/data/wdbc_breast_cancer.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	row := map[string]float64{}
	for n, feature := range models[i].Features() {
		if row[feature.Name], err = strconv.ParseFloat(rows[1][n], 64); err != nil {
			t.Fatal(err)
		}
	}
	return row
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, nil)
	doctor := w.as("doctor")
	tampered := *doctor
	tampered.token = doctor.token[:len(doctor.token)-4] + "AAAA"
	stranger := w.stranger()

	stranger.get("/api/patients").denied(401, "session_missing")
	tampered.get("/api/patients").denied(401, "token_invalid")
	doctor.get("/api/nowhere").denied(404, "route_unknown")
	doctor.get("/api/patients/").denied(404, "route_unknown")
	doctor.get("/api/%2e%2e/patients").denied(400, "path_ambiguous")
	doctor.post("/api/predict/blood-pressure", []byte(`{"age":1,"AGE":2}`)).denied(400, "body_ambiguous")
	doctor.post("/api/predict/blood-pressure", []byte(`{"age":`)).denied(400, "body_ambiguous")
	doctor.post("/api/predict/blood-pressure", []byte(`{}`)).is(400)
	stranger.post("/auth/login", map[string]string{"email": "doctor@demo.hospital.test", "password": "wrong-password"}).is(401)
	stranger.post("/auth/login", map[string]string{"email": "nobody@demo.hospital.test", "password": "wrong-password"}).is(401)

	r, err := http.NewRequest("GET", w.app.Address()+"/api/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "hospital.example"
	stranger.send(r).denied(421, "host_unknown")

	other := *doctor
	r, err = http.NewRequest("GET", w.app.Address()+"/api/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+doctor.token)
	r.Header.Set("User-Agent", "curl/8.0")
	other.send(r).denied(401, "device_changed")

	for _, secret := range []string{doctor.token, "wrong-password", "Wardgate-demo-2026"} {
		if strings.Contains(w.logs.String(), secret) {
			t.Error("a secret is in the log")
		}
	}
}
