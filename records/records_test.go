package records_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/records"
)

func TestOnlyAssertedRequestsGetIn(t *testing.T) {
	w := newWorld(t)
	rec := httptest.NewRecorder()
	w.http.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/api/patients", nil))
	result{t, rec}.refused(http.StatusUnauthorized, "assertion_missing")
	w.as("doctor", all()).do(http.MethodGet, "/api/patients", "", assertion.Header, "forged").
		refused(http.StatusUnauthorized, "assertion_invalid")
}

func TestEachCallerSeesTheirOwnPatients(t *testing.T) {
	w := newWorld(t)
	department := func(id string) (n int) {
		for _, p := range w.house.Patients {
			if p.Department == id {
				n++
			}
		}
		return n
	}
	tests := []struct {
		name string
		as   caller
		want int
	}{
		{"doctor", w.doctor(), 8},
		{"doctor2", w.doctor2(), 8},
		{"nurse", w.nurse(), department(w.house.Nurse.Department)},
		{"patient", w.patient(), 1},
		{"nobody", w.as("doctor", &assertion.Condition{Type: "none"}), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := tt.as.get("/api/patients?limit=100")
			found := items(r.ok(http.StatusOK))
			if len(found) != tt.want {
				t.Fatalf("got %d patients, want %d", len(found), tt.want)
			}
			var ids []string
			for _, p := range found {
				ids = append(ids, p["id"].(string))
			}
			r.about(ids...)
			for _, p := range w.house.Patients {
				listed := strings.Contains(strings.Join(ids, ","), p.ID)
				if got := tt.as.get("/api/patients/" + p.ID).Code; (got == http.StatusOK) != listed {
					t.Fatalf("list and overview disagree: listed %v, status %d", listed, got)
				}
			}
		})
	}
}

func TestStrangerAndNobodyGetTheSameAnswer(t *testing.T) {
	w := newWorld(t)
	v := w.planned()
	p := w.house.Patient.ID
	tests := []struct{ method, real, absent, body string }{
		{"GET", "/api/patients/" + p, "/api/patients/none", ""},
		{"DELETE", "/api/patients/" + p, "/api/patients/none", ""},
		{"GET", "/api/patients/" + p + "/services", "/api/patients/none/services", ""},
		{"POST", "/api/patients/" + p + "/services", "/api/patients/none/services", `{"treatment_details":"x"}`},
		{"GET", "/api/patients/" + p + "/bills", "/api/patients/none/bills", ""},
		{"PUT", "/api/services/" + v, "/api/services/none", `{"treatment_details":"x"}`},
		{"DELETE", "/api/services/" + v, "/api/services/none", ""},
		{"POST", "/api/services/" + v + "/done", "/api/services/none/done", ""},
		{"POST", "/api/admin/patients/" + p + "/restore", "/api/admin/patients/none/restore", ""},
	}
	for _, tt := range tests {
		theirs, nobodys := w.doctor2().do(tt.method, tt.real, tt.body), w.doctor2().do(tt.method, tt.absent, tt.body)
		theirs.refused(http.StatusForbidden, "not_your_patient")
		if theirs.Body.String() != nobodys.Body.String() || fmt.Sprint(theirs.Header()) != fmt.Sprint(nobodys.Header()) {
			t.Errorf("%s %s: %s differs from %s", tt.method, tt.real, theirs.Body, nobodys.Body)
		}
	}
	w.doctor2().get("/api/patients/"+strings.Repeat("x", 65)).refused(http.StatusForbidden, "not_your_patient")
}

