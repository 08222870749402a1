package analysis_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"testing"
	"testing/fstest"
	"time"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/chain"
	"github.com/wardgate/wardgate/policies"
)

// An edit changes a rule book: what stands at the first match of the expression
// becomes the text.
type edit struct{ name, file, at, to string }

const tablesFolder = "authz/tables/"

// edits are one for each table and kind of answer that has ever been replayed
// without a flip.
var edits = []edit{
	{"mask", tablesFolder + "masks.rego", `masks := \{\}`, `masks := {"patient.read": {"doctor": {"pointers": ["/contact"]}}, "model.read": {"off_site": {"pointers": ["/x"], "pass": ["image/png"]}}}`},
	{"withheld off-site", tablesFolder + "withheld.rego", `"contact", "national_id"`, `"contact"`},
	{"withheld by role", tablesFolder + "withheld.rego", `\{"nurse": \{"national_id"\}\}`, `{"nurse": {"contact", "national_id"}, "doctor": {"payments"}}`},
	{"row condition", "records/rows/rows.rego", `input.patient.doctor == input.subject.properties.staff`, `input.patient.id == input.subject.properties.staff`},
	{"networks", tablesFolder + "thresholds.rego", `"127.0.0.1/32"`, `"10.0.0.0/8"`},
	{"hours", tablesFolder + "thresholds.rego", `"day_begins": 6`, `"day_begins": 11`},
	{"time zone", tablesFolder + "thresholds.rego", `"time_zone": "UTC"`, `"time_zone": "Asia/Tokyo"`},
	{"step-up age", tablesFolder + "thresholds.rego", `"elevation_seconds": 300`, `"elevation_seconds": 200`},
	{"hours of a right", tablesFolder + "hours.rego", `"Manage users": \{"security": "step_up_off_site"`, `"Manage users": {"security": "on_site"`},
	{"patients", tablesFolder + "thresholds.rego", `"patients_far_more": 400`, `"patients_far_more": 130`},
	{"predictions", tablesFolder + "thresholds.rego", `"predictions_many": 300`, `"predictions_many": 100`},
	{"freshness of a list", tablesFolder + "freshness.rego", `"revocation": \{"stale_after": 2`, `"revocation": {"stale_after": 30`},
	{"freshness of signals", tablesFolder + "freshness.rego", `"signals": \{"stale_after": 5, "unknown_after": 60`, `"signals": {"stale_after": 5, "unknown_after": 6000`},
	{"freshness of devices", tablesFolder + "freshness.rego", `"device": \{"stale_after": 5, "unknown_after": 30`, `"device": {"stale_after": 100, "unknown_after": 6000`},
	{"freshness of care", tablesFolder + "freshness.rego", `"care": \{"stale_after": 2, "unknown_after": 30`, `"care": {"stale_after": 100, "unknown_after": 6000`},
	{"freshness of places", tablesFolder + "freshness.rego", `"location": \{"stale_after": 5, "unknown_after": 30`, `"location": {"stale_after": 100, "unknown_after": 6000`},
	{"less freshness", tablesFolder + "freshness.rego", `"device": \{"stale_after": 5, "unknown_after": 30`, `"device": {"stale_after": 1, "unknown_after": 9`},
	{"stale reading", tablesFolder + "stale.rego", `"doctor": 5`, `"doctor": 1`},
	{"distance", tablesFolder + "limits.rego", `"drift_kilometres": [0-9]+`, `"drift_kilometres": 1000`},
	{"speed", tablesFolder + "limits.rego", `"travel_kilometres_an_hour": [0-9]+`, `"travel_kilometres_an_hour": 9`},
	{"countries", tablesFolder + "limits.rego", `"travel_country_seconds": [0-9]+`, `"travel_country_seconds": 40000`},
	{"wrong passwords", tablesFolder + "limits.rego", `"wrong_passwords": [0-9]+`, `"wrong_passwords": 8`},
	{"action of a path", tablesFolder + "routes.rego", `"GET", "/api/patients/\{patient\}", "records", "patient.read"`, `"GET", "/api/patients/{patient}", "records", "bill.list"`},
	{"path", tablesFolder + "routes.rego", `"GET", "/api/patients/\{patient\}/bills"`, `"GET", "/api/patients/{patient}/invoices"`},
	{"method", tablesFolder + "routes.rego", `"DELETE", "/api/patients/\{patient\}"`, `"PUT", "/api/patients/{patient}"`},
	{"status", tablesFolder + "reasons.rego", `"role_forbidden": \{"class": "right", "status": 403`, `"role_forbidden": {"class": "right", "status": 404`},
	{"budget", tablesFolder + "predictions.rego", `"rows": [0-9_]+`, `"rows": 7`},
	{"right", tablesFolder + "rights.rego", `"Billing and Finance": \{"patient": "self"`, `"Billing and Finance": {"patient": "self", "nurse": "department"`},
}

