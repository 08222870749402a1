package stories_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/care"
	"github.com/wardgate/wardgate/pip/care/sqlcare"
	"github.com/wardgate/wardgate/records/crypt"
	"github.com/wardgate/wardgate/records/demo"
	"github.com/wardgate/wardgate/records/store"
)

// hospitals is how many are invented; in each writingEvery-th one the changes
// are made too, and not only asked for.
const (
	hospitals    = 2000
	writingEvery = 50
)

// A hospital is small and odd: doctors have patients in departments that are
// not theirs, some accounts are linked to nothing.
type hospital struct {
	people   []pip.Identity
	patients []store.Patient
	services []store.Service // one of each patient
}

// A merged world holds all hospitals in one database, so that a condition that
// is too wide shows the patients of another one.
type merged struct {
	t       *testing.T
	store   *store.Store
	engine  *engine.Engine
	who     pip.Identity // who asks next
	facts   pointstest.Facts
	houses  []hospital
	allowed int
}

func inventHospital(r *rand.Rand, n int, all *store.Dataset) hospital {
	var h hospital
	name := func(kind string, i int) string { return fmt.Sprintf("%s-%d-%d", kind, n, i) }
	departments := 1 + r.IntN(2)
	for i := range departments {
		all.Departments = append(all.Departments, store.Department{ID: name("d", i), Name: "D"})
	}
	department := func() string { return name("d", r.IntN(departments)) }
	person := func(role string) pip.Identity {
		return pip.Identity{Reading: pip.Reading{Source: "identity", State: pip.Fresh}, Account: pip.AccountActive, Role: role}
	}
	staff := 2 + r.IntN(2)
	for i := range staff {
		s := store.Staff{ID: name("s", i), Name: "S", Role: demo.Doctor, Department: department()}
		if i > 0 && r.IntN(2) == 0 {
			s.Role = demo.Nurse
		}
		all.Staff = append(all.Staff, s)
		p := person(s.Role)
		p.Staff, p.Department = s.ID, s.Department
		h.people = append(h.people, p)
	}
	for i := range 1 + r.IntN(3) {
		p := store.Patient{ID: name("p", i), Number: fmt.Sprintf("P-%d-%d", n, i), Name: "P", Sex: "unknown",
			Doctor: name("s", r.IntN(staff)), Department: department(), AdmittedAt: time.Unix(0, 0)}
		h.patients = append(h.patients, p)
		h.services = append(h.services, store.Service{ID: name("v", i), Patient: p.ID, Kind: store.Treatment,
			TreatmentDetails: "rest", Status: store.Planned, OrderedAt: time.Unix(0, 0), OrderedBy: p.Doctor})
		who := person("patient")
		who.Patient = p.ID
		h.people = append(h.people, who)
	}
	h.people = append(h.people, person([]string{"doctor", "nurse", "patient", "security"}[r.IntN(4)]))
	all.Patients, all.Services = append(all.Patients, h.patients...), append(all.Services, h.services...)
	return h
}

func newMerged(t *testing.T) *merged {
	t.Helper()
	dir := t.TempDir()
	cipher, err := crypt.Open(filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	file := filepath.Join(dir, "records.db")
	m := &merged{t: t}
	if m.store, err = store.Open(ctx, file, cipher); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.store.Close() })
	var all store.Dataset
	r := rand.New(rand.NewPCG(17, 4))
	for n := range hospitals {
		m.houses = append(m.houses, inventHospital(r, n, &all))
	}
	if err := m.store.Fill(ctx, all); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	sources := pointstest.Sources(&m.facts)
	for i, s := range sources {
		if s.Name() == "care" {
			sources[i] = care.New(sqlcare.New(db))
		}
	}
	files, err := rulebook.ReadRules(os.DirFS(bookWithMatron(t)))
	if err != nil {
		t.Fatal(err)
	}
	book, err := engine.Load(files, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	m.engine = engine.NewFrom(book, sources, nil, slog.New(slog.DiscardHandler), engine.Config{Timeout: 5 * time.Second})
	return m
}

// undisturbed puts nothing in the way but the rows: what the information points
// but care say.
func undisturbed(who pip.Identity) pointstest.Facts {
	fresh := func(source string) pip.Reading { return pip.Reading{Source: source, State: pip.Fresh} }
	return pointstest.Facts{
		Identity:   who,
		Revocation: pip.Revoked{Reading: fresh("revocation")},
		Device:     pip.Device{Reading: fresh("device"), Match: pip.DeviceSame},
		Location:   pip.Location{Reading: fresh("location")},
		Signals:    pip.Signals{Reading: fresh("signals")},
	}
}