func TestInvalidConditionsAreRefusedEverywhere(t *testing.T) {
	w := newWorld(t)
	conditions := map[string]*assertion.Condition{
		"nil": nil, "empty": {}, "unknown field": where("patient.name", "x"), "empty value": where("patient.id", ""),
		"empty compound": {Type: "compound", Operator: "or"},
		"SQL":            where("patient.id = patient.id OR ''", "x"),
	}
	p := "/api/patients/" + w.house.Patient.ID
	for name, c := range conditions {
		t.Run(name, func(t *testing.T) {
			as := w.as("doctor", c)
			as.claims.Staff, as.claims.Department = w.house.Doctor.ID, w.house.Doctor.Department
			for _, r := range []result{
				as.get("/api/patients"), as.get(p), as.get(p + "/services"), as.get(p + "/bills"),
				as.do("POST", "/api/patients", `{"name":"x"}`), as.do("DELETE", p, ""),
				as.do("PUT", "/api/services/"+w.planned(), `{"treatment_details":"x"}`),
			} {
				r.refused(http.StatusForbidden, "row_condition_invalid")
			}
		})
	}
}

func TestDoctorAddsTheirOwnPatient(t *testing.T) {
	w := newWorld(t)
	r := w.doctor().do("POST", "/api/patients", `{"name":"Newt Fictitio","national_id":"ZZ-1","date_of_birth":"1999-12-31",
		"sex":"other","diagnoses":"d","allergies":"a","chronic_conditions":"c","purpose_of_visit":"p","contact":"x@example.test"}`)
	p := r.ok(http.StatusCreated)
	id := p["id"].(string)
	r.about(id)
	if p["doctor_id"] != w.house.Doctor.ID || p["department_id"] != w.house.Doctor.Department || p["version"] != 1.0 {
		t.Errorf("got %v", p)
	}
	if got := r.Header().Get("Location"); got != "/api/patients/"+id {
		t.Errorf("got Location %q", got)
	}
	got, err := w.store.Enrol(t.Context(), p["number"].(string), p["enrolment_code"].(string), now())
	if err != nil || got != id {
		t.Errorf("enrol: got %q, %v, want %q", got, err, id)
	}
	if back := w.doctor().get("/api/patients/" + id).ok(http.StatusOK); back["name"] != "Newt Fictitio" || back["enrolment_code"] != nil {
		t.Errorf("got %v", back)
	}
	w.doctor2().get("/api/patients/"+id).refused(http.StatusForbidden, "not_your_patient")

	narrow := w.doctor()
	narrow.claims.Rows = where("patient.doctor", w.house.Doctor2.ID)
	narrow.do("POST", "/api/patients", `{"name":"x"}`).refused(http.StatusForbidden, "not_your_patient")
	nobody := w.as("doctor", all())
	nobody.do("POST", "/api/patients", `{"name":"x"}`).refused(http.StatusForbidden, "no_staff_record")
	nobody.claims.Staff, nobody.claims.Department = w.house.Nurse.ID, "d-none" // where the nurse does not work
	nobody.do("POST", "/api/patients", `{"name":"x"}`).refused(http.StatusForbidden, "no_staff_record")
}

