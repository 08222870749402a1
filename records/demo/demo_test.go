package demo_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/records/demo"
	"github.com/wardgate/wardgate/records/store"
)

func TestSameSeedSameHospital(t *testing.T) {
	if !reflect.DeepEqual(demo.Hospital(7), demo.Hospital(7)) {
		t.Error("two hospitals of one seed differ")
	}
	if demo.Hospital(7).Doctor.ID == demo.Hospital(8).Doctor.ID {
		t.Error("two seeds gave the same doctor")
	}
}

func TestEveryDepartmentIsStaffed(t *testing.T) {
	h := demo.Hospital(1)
	if got := len(h.Departments); got < 4 {
		t.Errorf("got %d departments, want at least 4", got)
	}
	if got := len(h.Staff); got < 12 {
		t.Errorf("got %d staff, want at least 12", got)
	}
	for _, d := range h.Departments {
		roles := map[string]int{}
		for _, one := range h.Staff {
			if one.Department == d.ID {
				roles[one.Role]++
			}
		}
		if roles[demo.Doctor] == 0 || roles[demo.Nurse] == 0 {
			t.Errorf("%s: got %v, want doctors and nurses", d.Name, roles)
		}
	}
}

func TestPatientsAreCompleteAndPlainlyInvented(t *testing.T) {
	h := demo.Hospital(1)
	if got := len(h.Patients); got != 200 {
		t.Fatalf("got %d patients, want 200", got)
	}
	services, bills, names := map[string]int{}, map[string]int{}, map[string]bool{}
	for _, v := range h.Services {
		services[v.Patient]++
	}
	for _, b := range h.Bills {
		bills[b.Patient]++
		paid := int64(0)
		for _, p := range b.Payments {
			paid += p.Amount
		}
		if (b.Status == store.Paid) != (paid == b.Amount) || (b.Status == store.Unpaid) != (paid == 0) {
			t.Errorf("bill %s: status %s with %d of %d paid", b.ID, b.Status, paid, b.Amount)
		}
	}
	for _, p := range h.Patients {
		if services[p.ID] == 0 || bills[p.ID] == 0 {
			t.Errorf("%s: %d services, %d bills", p.Number, services[p.ID], bills[p.ID])
		}
		if !strings.HasPrefix(p.NationalID, "ZZ-000-") || !strings.Contains(p.Contact, "@example.test, +00 ") {
			t.Errorf("%s might be somebody", p.Number)
		}
		names[p.Name] = true
	}
	if len(names) != 200 {
		t.Errorf("got %d different names, want 200", len(names))
	}
}

func TestIDsAreUniqueUUIDs(t *testing.T) {
	h := demo.Hospital(1)
	var ids []string
	for _, x := range h.Departments {
		ids = append(ids, x.ID)
	}
	for _, x := range h.Staff {
		ids = append(ids, x.ID)
	}
	for _, x := range h.Patients {
		ids = append(ids, x.ID)
	}
	for _, x := range h.Services {
		ids = append(ids, x.ID)
	}
	for _, x := range h.Bills {
		ids = append(ids, x.ID)
		for _, p := range x.Payments {
			ids = append(ids, p.ID)
		}
	}
	seen := map[string]bool{}
	for _, id := range ids {
		u, err := uuid.Parse(id)
		if err != nil || u.Version() != 7 || u.Variant() != uuid.RFC4122 || seen[id] {
			t.Fatalf("bad or repeated id %s: %v", id, err)
		}
		seen[id] = true
	}
}

func TestDemoAccountsHaveSomethingToSee(t *testing.T) {
	h := demo.Hospital(1)
	count := map[string]int{}
	for _, p := range h.Patients {
		count[p.Doctor]++
	}
	if count[h.Doctor.ID] < 2 || count[h.Doctor2.ID] < 2 || h.Doctor.ID == h.Doctor2.ID {
		t.Errorf("got %d and %d patients", count[h.Doctor.ID], count[h.Doctor2.ID])
	}
	if h.Nurse.Role != demo.Nurse || h.Nurse.Department != h.Doctor.Department {
		t.Errorf("got nurse %+v, want one of %s", h.Nurse, h.Doctor.Department)
	}
	if h.Patient.Doctor != h.Doctor.ID || h.Patient.Department != h.Doctor.Department {
		t.Errorf("got patient of %s, want of %s", h.Patient.Doctor, h.Doctor.ID)
	}
}