// ask decides for who is m.who, freshly stepped up.
func (m *merged) ask(action, kind, id string) pdp.Decision {
	m.t.Helper()
	m.facts = undisturbed(m.who)
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	r := pdp.Request{
		Subject:  pdp.Subject{Type: "user", ID: "u-" + m.who.Staff + m.who.Patient},
		Action:   pdp.Action{Name: action},
		Resource: pdp.Resource{Type: kind, ID: id},
		Context: pdp.Context{Time: now, Address: netip.MustParseAddr("127.0.0.1"), Credential: pdp.Credential{
			State: pdp.CredentialValid, Presented: "header", Session: "x", AMR: []string{"pwd", "otp"},
			ACR: "urn:wardgate:acr:stepped-up", AuthTime: now,
		}},
	}
	d, err := m.engine.Decide(context.Background(), r)
	if err != nil || !d.Allow && slices.Contains(d.Reasons, "care_unknown") {
		m.t.Fatalf("%s %s: no decision: %v, %v", action, id, d.Reasons, err)
	}
	return d
}

// rows is the condition that a decision carries, as the records service reads
// it; none for a denial.
func (m *merged) rows(d pdp.Decision) (store.Rows, bool) {
	m.t.Helper()
	if !d.Allow {
		return store.Rows{}, false
	}
	for _, o := range d.Obligations {
		var p struct{ Condition *assertion.Condition }
		if o.ID != "row_condition" {
			continue
		}
		if err := json.Unmarshal(o.Properties, &p); err != nil {
			m.t.Fatal(err)
		}
		rows, err := store.NewRows(p.Condition)
		if err != nil {
			m.t.Fatal(err)
		}
		return rows, true
	}
	m.t.Fatal("a decision allows and limits no rows")
	return store.Rows{}, false
}

func (m *merged) visible(rows store.Rows, id string) bool {
	m.t.Helper()
	_, err := m.store.Patient(context.Background(), rows, id)
	if err != nil && !errors.Is(err, store.ErrNotVisible) {
		m.t.Fatal(err)
	}
	return err == nil
}

// Whatever the hospital, the rows that a condition admits are those that the
// rules allow one by one, for every subject.
func TestRowsAgreeInAnyHospital(t *testing.T) {
	m := newMerged(t)
	t.Run("reading", func(t *testing.T) { m.t = t; m.listAndSingleReadingAgree() })
	t.Run("reading all", func(t *testing.T) { m.t = t; m.wholeHospitalAgrees() })
	t.Run("changing", func(t *testing.T) { m.t = t; m.changesAndDecisionsAgree() })
}

// A row is listed exactly where reading it alone is allowed.
func (m *merged) listAndSingleReadingAgree() {
	t := m.t
	for n := range m.houses {
		house, stranger := &m.houses[n], m.houses[(n+1)%hospitals].patients[0]
		for _, m.who = range house.people {
			listed := map[string]bool{}
			if rows, ok := m.rows(m.ask("patient.list", "patient", "")); ok {
				found, next, err := m.store.Patients(context.Background(), rows, "", 100)
				if err != nil || next != "" {
					t.Fatalf("list: %v, more after %q", err, next)
				}
				for _, p := range found {
					listed[p.ID] = true
				}
			}
			for _, p := range append([]store.Patient{stranger}, house.patients...) {
				d := m.ask("patient.read", "patient", p.ID)
				rows, allowed := m.rows(d)
				own := m.who.Role == "patient" && m.who.Patient == p.ID // may read, and has no list
				if allowed != (listed[p.ID] || own) {
					t.Fatalf("%+v: reading %s is allowed: %t (%v); listed: %t", m.who, p.ID, allowed, d.Reasons, listed[p.ID])
				}
				if allowed && !m.visible(rows, p.ID) {
					t.Fatalf("%+v: reading %s is allowed, and its rows do not hold it", m.who, p.ID)
				}
				delete(listed, p.ID)
				m.count(allowed)
			}
			if len(listed) > 0 {
				t.Fatalf("%+v: rows of elsewhere are listed: %v", m.who, listed)
			}
		}
	}
	if m.allowed < hospitals {
		t.Errorf("only %d readings were allowed: the comparison says little", m.allowed)
	}
}