func TestClinicalServiceFromOrderToDeletion(t *testing.T) {
	w := newWorld(t)
	p := w.house.Patient.ID
	r := w.doctor().do("POST", "/api/patients/"+p+"/services", `{"medication_name":"placebo","dosage_instructions":"none"}`)
	v := r.about(p).ok(http.StatusCreated)
	at := "/api/services/" + v["id"].(string)
	if v["kind"] != "medication" || v["status"] != "planned" || v["ordered_by"] != w.house.Doctor.ID || r.Header().Get("ETag") != `"1"` {
		t.Fatalf("got %v", v)
	}
	v = w.doctor().do("PUT", at, `{"dosage_instructions":"one a day","version":1}`).about(p).ok(http.StatusOK)
	if v["dosage_instructions"] != "one a day" || v["medication_name"] != "placebo" || v["version"] != 2.0 {
		t.Fatalf("got %v", v)
	}
	w.doctor().do("PUT", at, `{"kind":"treatment","version":1}`).refused(http.StatusConflict, "version_conflict")
	w.doctor().do("PUT", at, `{"kind":"treatment"}`, "If-Match", `"1"`).refused(http.StatusPreconditionFailed, "version_mismatch")
	w.doctor().do("PUT", at, `{"kind":"treatment","version":2}`, "If-Match", `"1"`).refused(http.StatusBadRequest, "invalid_request")
	w.doctor().do("PUT", at, `{"kind":"treatment"}`, "If-Match", `"2"`).ok(http.StatusOK)
	for _, tag := range []string{"*", "2", `W/"2"`, `""`, `"-1"`, `"2`} {
		w.doctor().do("DELETE", at, "", "If-Match", tag).refused(http.StatusBadRequest, "invalid_request")
	}
	v = w.nurse().do("POST", at+"/done", "").about(p).ok(http.StatusOK)
	if v["status"] != "done" || v["done_by"] != w.house.Nurse.ID || v["done_at"] == nil {
		t.Fatalf("got %v", v)
	}
	w.nurse().do("POST", at+"/done", "").refused(http.StatusConflict, "service_already_done")
	w.patient().do("POST", at+"/done", "").refused(http.StatusForbidden, "no_staff_record")
	w.doctor().do("DELETE", at, "", "If-Match", `"1"`).refused(http.StatusPreconditionFailed, "version_mismatch")
	w.doctor().do("DELETE", at, "").refused(http.StatusConflict, "service_already_done")
	w.doctor().do("PUT", at, `{"medication_name":"another"}`).refused(http.StatusConflict, "service_already_done")

	v = w.doctor().do("POST", "/api/patients/"+p+"/services", `{"treatment_details":"rest"}`).ok(http.StatusCreated)
	at = "/api/services/" + v["id"].(string)
	w.doctor().do("PUT", at, `{"treatment_details":" "}`).refused(http.StatusBadRequest, "invalid_request")
	w.doctor().do("DELETE", at, "").about(p).ok(http.StatusNoContent)
	w.doctor().do("DELETE", at, "").refused(http.StatusForbidden, "not_your_patient")
}

// An order says what to give or to do, in letters or digits that can be seen.
func TestAnOrderThatSaysNothingIsRefusedByItsField(t *testing.T) {
	w := newWorld(t)
	list := "/api/patients/" + w.house.Patient.ID + "/services"
	planned := "/api/services/" + w.planned()
	before := len(items(w.doctor().get(list).ok(http.StatusOK)))
	for _, nothing := range []string{
		"", " ", "\u00a0", "\u3000\u2003", "\u200b", "\u2060\ufeff", "\u00ad", "-", "...", "?!", "–", "\u2800", "\u3164", "\u115f\u1160", "\u0301", "✓",
	} {
		text, err := json.Marshal(nothing)
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range []string{
			`{"medication_name":%s}`, `{"medication_name":%s,"dosage_instructions":"one a day"}`, `{"kind":"treatment","treatment_details":%s}`,
			`{"kind":"medication","medication_name":%s,"treatment_details":"as always"}`,
		} {
			r := w.doctor().do("POST", list, fmt.Sprintf(body, text))
			r.refused(http.StatusBadRequest, "invalid_request")
			if told := r.Body.String(); !strings.Contains(told, "body.medication_name") && !strings.Contains(told, "body.treatment_details") {
				t.Errorf("%q: got %s, want the field", nothing, told)
			}
		}
		w.doctor().do("PUT", planned, fmt.Sprintf(`{"kind":"medication","medication_name":%s}`, text)).refused(http.StatusBadRequest, "invalid_request")
	}
	if after := len(items(w.doctor().get(list).ok(http.StatusOK))); after != before {
		t.Errorf("got %d orders, want %d", after, before)
	}
}

