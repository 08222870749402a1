package stories_test

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
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

func TestDoctorReadsTheOwnPatientsOnly(t *testing.T) {
	w := rig.New(t, nil)
	doctor, colleague := w.As("doctor"), w.As("doctor2")
	own, theirs := doctor.Items("/api/patients"), colleague.Items("/api/patients")
	if len(own) == 0 || len(theirs) == 0 {
		t.Fatalf("got %d and %d patients", len(own), len(theirs))
	}
	staff := doctor.Me().Staff
	for _, p := range own {
		if p.DoctorID != staff {
			t.Errorf("patient %s of doctor %s is listed", p.ID, p.DoctorID)
		}
	}
	doctor.Get("/api/patients/" + own[0].ID).Is(200)
	doctor.Get("/api/patients/"+theirs[0].ID).Denied(403, "not_your_patient")
	doctor.Get("/api/patients/00000000-0000-7000-8000-000000000000").Denied(403, "not_your_patient")
	doctor.Get("/api/patients/" + own[0].ID).Is(200) // still logged in
}

func TestNurseWhoEditsIsLoggedOut(t *testing.T) {
	w := rig.New(t, nil)
	doctor, nurse := w.As("doctor"), w.As("nurse")
	patient := doctor.Items("/api/patients")[0].ID
	service := doctor.Items("/api/patients/" + patient + "/services")[0].ID
	edit := map[string]string{"medication_name": "nothing"}
	nurse.Put("/api/services/"+service, edit).Denied(403, "role_forbidden")
	a := nurse.Get("/api/patients").Denied(401, "session_revoked")
	if got := a.Header.Get("WWW-Authenticate"); got != `Bearer error="invalid_token"` {
		t.Errorf("got challenge %q", got)
	}
	doctor.Get("/api/patients").Is(200) // nobody else is
}

func TestEditNeedsAFreshFactor(t *testing.T) {
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	patient := doctor.Items("/api/patients")[0].ID
	service := doctor.Order(patient)
	var body map[string]any
	doctor.Get("/api/patients/" + patient + "/services").Is(200)
	edit := map[string]string{"medication_name": "Fictivol", "dosage_instructions": "one a day", "treatment_details": "rest", "kind": "medication"}
	a := doctor.Put("/api/services/"+service, edit).Denied(401, "step_up_required")
	challenge := a.Header.Get("WWW-Authenticate")
	for _, want := range []string{`error="insufficient_user_authentication"`, `acr_values="urn:wardgate:acr:stepped-up"`, `max_age="300"`} {
		if !strings.Contains(challenge, want) {
			t.Errorf("challenge %q lacks %q", challenge, want)
		}
	}
	elevated := doctor.SteppedUp()
	elevated.Put("/api/services/"+service, edit).Is(200).Into(&body)
	if body["medication_name"] != "Fictivol" {
		t.Errorf("got %v", body["medication_name"])
	}
	doctor.Put("/api/services/"+service, edit).Denied(401, "step_up_required") // the old token is as it was
}

func TestOffSiteSomeFieldsAreWithheld(t *testing.T) {
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	id := doctor.Items("/api/patients")[0].ID
	doctor.Via = "127.0.0.2"
	var patient map[string]any
	doctor.Get("/api/patients/" + id).Is(200).Into(&patient)
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
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	var cell struct {
		Prediction  string
		Probability float64
		Model       struct{ Name, Version, SHA256 string }
	}
	doctor.Post("/api/predict/breast-cancer", malignantRow(t)).Is(200).Into(&cell)
	if cell.Prediction != "malignant" || cell.Probability < 0.9 || cell.Model.SHA256 == "" {
		t.Errorf("got %+v for a malignant case", cell)
	}
	var pressure struct {
		Prediction float64
		Interval   []float64
	}
	doctor.Post("/api/predict/blood-pressure", map[string]float64{
		"age": 63, "sex": 1, "cp": 1, "chol": 233, "fbs": 1, "restecg": 2, "thalach": 150,
		"exang": 0, "oldpeak": 2.3, "slope": 3, "ca": 0, "thal": 6,
	}).Is(200).Into(&pressure)
	if len(pressure.Interval) != 2 || pressure.Prediction < pressure.Interval[0] || pressure.Prediction > pressure.Interval[1] {
		t.Errorf("got %+v", pressure)
	}
	doctor.Post("/api/predict/breast-cancer", map[string]float64{"mean_radius": 1}).Is(400)
}

// malignantRow is the first row of the data set, which its file codes 0.
func malignantRow(t *testing.T) map[string]float64 {
	t.Helper()
	models, err := model.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(models, func(m *model.Model) bool { return m.Name() == model.BreastCancer })
	f, err := os.Open("../../../inference/model/data/wdbc_breast_cancer.csv")
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
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	tampered := *doctor
	tampered.Token = doctor.Token[:len(doctor.Token)-4] + "AAAA"
	stranger := w.Anonymous()

	stranger.Get("/api/patients").Denied(401, "session_missing")
	tampered.Get("/api/patients").Denied(401, "token_invalid")
	doctor.Get("/api/nowhere").Denied(404, "route_unknown")
	doctor.Get("/api/patients/").Denied(404, "route_unknown")
	doctor.Get("/api/%2e%2e/patients").Denied(400, "path_ambiguous")
	doctor.Post("/api/predict/blood-pressure", []byte(`{"age":1,"AGE":2}`)).Denied(400, "body_ambiguous")
	doctor.Post("/api/predict/blood-pressure", []byte(`{"age":`)).Denied(400, "body_ambiguous")
	doctor.Post("/api/predict/blood-pressure", []byte(`{}`)).Is(400)
	stranger.Post("/auth/login", map[string]string{"email": "doctor@demo.hospital.test", "password": "wrong-password"}).Is(401)
	stranger.Post("/auth/login", map[string]string{"email": "nobody@demo.hospital.test", "password": "wrong-password"}).Is(401)

	r, err := http.NewRequest("GET", w.Process.Address()+"/api/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "hospital.example"
	stranger.Send(r).Denied(421, "host_unknown")

	other := *doctor
	r, err = http.NewRequest("GET", w.Process.Address()+"/api/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+doctor.Token)
	r.Header.Set("User-Agent", "curl/8.0")
	other.Send(r).Denied(401, "device_changed")

	for _, secret := range []string{doctor.Token, "wrong-password", "Wardgate-demo-2026"} {
		if strings.Contains(w.Logs.String(), secret) {
			t.Error("a secret is in the log")
		}
	}
}
