package records_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/records"
	"github.com/wardgate/wardgate/records/crypt"
	"github.com/wardgate/wardgate/records/demo"
	"github.com/wardgate/wardgate/records/store"
)

// A world is the service over the invented hospital, as the enforcement point
// reaches it.
type world struct {
	t     testing.TB
	house demo.Dataset
	store *store.Store
	key   *assertion.Key
	http  *records.Service
	log   *bytes.Buffer
	file  string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, house: trimmed(demo.Hospital(1), patients), log: &bytes.Buffer{}, file: filepath.Join(dir, "records.db")}
	cipher, err := crypt.Open(dir)
	w.must(err)
	w.store, err = store.Open(context.Background(), w.file, cipher)
	w.must(err)
	t.Cleanup(func() { _ = w.store.Close() })
	w.must(w.store.Fill(context.Background(), w.house.Dataset))
	w.key, err = assertion.NewKey(bytes.Repeat([]byte("k"), 32))
	w.must(err)
	w.http = records.New(w.store, w.key, slog.New(slog.NewTextHandler(w.log, nil)))
	return w
}

// patients is how many of the invented patients a world has: as many for each
// doctor, and more than a standard page in all.
const patients = 64

func trimmed(h demo.Dataset, n int) demo.Dataset {
	kept := map[string]bool{}
	h.Patients = h.Patients[:n]
	for _, p := range h.Patients {
		kept[p.ID] = true
	}
	h.Services = slices.DeleteFunc(h.Services, func(v store.Service) bool { return !kept[v.Patient] })
	h.Bills = slices.DeleteFunc(h.Bills, func(b store.Bill) bool { return !kept[b.Patient] })
	return h
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func all() *assertion.Condition { return &assertion.Condition{Type: "all"} }

func where(field, value string) *assertion.Condition {
	return &assertion.Condition{Type: "field", Operator: "eq", Field: field, Value: value}
}

// A caller sends requests with one set of claims.
type caller struct {
	w      *world
	claims assertion.Claims
}

func (w *world) as(role string, rows *assertion.Condition) caller {
	return caller{w, assertion.Claims{Role: role, Action: "test", Decision: "d-1", Rows: rows}}
}

func (w *world) doctor() caller {
	c := w.as("doctor", where("patient.doctor", w.house.Doctor.ID))
	c.claims.Staff, c.claims.Department = w.house.Doctor.ID, w.house.Doctor.Department
	return c
}

func (w *world) doctor2() caller {
	c := w.as("doctor", where("patient.doctor", w.house.Doctor2.ID))
	c.claims.Staff, c.claims.Department = w.house.Doctor2.ID, w.house.Doctor2.Department
	return c
}

func (w *world) nurse() caller {
	c := w.as("nurse", where("patient.department", w.house.Nurse.Department))
	c.claims.Staff, c.claims.Department = w.house.Nurse.ID, w.house.Nurse.Department
	return c
}

func (w *world) patient() caller {
	c := w.as("patient", where("patient.id", w.house.Patient.ID))
	c.claims.Patient = w.house.Patient.ID
	return c
}

func (c caller) withhold(names ...string) caller {
	c.claims.Withhold = names
	return c
}

// do sends a request with an assertion about exactly it. Headers are name,
// value pairs.
func (c caller) do(method, target, body string, headers ...string) result {
	c.w.t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	path, query, _ := strings.Cut(r.RequestURI, "?")
	c.claims.Method, c.claims.Path = method, path
	c.claims.QueryDigest, c.claims.BodyDigest = assertion.Digest([]byte(query)), assertion.Digest([]byte(body))
	signed, err := c.w.key.Sign(c.claims, records.Audience, time.Now())
	c.w.must(err)
	r.Header.Set(assertion.Header, signed)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	c.w.http.ServeHTTP(rec, r)
	return result{c.w.t, rec}
}

func (c caller) get(target string) result { return c.do(http.MethodGet, target, "") }

type result struct {
	t testing.TB
	*httptest.ResponseRecorder
}

// ok checks the status and returns the body's fields.
func (r result) ok(status int) map[string]any {
	r.t.Helper()
	if r.Code != status {
		r.t.Fatalf("got %d %s, want %d", r.Code, r.Body, status)
	}
	if got := r.Header().Get("Cache-Control"); got != "no-store" {
		r.t.Errorf("got Cache-Control %q, want no-store", got)
	}
	if r.Body.Len() == 0 {
		return nil
	}
	var body map[string]any
	if err := json.Unmarshal(r.Body.Bytes(), &body); err != nil {
		r.t.Fatalf("body: %v", err)
	}
	return body
}

// refused checks for a problem with this status and first reason.
func (r result) refused(status int, reason string) problem.Document {
	r.t.Helper()
	var d problem.Document
	if err := json.Unmarshal(r.Body.Bytes(), &d); err != nil {
		r.t.Fatalf("got %d %s: %v", r.Code, r.Body, err)
	}
	if r.Code != status || d.Status != status || !slices.Equal(d.Reasons, []string{reason}) {
		r.t.Fatalf("got %d %v, want %d %s", r.Code, d.Reasons, status, reason)
	}
	if got := r.Header().Get("Content-Type"); got != problem.ContentType {
		r.t.Errorf("got Content-Type %q, want %q", got, problem.ContentType)
	}
	if r.Header().Get(assertion.PatientsHeader) != "" {
		r.t.Error("a refusal names patients")
	}
	return d
}

// about checks which patients the answer names.
func (r result) about(ids ...string) result {
	r.t.Helper()
	if got, want := r.Header().Get(assertion.PatientsHeader), strings.Join(ids, ","); got != want {
		r.t.Errorf("got patients %q, want %q", got, want)
	}
	return r
}

func items(body map[string]any) []map[string]any {
	var found []map[string]any
	for _, item := range body["items"].([]any) {
		found = append(found, item.(map[string]any))
	}
	return found
}

// planned returns the id of a planned service of the demo's patient.
func (w *world) planned() string {
	for _, v := range w.house.Services {
		if v.Patient == w.house.Patient.ID && v.Status == store.Planned {
			return v.ID
		}
	}
	w.t.Fatal("the demo's patient has no planned service")
	return ""
}