// bookWithMatron is the built-in rule book with a role that reads every patient.
func bookWithMatron(t *testing.T) string {
	t.Helper()
	dir := rig.CopyBook(t)
	tables := filepath.Join(dir, "authz", "tables")
	rig.EditFile(t, filepath.Join(tables, "roles.rego"), "roles := {", "roles := {\n\t\"matron\": {\"kind\": \"staff\", \"sign_up\": false, \"record\": \"none\"},")
	for _, right := range []string{"Responsible Patients", "Patient Health overview", "Patient clinical services"} {
		rig.EditFile(t, filepath.Join(tables, "rights.rego"), `"`+right+`": {`, `"`+right+`": {"matron": "all", `)
	}
	return dir
}

// Who reaches every patient lists every row, and may read each of them alone; a
// right without that reach reaches none.
func (m *merged) wholeHospitalAgrees() {
	t, ctx := m.t, context.Background()
	m.who = pip.Identity{Reading: pip.Reading{Source: "identity", State: pip.Fresh}, Account: pip.AccountActive, Role: "matron"}
	rows, ok := m.rows(m.ask("patient.list", "patient", ""))
	if !ok {
		t.Fatal("the list is denied")
	}
	listed := map[string]bool{}
	for after := ""; ; {
		found, next, err := m.store.Patients(ctx, rows, after, 500)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range found {
			listed[p.ID] = true
		}
		if after = next; after == "" {
			break
		}
	}
	patients := 0
	for n := range m.houses {
		for _, p := range m.houses[n].patients {
			patients++
			if !listed[p.ID] {
				t.Fatalf("%s is not listed", p.ID)
			}
			if n%writingEvery != 0 {
				continue
			}
			if rows, ok := m.rows(m.ask("patient.read", "patient", p.ID)); !ok || !m.visible(rows, p.ID) {
				t.Fatalf("reading %s is allowed: %t, or its rows do not hold it", p.ID, ok)
			}
			if d := m.ask("patient.delete", "patient", p.ID); d.Allow {
				t.Fatalf("deleting %s is allowed", p.ID)
			}
		}
	}
	if len(listed) != patients {
		t.Errorf("%d patients are listed, want %d", len(listed), patients)
	}
}

func (m *merged) count(allowed bool) {
	if allowed {
		m.allowed++
	}
}

// With the condition of a change, the store changes exactly what the rules
// allow to be changed one by one.
func (m *merged) changesAndDecisionsAgree() {
	m.allowed = 0
	ctx := context.Background()
	details := "changed"
	edit := func(rows store.Rows, v store.Service) error {
		_, err := m.store.ChangeService(ctx, rows, v.ID, store.ServiceChange{TreatmentDetails: &details}, 0)
		return err
	}
	list := func(rows store.Rows, v store.Service) error {
		_, err := m.store.Services(ctx, rows, v.Patient)
		return err
	}
	finish := func(rows store.Rows, v store.Service) error {
		_, err := m.store.FinishService(ctx, rows, v.ID, m.who.Staff, 0, time.Unix(1, 0))
		if errors.Is(err, store.ErrDone) {
			return nil // it was within reach, and somebody had done it
		}
		return err
	}
	remove := func(rows store.Rows, v store.Service) error {
		return m.store.DeletePatient(ctx, rows, v.Patient, 0, time.Unix(2, 0))
	}
	for n := 0; n < hospitals; n += writingEvery {
		house := &m.houses[n]
		for _, step := range []struct {
			action, kind string
			do           func(store.Rows, store.Service) error
		}{{"service.list", "patient", list}, {"service.edit", "service", edit}, {"service.complete", "service", finish}, {"patient.delete", "patient", remove}} {
			for _, m.who = range house.people {
				m.compare(house, step.action, step.kind, step.do)
			}
		}
	}
	if m.allowed < hospitals/writingEvery {
		m.t.Errorf("only %d changes were allowed: the comparison says little", m.allowed)
	}
}

// compare takes every decision first, and then acts on every service under the
// condition of the first decision that allows, which is the widest there is.
func (m *merged) compare(house *hospital, action, kind string, do func(store.Rows, store.Service) error) {
	m.t.Helper()
	var rows store.Rows // admits nothing
	allowed := make([]bool, len(house.services))
	for i, v := range house.services {
		id := v.ID
		if kind == "patient" {
			id = v.Patient
		}
		d := m.ask(action, kind, id)
		if r, ok := m.rows(d); ok {
			rows, allowed[i] = r, true
		}
	}
	for i, v := range house.services {
		err := do(rows, v)
		if err != nil && !errors.Is(err, store.ErrNotVisible) {
			m.t.Fatal(err)
		}
		if (err == nil) != allowed[i] {
			m.t.Fatalf("%+v: %s on %s is allowed: %t, and done: %v", m.who, action, v.ID, allowed[i], err)
		}
		m.count(allowed[i])
	}
}