// Whether an order is given, changed or deleted first: what was given stays as it
// was when it was given.
func TestWhatWasGivenIsNeitherChangedNorDeletedByAnyRace(t *testing.T) {
	w := newWorld(t)
	list := "/api/patients/" + w.house.Patient.ID + "/services"
	for round := range 12 {
		v := w.doctor().do("POST", list, `{"medication_name":"placebo","dosage_instructions":"at first"}`).ok(http.StatusCreated)
		id := v["id"].(string)
		at := "/api/services/" + id
		var given *httptest.ResponseRecorder
		var edited, deleted atomic.Int32
		var all sync.WaitGroup
		all.Go(func() { given = w.nurse().do("POST", at+"/done", "").ResponseRecorder })
		for i := range 4 {
			all.Go(func() {
				if w.doctor().do("PUT", at, fmt.Sprintf(`{"dosage_instructions":"edit %d"}`, i)).Code == http.StatusOK {
					edited.Add(1)
				}
			})
		}
		if round%2 == 0 {
			all.Go(func() {
				if w.doctor().do("DELETE", at, "").Code == http.StatusNoContent {
					deleted.Add(1)
				}
			})
		}
		all.Wait()
		if (given.Code == http.StatusOK) == (deleted.Load() == 1) {
			t.Fatalf("given %d, deleted %d: want one of both", given.Code, deleted.Load())
		}
		if given.Code != http.StatusOK {
			continue
		}
		var was map[string]any
		if err := json.Unmarshal(given.Body.Bytes(), &was); err != nil {
			t.Fatal(err)
		}
		for _, try := range []struct{ method, body string }{
			{"PUT", `{"dosage_instructions":"later"}`}, {"PUT", `{"medication_name":"another"}`}, {"PUT", `{"kind":"treatment","treatment_details":"rest"}`}, {"DELETE", ""},
		} {
			w.doctor().do(try.method, at, try.body).refused(http.StatusConflict, "service_already_done")
		}
		// Nor is it moved to somebody else.
		if r := w.doctor().do("PUT", at, `{"patient_id":"p-9"}`); r.Code == http.StatusOK {
			t.Errorf("moved: got %d %s", r.Code, r.Body)
		}
		for _, now := range items(w.doctor().get(list).ok(http.StatusOK)) {
			if now["id"] == id && !reflect.DeepEqual(now, was) {
				t.Errorf("got %v\nwas %v", now, was)
			}
		}
	}
}

// A cell that cannot be read is named and never shown empty; the rest of the
// row, and the other rows, are there. What is withheld stays withheld.
func TestOneSpoiltCellHidesNothingElse(t *testing.T) {
	w := newWorld(t)
	p := w.house.Patient.ID
	db, err := sqldb.OpenFile(w.file)
	w.must(err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), "UPDATE patients SET allergies = 'x', contact = 'x' WHERE id = ?", p)
	w.must(err)
	_, err = db.ExecContext(t.Context(), "UPDATE bills SET description = 'x' WHERE patient_id = ?", p)
	w.must(err)
	whole := len(items(w.doctor2().get("/api/patients?limit=100").ok(http.StatusOK)))
	if whole == 0 {
		t.Fatal("the other doctor has no patients")
	}
	read := w.doctor().withhold("contact", "national_id").get("/api/patients/" + p).ok(http.StatusOK)
	_, allergies := read["allergies"]
	if allergies || read["name"] == "" || fmt.Sprint(read["unreadable"], read["withheld"]) != "[allergies] [contact national_id]" {
		t.Errorf("got %v", read)
	}
	found := false
	for _, item := range items(w.doctor().get("/api/patients?limit=100").ok(http.StatusOK)) {
		if item["id"] == p {
			found = fmt.Sprint(item["unreadable"]) == "[allergies contact]" || fmt.Sprint(item["unreadable"]) == "[contact allergies]"
		} else if item["unreadable"] != nil || item["allergies"] == nil {
			t.Errorf("another row: got %v", item)
		}
	}
	if !found {
		t.Error("the row is not in the list, or does not say what cannot be read")
	}
	w.doctor().get("/api/patients/" + p + "/services").ok(http.StatusOK)
	for _, bill := range items(w.patient().get("/api/patients/" + p + "/bills").ok(http.StatusOK)) {
		if _, there := bill["description"]; there || fmt.Sprint(bill["unreadable"]) != "[description]" || bill["amount"] == nil {
			t.Errorf("bill: got %v", bill)
		}
	}
	if log := w.log.String(); !strings.Contains(log, "cells of a row cannot be read") || !strings.Contains(log, p) {
		t.Errorf("the operator is not told: %s", log)
	}
}

