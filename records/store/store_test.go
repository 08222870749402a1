package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/records/crypt"
	"github.com/wardgate/wardgate/records/demo"
	"github.com/wardgate/wardgate/records/store"
)

func at() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 8000, time.UTC) }

func TestFilledHospitalReadsBackWhole(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	names := map[string]string{}
	for _, one := range w.house.Staff {
		names[one.ID] = one.Name
	}
	for _, d := range w.house.Departments {
		names[d.ID] = d.Name
	}
	want := w.house.Patient
	want.DoctorName, want.DepartmentName = names[want.Doctor], names[want.Department]
	if got, err := w.Store.Patient(ctx, all(t), want.ID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("patient: got %+v, %v, want %+v", got, err, want)
	}
	var services []store.Service
	for _, v := range w.house.Services {
		if v.Patient == want.ID {
			services = append(services, v)
		}
	}
	if got, err := w.Store.Services(ctx, all(t), want.ID); err != nil || !reflect.DeepEqual(got, services) {
		t.Errorf("services: got %+v, %v, want %+v", got, err, services)
	}
	var bills []store.Bill
	for _, b := range w.house.Bills {
		if b.Patient == want.ID {
			b.Payments = append([]store.Payment{}, b.Payments...)
			bills = append(bills, b)
		}
	}
	if got, err := w.Store.Bills(ctx, all(t), want.ID); err != nil || !reflect.DeepEqual(got, bills) {
		t.Errorf("bills: got %+v, %v, want %+v", got, err, bills)
	}
	if err := w.Fill(ctx, w.house.Dataset); err == nil {
		t.Error("the same hospital was filled in twice")
	}
}

func TestEmptyTellsAFreshStore(t *testing.T) {
	s := openStore(t, sqldbtest.New(t), t.TempDir())
	if empty, err := s.Empty(context.Background()); err != nil || !empty {
		t.Errorf("fresh: got %v, %v, want true", empty, err)
	}
	if empty, err := newWorld(t).Empty(context.Background()); err != nil || empty {
		t.Errorf("filled: got %v, %v, want false", empty, err)
	}
	if err := s.Ready(context.Background()); err != nil {
		t.Errorf("ready: %v", err)
	}
}

func TestPagesCoverEveryPatientOnce(t *testing.T) {
	w := newWorld(t)
	seen := map[string]bool{}
	for after, pages := "", 0; ; pages++ {
		found, next, err := w.Store.Patients(context.Background(), all(t), after, 12)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range found {
			if seen[p.ID] {
				t.Fatalf("%s came twice", p.ID)
			}
			seen[p.ID] = true
		}
		if next == "" {
			if pages != 3 || len(seen) != patients {
				t.Fatalf("got %d patients on %d pages, want %d on 4", len(seen), pages+1, patients)
			}
			return
		}
		after = next
	}
}

// What was moved or altered in the file is never shown, and named; it hides
// nothing else.
func TestMovedOrErasedCiphertextIsUnreadable(t *testing.T) {
	one, two := demo.Hospital(1).Patients[0].ID, demo.Hospital(1).Patients[1].ID
	tests := []struct {
		name string
		sql  []string
		want []string
	}{
		{"two rows swapped", []string{
			"CREATE TABLE moved AS SELECT id, name FROM patients",
			"UPDATE patients SET name = (SELECT name FROM moved WHERE id = '" + two + "') WHERE id = '" + one + "'",
			"UPDATE patients SET name = (SELECT name FROM moved WHERE id = '" + one + "') WHERE id = '" + two + "'"}, []string{"name"}},
		{"two columns swapped", []string{
			"CREATE TABLE moved AS SELECT id, name, contact FROM patients",
			"UPDATE patients SET name = (SELECT contact FROM moved WHERE moved.id = patients.id), contact = (SELECT name FROM moved WHERE moved.id = patients.id)",
		}, []string{"name", "contact"}},
		{"erased", []string{"UPDATE patients SET allergies = ''"}, []string{"allergies"}},
		{"plain text put in", []string{"UPDATE patients SET diagnoses = 'healthy'"}, []string{"diagnoses"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			for _, statement := range tt.sql {
				if _, err := w.raw(t).Exec(statement); err != nil {
					t.Fatal(err)
				}
			}
			p, err := w.Store.Patient(context.Background(), all(t), one)
			if err != nil || !slices.Equal(p.Fields, tt.want) {
				t.Errorf("one: got %v, unreadable %v, want %v", err, p.Fields, tt.want)
			}
			for field, text := range map[string]string{"name": p.Name, "contact": p.Contact, "allergies": p.Allergies, "diagnoses": p.Diagnoses} {
				if shown := text != ""; shown == slices.Contains(tt.want, field) {
					t.Errorf("%s: got %q", field, text)
				}
			}
			found, _, err := w.Store.Patients(context.Background(), all(t), "", 100)
			if err != nil || len(found) != patients {
				t.Errorf("list: got %d patients, %v, want all %d", len(found), err, patients)
			}
		})
	}
}