func edited(t *testing.T, list ...edit) fstest.MapFS {
	t.Helper()
	files := enginetest.Rules(t, policies.FS)
	for _, e := range list {
		at := regexp.MustCompile(e.at)
		text := files[e.file].Data
		found := at.FindIndex(text)
		if found == nil {
			t.Fatalf("%s: no %s in %s", e.name, e.at, e.file)
		}
		files[e.file] = &fstest.MapFile{Data: bytes.Join([][]byte{text[:found[0]], []byte(e.to), text[found[1]:]}, nil)}
	}
	return files
}

// A revision is a book that can serve.
type revision struct {
	candidate *engine.Candidate
	routes    *route.Table
	reasons   pdp.Reasons
	facts     *pointstest.Facts
	engine    *engine.Engine
}

func serving(t *testing.T, files fs.FS) *revision {
	t.Helper()
	list, err := rulebook.ReadRules(files)
	if err != nil {
		t.Fatal(err)
	}
	r := &revision{facts: &pointstest.Facts{}}
	if r.candidate, err = engine.Load(list, points.Sections()); err != nil {
		t.Fatal(err)
	}
	house := r.candidate.Book().Tables.House
	if r.routes, err = route.New(house); err != nil {
		t.Fatal(err)
	}
	r.reasons = house.Reasons
	r.engine = engine.NewFrom(r.candidate, pointstest.Sources(r.facts), nil, slog.New(slog.DiscardHandler), engine.Config{Timeout: time.Minute})
	return r
}

// A moment is one request in its situation.
type moment struct {
	request      pdp.Request
	method, path string // "" for what has no route
	facts        pointstest.Facts
}

// serve decides a moment, and returns what an enforcement point journals of it and
// the whole answer.
func (r *revision) serve(t *testing.T, id string, m moment) (pip.Event, answer.Whole) {
	t.Helper()
	if m.path != "" {
		m.request.Action.Name, m.request.Resource, _ = r.routes.Means("", m.method, m.path)
	}
	*r.facts = m.facts
	d, err := r.engine.Decide(t.Context(), m.request)
	if err != nil {
		t.Fatal(err)
	}
	trace := pdp.Trace{ID: id, Action: m.request.Action.Name, Address: m.request.Context.Address, Method: m.method, Path: m.path, Client: d.Evidence.Client()}
	return journalled(t, trace.Decided(&d, r.reasons, m.request.Context.Time)), answer.WholeOf(&d, r.reasons)
}

