package inference_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/inference"
	"github.com/wardgate/wardgate/inference/model"
	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

const (
	cancerPath   = "/api/predict/breast-cancer"
	pressurePath = "/api/predict/blood-pressure"
	pressureV2   = "/v2/models/blood-pressure"
	cancerV2     = "/v2/models/breast-cancer"
	decision     = "d-42"
)

// A ward asks the service as the enforcement point would.
type ward struct {
	t       testing.TB
	service http.Handler
	key     *assertion.Key
	log     *bytes.Buffer
}

func newWard(t testing.TB) *ward {
	t.Helper()
	key, err := assertion.NewKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	models, err := model.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	w := &ward{t: t, key: key, log: &bytes.Buffer{}}
	w.service, err = inference.New(inference.Config{
		Key: key, Models: models, Log: slog.New(slog.NewTextHandler(w.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// in is the same ward, reporting to a test of its own.
func (w *ward) in(t testing.TB) *ward {
	out := *w
	out.t = t
	return &out
}

func (w *ward) request(method, path, body string) *http.Request {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	signed, err := w.key.Sign(assertion.Claims{
		Role: "doctor", Action: "model.predict", Decision: decision,
		Method: method, Path: path, BodyDigest: assertion.Digest([]byte(body)),
	}, inference.Audience, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set(assertion.Header, signed)
	return r
}

func (w *ward) send(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.service.ServeHTTP(rec, r)
	return rec
}

// get expects 200 and decodes the answer.
func (w *ward) get(method, path, body string, into any) {
	w.t.Helper()
	rec := w.send(w.request(method, path, body))
	if rec.Code != http.StatusOK {
		w.t.Fatalf("%s %s: got %d: %s", method, path, rec.Code, rec.Body)
	}
	if got := rec.Header().Get("Cache-Control"); got != "no-store" {
		w.t.Errorf("%s %s: got Cache-Control %q, want no-store", method, path, got)
	}
	if err := json.Unmarshal(rec.Body.Bytes(), into); err != nil {
		w.t.Fatal(err)
	}
}

// refused expects a problem document with the status and returns it.
func (w *ward) refused(r *http.Request, status int) problem.Document {
	w.t.Helper()
	rec := w.send(r)
	if rec.Code != status || rec.Header().Get("Content-Type") != problem.ContentType {
		w.t.Fatalf("%s %s: got %d %s, want a problem with %d: %s",
			r.Method, r.URL.Path, rec.Code, rec.Header().Get("Content-Type"), status, rec.Body)
	}
	var d problem.Document
	if err := json.Unmarshal(rec.Body.Bytes(), &d); err != nil {
		w.t.Fatal(err)
	}
	if d.Status != status || len(d.Reasons) == 0 {
		w.t.Errorf("%s %s: got %+v", r.Method, r.URL.Path, d)
	}
	return d
}

// patient is the first row of the Cleveland table, aspirate that of the
// breast cancer table.
const patient = `{"age":63,"sex":1,"cp":1,"chol":233,"fbs":1,"restecg":2,"thalach":150,"exang":0,"oldpeak":2.3,"slope":3,"ca":0,"thal":6}`

var malignantRow = []float64{17.99, 10.38, 122.8, 1001, 0.1184, 0.2776, 0.3001, 0.1471, 0.2419, 0.07871,
	1.095, 0.9053, 8.589, 153.4, 0.006399, 0.04904, 0.05373, 0.01587, 0.03003, 0.006193,
	25.38, 17.33, 184.6, 2019, 0.1622, 0.6656, 0.7119, 0.2654, 0.4601, 0.1189}

func aspirate(t testing.TB) string {
	t.Helper()
	models, err := model.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]float64{}
	for _, m := range models {
		if m.Name() == model.BreastCancer {
			for i, f := range m.Features() {
				named[f.Name] = malignantRow[i]
			}
		}
	}
	return encode(t, named)
}

func encode(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

type prediction struct {
	Prediction        any         `json:"prediction"`
	Unit              string      `json:"unit"`
	Probability       *float64    `json:"probability"`
	Interval          *[2]float64 `json:"interval"`
	Robustness        *float64    `json:"robustness"`
	Fragile           *bool       `json:"fragile"`
	OutOfDistribution *bool       `json:"out_of_distribution"`
	Warnings          []string    `json:"warnings"`
	Model             struct{ Name, Version, SHA256 string }
}

func TestPredictBreastCancer(t *testing.T) {
	w := newWard(t)
	var got prediction
	w.get("POST", cancerPath, aspirate(t), &got)
	if got.Prediction != "malignant" || got.Probability == nil || *got.Probability < 0.99 || got.Interval != nil {
		t.Errorf("known malignant row: got %+v", got)
	}
	if got.Robustness == nil || *got.Robustness <= 0 || got.Fragile == nil || *got.Fragile ||
		got.OutOfDistribution == nil || *got.OutOfDistribution || got.Warnings == nil {
		t.Errorf("got %+v", got)
	}
	if got.Model.Name != model.BreastCancer || got.Model.Version != "1" || len(got.Model.SHA256) != 64 {
		t.Errorf("got model %+v", got.Model)
	}
}

func TestPredictBloodPressure(t *testing.T) {
	w := newWard(t)
	var got prediction
	w.get("POST", pressurePath, patient, &got)
	value, ok := got.Prediction.(float64)
	if !ok || got.Interval == nil || !(got.Interval[0] < value && value < got.Interval[1]) || got.Unit != "mmHg" || got.Probability != nil {
		t.Errorf("got %+v", got)
	}
	if len(got.Warnings) == 0 || !strings.HasPrefix(got.Warnings[0], "weak_model:") {
		t.Errorf("got warnings %q", got.Warnings)
	}
}

// Spacing and order mean nothing in JSON, and must not here.
func TestBodyMayBeWrittenAnyWay(t *testing.T) {
	w := newWard(t)
	var members map[string]float64
	if err := json.Unmarshal([]byte(patient), &members); err != nil {
		t.Fatal(err)
	}
	raw, err := json.MarshalIndent(members, "\t", "\t ")
	if err != nil {
		t.Fatal(err)
	}
	var plain, spaced prediction
	w.get("POST", pressurePath, patient, &plain)
	w.get("POST", pressurePath, "\n "+strings.Replace(string(raw), "63", "6.3e1", 1)+"\n", &spaced)
	if plain.Prediction != spaced.Prediction {
		t.Errorf("got %v and %v", plain.Prediction, spaced.Prediction)
	}
}

func TestPredictRefusesBodies(t *testing.T) {
	shared := newWard(t)
	with := func(old, new string) string {
		if !strings.Contains(patient, old) {
			t.Fatalf("the patient has no %s", old)
		}
		return strings.Replace(patient, old, new, 1)
	}
	const secret = "7731"
	tests := []struct{ name, body, location, expected string }{
		{"nothing", ``, "body", "one JSON object"},
		{"list", `[` + patient + `]`, "body", "one JSON object"},
		{"null", `null`, "body", "one JSON object"},
		{"not JSON", `age=63`, "body", "one JSON object"},
		{"cut off", patient[:len(patient)-1], "body", "one JSON object"},
		{"trailing data", patient + `{}`, "body", "one JSON object"},
		{"trailing comma", with(`"thal":6}`, `"thal":6,}`), "body", "one JSON object"},
		{"empty", `{}`, "body.age", "is required"},
		{"feature missing", with(`"ca":0,`, ``), "body.ca", "is required"},
		{"unknown feature", with(`}`, `,"disease":1}`), "body.disease", "not a feature"},
		{"unknown name not repeated", with(`}`, `,"`+secret+` <b>":1}`), "body", "not a feature"},
		{"repeated", with(`}`, `,"age":63}`), "body.age", "repeated"},
		{"capitals", with(`"age"`, `"AGE"`), "body.age", "is required"},
		{"text", with(`63`, `"`+secret+`"`), "body.age", "a number from 0 to 130 (years)"},
		{"number in a text", with(`63`, `"63"`), "body.age", "a number"},
		{"null value", with(`63`, `null`), "body.age", "a number"},
		{"true", with(`63`, `true`), "body.age", "a number"},
		{"list value", with(`63`, `[63]`), "body.age", "a number"},
		{"object value", with(`63`, `{"v":63}`), "body.age", "a number"},
		{"NaN", with(`63`, `NaN`), "body.age", "a JSON value"},
		{"Infinity", with(`63`, `-Infinity`), "body.age", "a JSON value"},
		{"beyond float64", with(`63`, `1e400`), "body.age", "a number"},
		{"hexadecimal", with(`63`, `0x3F`), "body", "one JSON object"},
		{"age 900", with(`63`, `900`), "body.age", "from 0 to 130"},
		{"negative", with(`233`, `-`+secret), "body.chol", "from 0 to 2000"},
		{"unknown code", with(`"cp":1`, `"cp":0`), "body.cp", "one of the codes 1, 2, 3, 4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := shared.in(t)
			d := w.refused(w.request("POST", pressurePath, tt.body), http.StatusBadRequest)
			if d.Decision != decision {
				t.Errorf("got decision %q, want %q", d.Decision, decision)
			}
			if len(d.Errors) == 0 || d.Errors[0].Location != tt.location || !strings.Contains(d.Errors[0].Message, tt.expected) {
				t.Errorf("got %v, want %s: %s", d.Errors, tt.location, tt.expected)
			}
			if text := encode(t, d) + w.log.String(); strings.Contains(text, secret) {
				t.Errorf("the value is repeated: %s", text)
			}
		})
	}
}

func TestEveryFaultIsReportedAtOnce(t *testing.T) {
	w := newWard(t)
	body := strings.NewReplacer(`"age":63`, `"age":-1`, `"thal":6`, `"thal":5`).Replace(patient)
	d := w.refused(w.request("POST", pressurePath, body), http.StatusBadRequest)
	if len(d.Errors) != 2 || d.Errors[0].Location != "body.age" || d.Errors[1].Location != "body.thal" {
		t.Errorf("got %v", d.Errors)
	}
}

func TestImplausibleIsAnsweredAndMarked(t *testing.T) {
	w := newWard(t)
	var got prediction
	w.get("POST", pressurePath, strings.Replace(patient, `"age":63`, `"age":110`, 1), &got)
	if got.OutOfDistribution == nil || !*got.OutOfDistribution ||
		!strings.Contains(strings.Join(got.Warnings, "\n"), "outside_training_range: age") {
		t.Errorf("got %+v", got)
	}
}

func TestRoutes(t *testing.T) {
	shared := newWard(t)
	tests := []struct {
		name, method, path string
		status             int
		reason             string
	}{
		{"unknown model", "POST", "/api/predict/lottery", 404, "model_unknown"},
		{"unknown model's metadata", "GET", "/v2/models/lottery", 404, "model_unknown"},
		{"unknown model's inference", "POST", "/v2/models/lottery/infer", 404, "model_unknown"},
		{"unknown route", "GET", "/v2", 404, "route_unknown"},
		{"trailing slash", "POST", cancerPath + "/", 404, "route_unknown"},
		{"escaped name", "POST", "/api/predict/breast%2Dcancer", 404, "route_unknown"},
		{"capitals", "POST", "/api/predict/Breast-Cancer", 404, "model_unknown"},
		{"other method", "GET", cancerPath, 405, "method_not_allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := shared.in(t)
			d := w.refused(w.request(tt.method, tt.path, ""), tt.status)
			if d.Reasons[0] != tt.reason || d.Decision != decision {
				t.Errorf("got %+v, want %s", d, tt.reason)
			}
		})
	}
}

func TestOnlyTheEnforcementPointIsAnswered(t *testing.T) {
	w := newWard(t)
	bare := w.request("POST", pressurePath, patient)
	bare.Header.Del(assertion.Header)
	w.refused(bare, http.StatusUnauthorized)

	other := w.request("POST", pressurePath, patient)
	other.Body = io.NopCloser(strings.NewReader(strings.Replace(patient, "63", "64", 1)))
	w.refused(other, http.StatusUnauthorized)

	elsewhere := w.request("POST", pressurePath, patient)
	elsewhere.Header.Set(assertion.Header, w.request("POST", cancerPath, patient).Header.Get(assertion.Header))
	w.refused(elsewhere, http.StatusUnauthorized)

	form := w.request("POST", pressurePath, patient)
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w.refused(form, http.StatusUnsupportedMediaType)

	w.refused(w.request("POST", pressurePath, strings.Repeat(" ", 3<<20)), http.StatusRequestEntityTooLarge)
}

func TestServiceIsSharedSafely(t *testing.T) {
	w := newWard(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if rec := w.send(w.request("POST", pressurePath, patient)); rec.Code != http.StatusOK {
					t.Errorf("got %d", rec.Code)
				}
			}
		})
	}
	all.Wait()
}

func TestNewRefuses(t *testing.T) {
	models, err := model.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	key, err := assertion.NewKey(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	tests := []struct {
		name string
		cfg  inference.Config
	}{
		{"nothing", inference.Config{}},
		{"no key", inference.Config{Models: models, Log: log}},
		{"no log", inference.Config{Models: models, Key: key}},
		{"no models", inference.Config{Key: key, Log: log}},
		{"a model twice", inference.Config{Models: append(models, models[0]), Key: key, Log: log}},
		{"the zero model", inference.Config{Models: []*model.Model{{}}, Key: key, Log: log}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := inference.New(tt.cfg); err == nil {
				t.Error("got a service, want an error")
			}
		})
	}
}

func BenchmarkPredict(b *testing.B) {
	w := newWard(b)
	body := aspirate(b)
	signed := w.request("POST", cancerPath, body)
	b.ReportAllocs()
	for b.Loop() {
		signed.Body = io.NopCloser(strings.NewReader(body))
		// The assertion outlives no long benchmark, and its renewal is not the
		// service's work.
		if rec := w.send(signed); rec.Code == http.StatusUnauthorized {
			b.StopTimer()
			signed = w.request("POST", cancerPath, body)
			b.StartTimer()
		} else if rec.Code != http.StatusOK {
			b.Fatalf("got %d: %s", rec.Code, rec.Body)
		}
	}
}