func TestOtherKeysAreRefusedAtOnce(t *testing.T) {
	w := newWorld(t)
	cipher, err := crypt.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if s, err := store.New(context.Background(), w.db(), cipher); !errors.Is(err, crypt.ErrSealed) || s != nil {
		t.Fatalf("got %v, want %v", err, crypt.ErrSealed)
	}
}

func TestCareViewsShowOnlyWhatIsThere(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	p := w.house.Patient
	services, err := w.Store.Services(ctx, all(t), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	count := func(query, id string) (n int) {
		t.Helper()
		if err := w.raw(t).QueryRow(query, id).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const byStaff = "SELECT COUNT(*) FROM care_patient WHERE patient_id = ? AND staff_id <> '' AND department_id <> ''"
	const byPatient = "SELECT COUNT(*) FROM care_service WHERE patient_id = ? AND service_id <> ''"
	if got := count(byStaff, p.ID); got != 1 {
		t.Errorf("got %d rows for the patient, want 1", got)
	}
	planned := slices.IndexFunc(services, func(v store.Service) bool { return v.Status == store.Planned })
	if _, err := w.DeleteService(ctx, all(t), services[planned].ID, 0, at()); err != nil {
		t.Fatal(err)
	}
	if got := count(byPatient, p.ID); got != len(services)-1 {
		t.Errorf("got %d services, want %d", got, len(services)-1)
	}
	if err := w.DeletePatient(ctx, all(t), p.ID, 0, at()); err != nil {
		t.Fatal(err)
	}
	if got := count(byStaff, p.ID) + count(byPatient, p.ID); got != 0 {
		t.Errorf("got %d rows for a deleted patient, want none", got)
	}
}

func TestDeletedPatientIsGoneUntilRestored(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	p, mine := w.house.Patient, ofDoctor(t, w.house.Doctor.ID)
	if err := w.DeletePatient(ctx, ofDoctor(t, w.house.Doctor2.ID), p.ID, 0, at()); !errors.Is(err, store.ErrNotVisible) {
		t.Fatalf("by another doctor: got %v, want %v", err, store.ErrNotVisible)
	}
	if err := w.DeletePatient(ctx, mine, p.ID, 7, at()); !errors.Is(err, store.ErrConflict) {
		t.Fatalf("of another version: got %v, want %v", err, store.ErrConflict)
	}
	if err := w.DeletePatient(ctx, mine, p.ID, 1, at()); err != nil {
		t.Fatal(err)
	}
	_, read := w.Store.Patient(ctx, mine, p.ID)
	_, services := w.Store.Services(ctx, mine, p.ID)
	_, bills := w.Store.Bills(ctx, mine, p.ID)
	_, add := w.AddService(ctx, mine, store.Service{Patient: p.ID, Kind: store.Treatment, OrderedBy: w.house.Doctor.ID}, at())
	for _, err := range []error{read, services, bills, add, w.DeletePatient(ctx, mine, p.ID, 0, at())} {
		if !errors.Is(err, store.ErrNotVisible) {
			t.Errorf("got %v, want %v", err, store.ErrNotVisible)
		}
	}
	if err := w.RestorePatient(ctx, ofDoctor(t, w.house.Doctor2.ID), p.ID); !errors.Is(err, store.ErrNotVisible) {
		t.Errorf("restored outside the rows: %v", err)
	}
	if err := w.RestorePatient(ctx, mine, p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Store.Patient(ctx, mine, p.ID); err != nil {
		t.Errorf("after restoring: %v", err)
	}
}

func TestNewPatientMustBeAmongTheRows(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	e, _ := enrolment(t, at())
	give := store.Patient{Name: "Newt Fictitio", Sex: "other", Doctor: w.house.Doctor.ID, Department: w.house.Doctor.Department}
	tests := []struct {
		name string
		rows store.Rows
		edit func(*store.Patient)
		want error
	}{
		{"own", ofDoctor(t, w.house.Doctor.ID), nil, nil},
		{"another doctor's rows", ofDoctor(t, w.house.Doctor2.ID), nil, store.ErrNotVisible},
		{"no rows", rows(t, assertion.Condition{Type: "none"}), nil, store.ErrNotVisible},
		{"zero rows", store.Rows{}, nil, store.ErrNotVisible},
		{"unknown doctor", all(t), func(p *store.Patient) { p.Doctor = "nobody" }, store.ErrStaff},
		{"another department", all(t), func(p *store.Patient) { p.Department = w.house.Departments[3].ID }, store.ErrStaff},
	}
	want := patients
	for _, tt := range tests {
		p := give
		if tt.edit != nil {
			tt.edit(&p)
		}
		added, err := w.AddPatient(ctx, tt.rows, p, e, at())
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		if tt.want == nil {
			want++
			if added.Name != p.Name || added.Number == "" || added.Version != 1 || !added.AdmittedAt.Equal(at()) {
				t.Errorf("%s: got %+v", tt.name, added)
			}
		}
		if found, _, _ := w.Store.Patients(ctx, all(t), "", 500); len(found) != want {
			t.Errorf("%s: got %d patients, want %d", tt.name, len(found), want)
		}
	}
}

func TestEnrolmentCodeWorksOnce(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	e, code := enrolment(t, at())
	p, err := w.AddPatient(ctx, all(t), store.Patient{Name: "x", Sex: "other", Doctor: w.house.Doctor.ID, Department: w.house.Doctor.Department}, e, at())
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string][2]string{
		"wrong code": {p.Number, "AAAA-AAAA-AAAA"}, "no code": {p.Number, ""}, "unknown number": {"P-XXXXXX", code},
		"blanks": {p.Number, " " + code}, "too long": {p.Number, code + strings.Repeat("A", 100)},
	} {
		if _, err := w.Enrol(ctx, try[0], try[1], at()); !errors.Is(err, store.ErrEnrolment) {
			t.Errorf("%s: got %v, want %v", name, err, store.ErrEnrolment)
		}
	}
	if _, err := w.Enrol(ctx, p.Number, code, at().AddDate(0, 2, 0)); !errors.Is(err, store.ErrEnrolment) {
		t.Errorf("expired: got %v, want %v", err, store.ErrEnrolment)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if id, err := w.Enrol(ctx, strings.ToLower(p.Number), strings.ToLower(code), at()); err == nil && id == p.ID {
				won.Add(1)
			} else if !errors.Is(err, store.ErrEnrolment) {
				t.Errorf("got %q, %v", id, err)
			}
		})
	}
	wg.Wait()
	if got := won.Load(); got != 1 {
		t.Errorf("got %d winners, want 1", got)
	}
	var kept string
	if err := w.raw(t).QueryRow("SELECT code_hash FROM enrolments WHERE patient_id = ?", p.ID).Scan(&kept); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kept, "$2a$10$") || strings.Contains(kept, code) {
		t.Error("the code is not kept as a bcrypt hash of cost 10")
	}
}

