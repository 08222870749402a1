package records_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
)

func now() time.Time { return time.Now() }

func TestBodiesAreReadStrictly(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		name, body, location string
	}{
		{"nothing", "", "body"},
		{"not JSON", "name=hush", "body"},
		{"cut off", `{"name":"hush"`, "body"},
		{"a list", `[{"name":"hush"}]`, "body"},
		{"null", `null`, "body"},
		{"trailing data", `{"name":"hush"} {"name":"hush"}`, "body"},
		{"trailing word", `{"name":"hush"}x`, "body"},
		{"invalid UTF-8", "{\"name\":\"hush\xff\"}", "body"},
		{"unknown field", `{"name":"hush","ward":"hush"}`, "body.ward"},
		{"unknown odd field", `{"name":"hush","hush' OR 1":"x"}`, "body.?"},
		{"other case", `{"NAME":"hush"}`, "body.?"},
		{"two spellings", `{"name":"hush","Name":"hush"}`, "body.?"},
		{"repeated field", `{"name":"hush","name":"hush"}`, "body.name"},
		{"repeated by escape", `{"name":"hush","n\u0061me":"hush"}`, "body.name"},
		{"required field missing", `{"contact":"hush"}`, "body"},
		{"empty required field", `{"name":""}`, "body.name"},
		{"blank required field", `{"name":"  "}`, "body.name"},
		{"null field", `{"name":"x","contact":null}`, "body.contact"},
		{"wrong type", `{"name":7}`, "body.name"},
		{"nested", `{"name":{"name":"hush"}}`, "body.name"},
		{"too long", `{"name":"` + strings.Repeat("hush", 51) + `"}`, "body.name"},
		{"control character", `{"name":"hush\u0000"}`, "body.name"},
		{"two lines", `{"name":"hush\nhush"}`, "body.name"},
		{"tab in a name", `{"name":"hush\thush"}`, "body.name"},
		{"line separator", `{"name":"hush\u2028hush"}`, "body.name"},
		{"next line", `{"name":"hush\u0085hush"}`, "body.name"},
		{"text that is turned round", `{"name":"hush\u202ehush"}`, "body.name"},
		{"text that is isolated", `{"name":"hush\u2067hush"}`, "body.name"},
		{"mark of direction in a name", `{"name":"hush\u200fhush"}`, "body.name"},
		{"invisible character", `{"name":"hush\u200bhush"}`, "body.name"},
		{"byte order mark", `{"name":"\ufeffhush"}`, "body.name"},
		{"two lines elsewhere", `{"name":"x","contact":"hush\r\nhush"}`, "body.contact"},
		{"number that is turned round", `{"name":"x","national_id":"\u202e1234"}`, "body.national_id"},
		{"note that is turned round", `{"name":"x","allergies":"\u202ehush"}`, "body.allergies"},
		{"bad date", `{"name":"x","date_of_birth":"hush"}`, "body.date_of_birth"},
		{"bad choice", `{"name":"x","sex":"hush"}`, "body.sex"},
		{"not the caller's to say", `{"name":"x","doctor_id":"hush"}`, "body.doctor_id"},
		{"own version", `{"name":"x","version":1}`, "body.version"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := w.doctor().do("POST", "/api/patients", tt.body, "Content-Type", "application/json")
			d := r.refused(http.StatusBadRequest, "invalid_request")
			if len(d.Errors) == 0 || d.Errors[0].Location != tt.location || d.Errors[0].Message == "" {
				t.Errorf("got %v, want one at %s", d.Errors, tt.location)
			}
			if strings.Contains(r.Body.String(), "hush") || strings.Contains(w.log.String(), "hush") {
				t.Errorf("a value is repeated: %s", r.Body)
			}
		})
	}
}

func TestChangesAreReadStrictly(t *testing.T) {
	w := newWorld(t)
	at := "/api/services/" + w.planned()
	for _, body := range []string{`{}`, `{"version":1}`, `{"version":0,"kind":"treatment"}`, `{"version":1.5,"kind":"treatment"}`,
		`{"version":9007199254740993000000,"kind":"treatment"}`, `{"version":"1","kind":"treatment"}`, `{"kind":null}`,
		`{"status":"done"}`, `{"done_by":"x"}`, `{"patient_id":"x"}`, `{"kind":"surgery"}`, `{"version":1e400,"kind":"treatment"}`} {
		w.doctor().do("PUT", at, body).refused(http.StatusBadRequest, "invalid_request")
	}
	for _, body := range []string{`{}`, `{"kind":"treatment"}`, `{"treatment_details":"  "}`, `{"status":"done","treatment_details":"x"}`} {
		w.doctor().do("POST", "/api/patients/"+w.house.Patient.ID+"/services", body).refused(http.StatusBadRequest, "invalid_request")
	}
	w.nurse().do("POST", at+"/done", `{"status":"done"}`).refused(http.StatusBadRequest, "invalid_request")
	w.doctor().do("PUT", at, `{"kind":"treatment"}`, "Content-Type", "text/plain").
		refused(http.StatusUnsupportedMediaType, "media_type_unsupported")
	w.doctor().do("PUT", at, `{"kind":"treatment"}`, "Content-Type", "application/json; charset=utf-8").ok(http.StatusOK)
	w.doctor().do("PUT", at, `{"treatment_details":"`+strings.Repeat("x", 2<<20)+`"}`).
		refused(http.StatusRequestEntityTooLarge, "body_too_large")
}