func TestPatientSeesTheirBillsAndPayments(t *testing.T) {
	w := newWorld(t)
	p := w.house.Patient.ID
	found := items(w.patient().get("/api/patients/" + p + "/bills").about(p).ok(http.StatusOK))
	payments := 0
	for _, b := range found {
		if b["amount"].(float64) <= 0 || b["currency"] != "EUR" || b["patient_id"] != p {
			t.Errorf("got %v", b)
		}
		payments += len(b["payments"].([]any))
	}
	if len(found) == 0 || payments == 0 {
		t.Errorf("got %d bills, %d payments", len(found), payments)
	}
	if got := items(w.patient().get("/api/patients/" + p + "/services").about(p).ok(http.StatusOK)); len(got) < 2 {
		t.Errorf("got %d services", len(got))
	}
}

func TestDeletedPatientComesBackOnlyByRestoring(t *testing.T) {
	w := newWorld(t)
	p := w.house.Patient.ID
	at := "/api/patients/" + p
	w.doctor().do("DELETE", at, "", "If-Match", `"9"`).refused(http.StatusPreconditionFailed, "version_mismatch")
	w.doctor().do("DELETE", at, "").about(p).ok(http.StatusNoContent)
	w.doctor().get(at).refused(http.StatusForbidden, "not_your_patient")
	w.patient().get(at+"/bills").refused(http.StatusForbidden, "not_your_patient")
	w.nurse().do("POST", "/api/services/"+w.planned()+"/done", "").refused(http.StatusForbidden, "not_your_patient")
	w.as("security", all()).do("POST", "/api/admin/patients/"+p+"/restore", "").about(p).ok(http.StatusNoContent)
	w.doctor().get(at).about(p).ok(http.StatusOK)
}

func TestPaging(t *testing.T) {
	w := newWorld(t)
	as := w.as("test", all())
	if got := len(items(as.get("/api/patients").ok(http.StatusOK))); got != 50 {
		t.Errorf("got %d patients, want 50", got)
	}
	seen, after := map[string]bool{}, ""
	for range 10 {
		body := as.get("/api/patients?limit=30" + after).ok(http.StatusOK)
		for _, p := range items(body) {
			seen[p["id"].(string)] = true
		}
		if body["next"] == nil {
			break
		}
		after = "&after=" + body["next"].(string)
	}
	if len(seen) != patients {
		t.Errorf("got %d patients, want %d", len(seen), patients)
	}
	for _, query := range []string{"limit=0", "limit=101", "limit=-1", "limit=x", "limit=", "limit=1&limit=2", "after=", "after=%27",
		"Limit=5", "doctor=x", "a;b", "limit=%zz"} {
		d := as.get("/api/patients?"+query).refused(http.StatusBadRequest, "invalid_request")
		if len(d.Errors) == 0 {
			t.Errorf("%s: no field is named", query)
		}
	}
}

func TestOtherPathsAndMethods(t *testing.T) {
	w := newWorld(t)
	as, p := w.as("test", all()), w.house.Patient.ID
	for _, path := range []string{"/", "/api/patients/", "/API/patients", "/api/patients/" + p + "/", "/api/patients/%7B", "/api/patients/" + p + "%2Fbills",
		"/api//patients", "/api/patients/../patients"} {
		as.get(path).refused(http.StatusNotFound, "route_unknown")
	}
	as.do("PATCH", "/api/patients", "").refused(http.StatusMethodNotAllowed, "method_not_allowed")
	as.do("PUT", "/api/patients/"+p, "").refused(http.StatusMethodNotAllowed, "method_not_allowed")
}