// journalled is an event as a journal gives it back.
func journalled(t *testing.T, e pip.Event) (back pip.Event) {
	t.Helper()
	text, err := chain.AppendEvent([]byte("{"), &e)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func reading(r *rand.Rand, source string) pip.Reading {
	state := pip.Fresh
	if r.IntN(12) == 0 {
		state = pip.Stale
	}
	return pip.Reading{Source: source, State: state, Age: pick(r, 0, 0, 0, 0, 0, 0, 40*time.Millisecond, 1999999999, 2*time.Second,
		2000000500, 10*time.Second, 90*time.Second, 130*time.Second, 2*time.Hour)}
}

// drawn makes up a moment on a ward.
func drawn(r *rand.Rand, routes []pdp.Route) moment {
	role := pick(r, "doctor", "doctor", "nurse", "patient", "security")
	m := moment{facts: pointstest.Facts{
		Identity:   pip.Identity{Reading: reading(r, "identity"), Account: pip.AccountActive, Role: role},
		Revocation: pip.Revoked{Reading: reading(r, "revocation")},
		Device:     pip.Device{Reading: reading(r, "device"), Match: pick(r, pip.DeviceSame, pip.DeviceSame, pip.DeviceSame, pip.DeviceChanged)},
		Location:   pip.Location{Reading: reading(r, "location"), Country: "DE"},
		Care:       pointstest.Care{Reading: reading(r, "care"), Patient: "p-1", Staff: []string{"s-1"}, Department: "d-1"},
		Signals: pip.Signals{
			Reading: reading(r, "signals"), Requests: pick(r, 0, 4, 3000), Denials: pick(r, 0, 0, 6, 20), Patients: pick(r, 0, 1, 130, 400),
			PatientsUsual: pick(r, 0, 9), Predictions: pick(r, 0, 100, 300),
		},
	}}
	if role == "security" {
		m.facts.Identity.Staff = "s-9"
	} else if role == "patient" {
		m.facts.Identity.Patient = pick(r, "p-1", "p-2")
	} else {
		m.facts.Identity.Staff, m.facts.Identity.Department = pick(r, "s-1", "s-1", "s-2"), "d-1"
	}
	at := time.Date(2026, 3, 2, r.IntN(24), 0, 0, r.IntN(1e9), time.UTC)
	m.request = pdp.Request{
		Subject: pdp.Subject{Type: pdp.SubjectUser, ID: "u-1"},
		Context: pdp.Context{
			Time: at, Address: pick(r, netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("192.0.2.7")),
			Credential: pdp.Credential{
				State: pdp.CredentialValid, Presented: "header", Session: "x", AMR: []string{"pwd", "otp"},
				ACR: pick(r, "urn:wardgate:acr:stepped-up", ""), AuthTime: at.Add(-pick(r, time.Second, 200*time.Second+time.Millisecond, 300*time.Second, 301*time.Second)),
			},
		},
	}
	if r.IntN(4) > 0 {
		line := routes[r.IntN(len(routes))]
		if r.IntN(2) == 0 {
			line = routes[r.IntN(8)]
		}
		if role == "security" && r.IntN(3) > 0 {
			line = pdp.Route{Method: "GET", Path: "/api/admin/users"}
		}
		m.method, m.path = line.Method, regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(line.Path, "p-1")
		return m
	}
	m.request.Action.Name = pick(r, "session.continue", "session.create", "log_in.fail")
	m.request.Resource.Type = "session"
	m.request.Context.LogIn = pdp.LogIn{Factor: pick(r, "", "password", "code"), Failures: r.IntN(12), Familiar: pick(r, "", "device", "network")}
	m.request.Context.Journey = pip.Journey{
		Country: pick(r, "", pip.CountrySame, pip.CountryOther, pip.CountryLost), Measured: r.IntN(2) == 0,
		Kilometres: pick(r, 1.5, 40.2, 700, 5000), Lost: r.IntN(6) == 0, Elapsed: pick(r, time.Minute, 5*time.Hour, 36*time.Hour),
	}
	return m
}

// Replay finds a flip exactly where serving the same moment by the other book gives
// another whole answer: for each table by itself, and for several at random.
func TestReplayFindsWhatServingWouldAnswerOtherwise(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 7))
	before := serving(t, enginetest.Rules(t, policies.FS))
	routes := before.candidate.Book().Tables.House.Routes
	const moments = 1500
	shift := make([]moment, moments)
	events, answers := make([]pip.Event, moments), make([]answer.Whole, moments)
	for i := range shift {
		shift[i] = drawn(r, routes)
		events[i], answers[i] = before.serve(t, fmt.Sprint(i), shift[i])
	}
	books := map[string][]edit{"none": nil}
	for _, e := range edits {
		books[e.name] = []edit{e}
	}
	for range 2 {
		i, j := r.IntN(len(edits)/2), len(edits)/2+r.IntN(len(edits)/2)
		books[edits[i].name+" and "+edits[j].name] = []edit{edits[i], edits[j]}
	}
	for name, list := range books {
		t.Run(name, func(t *testing.T) {
			after := serving(t, edited(t, list...))
			flips := 0
			for i := range shift {
				flips += before.alike(t, after, &events[i], &answers[i], shift[i])
			}
			if (flips == 0) != (name == "none") {
				t.Errorf("got %d flips", flips)
			}
		})
	}
}

// alike holds the replay of a record against serving its moment, and returns 1 for a
// flip.
func (r *revision) alike(t *testing.T, after *revision, e *pip.Event, was *answer.Whole, m moment) int {
	t.Helper()
	report, err := analysis.AgainForTest(after.candidate, after.routes, e)
	if err != nil {
		t.Fatal(err)
	}
	_, now := after.serve(t, "now", m)
	want := answer.Compare(was, &now)
	if (len(report.Flips) > 0) != (want.Class != answer.Equal) {
		t.Errorf("record %s of %s %s %s: replay finds %+v, serving differs by %+v\nmeasures %s\ninput %s", e.Decision, e.Method, e.Path, e.Action, report.Flips, want, e.Measures, e.Input)
	}
	if len(report.Flips) > 0 && report.Flips[0].Class != want.Class {
		t.Errorf("record %s: got class %q, want %q", e.Decision, report.Flips[0].Class, want.Class)
	}
	return len(report.Flips)
}