func TestWithheldFieldsAreNamedAndNotShown(t *testing.T) {
	w := newWorld(t)
	p := "/api/patients/" + w.house.Patient.ID
	names := []string{"amount", "national_id", "contact", "treatment_details"}
	check := func(r result, item map[string]any, want ...string) {
		t.Helper()
		var got []string
		for _, name := range item["withheld"].([]any) {
			got = append(got, name.(string))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got withheld %v, want %v", got, want)
		}
		for _, name := range want {
			if _, shown := item[name]; shown || strings.Contains(r.Body.String(), `"`+name+`":`) {
				t.Errorf("%s is shown: %s", name, r.Body)
			}
		}
	}
	r := w.nurse().withhold(names...).get("/api/patients")
	for _, item := range items(r.ok(http.StatusOK)) {
		check(r, item, "contact", "national_id")
	}
	r = w.nurse().withhold(names...).get(p)
	check(r, r.ok(http.StatusOK), "contact", "national_id")
	r = w.nurse().withhold(names...).get(p + "/services")
	check(r, items(r.ok(http.StatusOK))[0], "treatment_details")
	r = w.patient().withhold(names...).get(p + "/bills")
	bill := items(r.ok(http.StatusOK))[0]
	check(r, bill, "amount")
	check(r, bill["payments"].([]any)[0].(map[string]any), "amount")
	r = w.doctor().withhold(names...).do("POST", "/api/patients", `{"name":"x"}`)
	check(r, r.ok(http.StatusCreated), "contact", "national_id")
	if _, named := w.nurse().get(p).ok(http.StatusOK)["withheld"]; named {
		t.Error("withheld is named though nothing is")
	}
}

func TestWithheldFieldsAreNotWritten(t *testing.T) {
	w := newWorld(t)
	at := "/api/services/" + w.planned()
	doctor := w.doctor().withhold("national_id", "treatment_details")
	doctor.do("POST", "/api/patients", `{"name":"x","national_id":"y"}`).refused(http.StatusForbidden, "field_withheld")
	doctor.do("PUT", at, `{"treatment_details":"x"}`).refused(http.StatusForbidden, "field_withheld")
	before := w.planned()
	doctor.do("PUT", at, `{"dosage_instructions":"x"}`).ok(http.StatusOK)
	for _, v := range items(w.doctor().get("/api/patients/" + w.house.Patient.ID + "/services").ok(http.StatusOK)) {
		if v["id"] == before && v["treatment_details"] == "" {
			t.Error("a withheld field was erased unseen")
		}
	}
}

func TestUnknownFieldToWithholdIsRefused(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"nationalId", "", "NATIONAL_ID", "patient.national_id", "-"} {
		w.nurse().withhold("contact", name).get("/api/patients").refused(http.StatusForbidden, "withhold_invalid")
	}
}

func FuzzBody(f *testing.F) {
	w := newWorld(f)
	at := "/api/services/" + w.planned()
	for _, seed := range []string{`{"kind":"treatment"}`, `{"treatment_details":"x","version":1}`, `{"kind":null}`, `{"Kind":"treatment"}`,
		`{"kind":"treatment","kind":"x"}`, `[]`, `{}`, `{"a":`, "\xff", `{"version":1e99}`, `{"dosage_instructions":"\ud800"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		w.t = t
		r := w.doctor().do("PUT", at, string(body), "Content-Type", "application/json")
		switch r.Code {
		case http.StatusOK, http.StatusBadRequest, http.StatusConflict:
		default:
			t.Fatalf("got %d %s", r.Code, r.Body)
		}
		if r.Code == http.StatusOK && r.Header().Get(assertion.PatientsHeader) != w.house.Patient.ID {
			t.Fatal("a write does not name its patient")
		}
	})
}

// Names of people everywhere are names, and notes may have lines and words of
// another script.
func TestTextsThatPeopleWrite(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{
		`{"name":"José Ñandú-O’Brien, Jr."}`, `{"name":"山田 太郎"}`, `{"name":"می\u200cخواهم"}`, `{"name":"عبد الله"}`, `{"name":"山田　太郎"}`,
		`{"name":"x","diagnoses":"first line\nsecond\tline\r\nthird","allergies":"\u200fפניצילין\u200f 250 mg"}`,
	} {
		w.doctor().do("POST", "/api/patients", body, "Content-Type", "application/json").ok(http.StatusCreated)
	}
}

// Who has nothing to say may say it as an empty object.
func TestDoneTakesAnEmptyObject(t *testing.T) {
	w := newWorld(t)
	done := "/api/services/" + w.planned() + "/done"
	for _, tt := range []struct {
		body, kind string
		want       int
	}{
		{`{"done":true}`, "application/json", http.StatusBadRequest},
		{`[]`, "application/json", http.StatusBadRequest},
		{`null`, "application/json", http.StatusBadRequest},
		{`{} {}`, "application/json", http.StatusBadRequest},
		{`{}`, "text/plain", http.StatusUnsupportedMediaType},
		{`{}`, "application/json", http.StatusOK},
	} {
		if got := w.nurse().do("POST", done, tt.body, "Content-Type", tt.kind).Code; got != tt.want {
			t.Errorf("%q as %s: got %d, want %d", tt.body, tt.kind, got, tt.want)
		}
	}
}