func TestFailureTellsNothingInternal(t *testing.T) {
	w := newWorld(t)
	w.must(w.store.Close())
	d := w.doctor().get("/api/patients").refused(http.StatusServiceUnavailable, "unavailable")
	if d.Decision != "d-1" {
		t.Errorf("got decision %q, want d-1", d.Decision)
	}
	if !strings.Contains(w.log.String(), "database is closed") {
		t.Errorf("the log does not say why: %s", w.log)
	}
}

func TestParallelPutsLoseNoUpdate(t *testing.T) {
	w := newWorld(t)
	at := "/api/services/" + w.planned()
	list := "/api/patients/" + w.house.Patient.ID + "/services"
	read := func() map[string]any {
		for _, v := range items(w.doctor().get(list).ok(http.StatusOK)) {
			if "/api/services/"+v["id"].(string) == at {
				return v
			}
		}
		return nil
	}
	w.doctor().do("PUT", at, `{"treatment_details":"0"}`).ok(http.StatusOK)
	var wg sync.WaitGroup
	const writers, rounds = 6, 8
	for range writers {
		wg.Go(func() {
			for done := 0; done < rounds; {
				v := read()
				n, _ := strconv.Atoi(v["treatment_details"].(string))
				r := w.doctor().do("PUT", at, fmt.Sprintf(`{"treatment_details":"%d","version":%.0f}`, n+1, v["version"]))
				switch r.Code {
				case http.StatusOK:
					done++
				case http.StatusConflict:
				default:
					t.Errorf("got %d %s", r.Code, r.Body)
					return
				}
			}
		})
	}
	wg.Wait()
	if v := read(); v["treatment_details"] != strconv.Itoa(writers*rounds) || v["version"] != float64(writers*rounds+2) {
		t.Errorf("got %v at version %v, want %d", v["treatment_details"], v["version"], writers*rounds)
	}
}

func TestOpenAPIDescribesEveryRoute(t *testing.T) {
	w := newWorld(t)
	data, err := w.http.OpenAPI()
	w.must(err)
	var doc struct {
		OpenAPI    string                    `json:"openapi"`
		Paths      map[string]map[string]any `json:"paths"`
		Components struct {
			Schemas map[string]any `json:"schemas"`
		} `json:"components"`
	}
	w.must(json.Unmarshal(data, &doc))
	operations := 0
	for _, path := range doc.Paths {
		operations += len(path)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") || operations != 11 || len(doc.Components.Schemas) < 6 {
		t.Errorf("got OpenAPI %s with %d operations, %d schemas", doc.OpenAPI, operations, len(doc.Components.Schemas))
	}
}

// While another process holds the database, a change is answered and nothing is
// half done; reading goes on.
func TestALockedDatabaseIsAnswered(t *testing.T) {
	w := newWorld(t)
	w.http.SetDeadline(100 * time.Millisecond)
	service := "/api/services/" + w.planned()
	db, err := sqldb.OpenFile(w.file)
	w.must(err)
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	w.must(err)
	for _, r := range []result{
		w.nurse().do("POST", service+"/done", ""),
		w.doctor().do("POST", "/api/patients", `{"name":"Testa Mock"}`),
		w.doctor().do("DELETE", "/api/patients/"+w.house.Patient.ID, ""),
	} {
		r.refused(http.StatusServiceUnavailable, "unavailable")
		if r.Header().Get("Retry-After") == "" {
			t.Error("got no Retry-After")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if w.store.Ready(ctx) == nil {
		t.Error("a database that takes no change is ready")
	}
	w.http.SetDeadline(records.Deadline)
	w.doctor().get("/api/patients/" + w.house.Patient.ID).ok(http.StatusOK)
	w.must(tx.Rollback())
	w.nurse().do("POST", service+"/done", "").ok(http.StatusOK)
	w.must(w.store.Ready(t.Context()))
}