// Someone who guesses a code learns from the time that it takes nothing of which
// numbers exist: every refusal has compared one code, at the same cost.
func TestEveryRefusedEnrolmentComparesOneCode(t *testing.T) {
	w := newWorld(t)
	enrol := func() (number, code string) {
		t.Helper()
		e, code := enrolment(t, at())
		p, err := w.AddPatient(t.Context(), all(t), store.Patient{Name: "x", Sex: "other", Doctor: w.house.Doctor.ID, Department: w.house.Doctor.Department}, e, at())
		if err != nil {
			t.Fatal(err)
		}
		return p.Number, code
	}
	number, code := enrol()
	used, usedCode := enrol()
	if _, err := w.Enrol(t.Context(), used, usedCode, at()); err != nil {
		t.Fatal(err)
	}
	compared := w.Compared()
	for name, guess := range map[string]struct {
		number, code string
		now          time.Time
	}{
		"wrong code":     {number, "AAAA-AAAA-AAAA", at()},
		"unknown number": {"P-XXXXXX", code, at()},
		"used":           {used, usedCode, at()},
		"expired":        {number, code, at().AddDate(1, 0, 0)},
		"overlong code":  {number, strings.Repeat("A", 1000), at()},
		"no code":        {number, "", at()},
	} {
		t.Run(name, func(t *testing.T) {
			*compared = nil
			if _, err := w.Enrol(t.Context(), guess.number, guess.code, guess.now); !errors.Is(err, store.ErrEnrolment) {
				t.Fatalf("got %v, want %v", err, store.ErrEnrolment)
			}
			if len(*compared) != 1 {
				t.Fatalf("compared %d codes, want 1", len(*compared))
			}
			if cost, err := bcrypt.Cost((*compared)[0]); err != nil || cost != 10 {
				t.Errorf("got cost %d, %v, want 10", cost, err)
			}
		})
	}
}

func TestStaffRecords(t *testing.T) {
	w := newWorld(t)
	if got, err := w.Store.Staff(context.Background(), w.house.Nurse.ID); err != nil || got != w.house.Nurse {
		t.Errorf("got %+v, %v, want %+v", got, err, w.house.Nurse)
	}
	if _, err := w.Store.Staff(context.Background(), "nobody"); !errors.Is(err, store.ErrStaff) {
		t.Errorf("got %v, want %v", err, store.ErrStaff)
	}
}

func TestWholeHospitalFits(t *testing.T) {
	s := openStore(t, sqldbtest.New(t), t.TempDir())
	h := demo.Hospital(1)
	if err := s.Fill(context.Background(), h.Dataset); err != nil {
		t.Fatal(err)
	}
	if found, _, err := s.Patients(context.Background(), all(t), "", 500); err != nil || len(found) != len(h.Patients) {
		t.Errorf("got %d patients, %v, want %d", len(found), err, len(h.Patients))
	}
}

func BenchmarkFill(b *testing.B) {
	dir := b.TempDir()
	cipher, err := crypt.Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	h := demo.Hospital(1)
	for b.Loop() {
		b.StopTimer()
		s, err := store.Open(context.Background(), filepath.Join(b.TempDir(), "r.db"), cipher)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := s.Fill(context.Background(), h.Dataset); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
