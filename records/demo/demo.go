// Package demo invents a hospital: departments, staff, patients, their
// services, bills and payments. The same seed always gives the same hospital.
// Everything in it is plainly invented: family names that no person bears,
// national ids with a prefix that no country gives out, addresses under
// example.test and telephone numbers under the unassigned code +00.
package demo

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/records/store"
)

const (
	doctorsEach  = 2 // for each department
	nursesEach   = 2
	patientCount = 200
)

// The roles of the invented staff.
const (
	Doctor = "doctor"
	Nurse  = "nurse"
)

// A Dataset is an invented hospital, and who in it the demo accounts are.
type Dataset struct {
	store.Dataset

	Doctor  store.Staff   // has patients of their own
	Doctor2 store.Staff   // same department, other patients
	Nurse   store.Staff   // of Doctor's department
	Patient store.Patient // one of Doctor's, with services and bills
}

// Hospital invents a hospital.
func Hospital(seed uint64) Dataset {
	b := builder{rng: rand.New(rand.NewPCG(seed, 0x5eed)), clock: opening()}
	b.house()
	for i := range patientCount {
		b.patient(i)
	}
	return b.data
}

// opening is when the invented hospital admitted its first patient. It is
// fixed, so that nothing depends on the day of the demo.
func opening() time.Time { return time.Date(2026, time.January, 5, 8, 0, 0, 0, time.UTC) }

type builder struct {
	rng     *rand.Rand
	clock   time.Time
	data    Dataset
	doctors []store.Staff
}

// id makes an id of the form that the store gives out, UUIDv7, from the
// invented time, so that ids sort as they were made, and before real ones.
func (b *builder) id() string {
	b.after(time.Millisecond)
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], uint64(b.clock.UnixMilli())<<16|b.rng.Uint64()&0x0fff|0x7000)
	binary.BigEndian.PutUint64(id[8:], b.rng.Uint64()&0x3fffffffffffffff|0x8000000000000000)
	return id.String()
}

func (b *builder) pick(from []string) string { return from[b.rng.IntN(len(from))] }

// after moves the clock on and returns the new time.
func (b *builder) after(d time.Duration) time.Time {
	b.clock = b.clock.Add(d)
	return b.clock
}

func (b *builder) house() {
	for i, name := range departments() {
		department := store.Department{ID: b.id(), Name: name}
		b.data.Departments = append(b.data.Departments, department)
		for j := range doctorsEach {
			doctor := b.staff(Doctor, department.ID, i*doctorsEach+j)
			b.doctors = append(b.doctors, doctor)
		}
		for j := range nursesEach {
			b.staff(Nurse, department.ID, i*nursesEach+j)
		}
		if i == 0 {
			b.data.Doctor, b.data.Doctor2 = b.doctors[0], b.doctors[1]
			b.data.Nurse = b.data.Staff[doctorsEach]
		}
	}
}

func (b *builder) staff(role, department string, i int) store.Staff {
	names := doctorNames()
	title := "Dr. "
	if role == Nurse {
		names, title = nurseNames(), "Nurse "
	}
	one := store.Staff{ID: b.id(), Name: title + names[i%len(names)], Role: role, Department: department}
	b.data.Staff = append(b.data.Staff, one)
	return one
}

// patient invents the i-th patient, who goes to the doctors in turn, so that
// each has as many and the first patient is the first doctor's.
func (b *builder) patient(i int) {
	admitted := b.after(37 * time.Minute)
	given, family := givenNames()[i%len(givenNames())], familyNames()[(i/len(givenNames())+i)%len(familyNames())]
	doctor := b.doctors[i%len(b.doctors)]
	p := store.Patient{
		ID: b.id(), Number: fmt.Sprintf("P-D%05d", i+1), Name: given + " " + family,
		Contact:    fmt.Sprintf("patient%03d@example.test, +00 000 %06d", i+1, b.rng.IntN(1_000_000)),
		NationalID: fmt.Sprintf("ZZ-000-%06d", b.rng.IntN(1_000_000)),
		DateOfBirth: time.Date(1935+b.rng.IntN(85), time.Month(1+b.rng.IntN(12)), 1+b.rng.IntN(28), 0, 0, 0, 0, time.UTC).
			Format(time.DateOnly),
		Sex: b.pick([]string{"female", "male", "female", "male", "other"}), BloodGroup: b.pick(bloodGroups()),
		Diagnoses: b.pick(diagnoses()), Allergies: b.pick(allergies()), ChronicConditions: b.pick(chronic()),
		PurposeOfVisit: b.pick(purposes()), Doctor: doctor.ID, Department: doctor.Department,
		AdmittedAt: admitted, Version: 1,
	}
	b.data.Patients = append(b.data.Patients, p)
	if i == 0 {
		b.data.Patient = p
	}
	for j := range 2 + b.rng.IntN(3) {
		b.service(p, j)
	}
	for j := range 1 + b.rng.IntN(2) {
		b.bill(p, j == 0)
	}
}

// service invents the j-th service of a patient. The first one is done and the
// second a medication that is still due, so that everybody has a past and a
// nurse something to do.
func (b *builder) service(p store.Patient, j int) {
	v := store.Service{ID: b.id(), Patient: p.ID, Status: store.Planned, Version: 1,
		OrderedAt: p.AdmittedAt.Add(time.Duration(1+b.rng.IntN(120)) * time.Minute), OrderedBy: p.Doctor}
	switch kind := b.rng.IntN(3); {
	case j != 1 && kind == 0:
		v.Kind, v.TreatmentDetails = store.Examination, b.pick(examinations())
	case j != 1 && kind == 1:
		v.Kind, v.TreatmentDetails = store.Treatment, b.pick(treatments())
	default:
		v.Kind, v.MedicationName, v.DosageInstructions = store.Medication, b.pick(medications()), b.pick(dosages())
		v.TreatmentDetails = "invented course of treatment"
	}
	if j == 0 || j > 1 && b.rng.IntN(2) == 0 {
		at := v.OrderedAt.Add(time.Duration(1+b.rng.IntN(48)) * time.Hour)
		nurse := b.nurseOf(p.Department)
		v.Status, v.DoneAt, v.DoneBy = store.Done, &at, &nurse
	}
	b.data.Services = append(b.data.Services, v)
}

func (b *builder) nurseOf(department string) string {
	var nurses []string
	for _, one := range b.data.Staff {
		if one.Role == Nurse && one.Department == department {
			nurses = append(nurses, one.ID)
		}
	}
	return b.pick(nurses)
}

// bill invents a bill. The first one of each patient is paid at least in part.
func (b *builder) bill(p store.Patient, first bool) {
	issued := p.AdmittedAt.AddDate(0, 0, 3)
	one := store.Bill{ID: b.id(), Patient: p.ID, Description: b.pick(charges()), Currency: "EUR",
		Amount: int64(2_000 + 50*b.rng.IntN(4_000)), IssuedAt: issued, DueAt: issued.AddDate(0, 0, 30), Status: store.Unpaid}
	switch share := b.rng.IntN(3); {
	case share == 2:
		one.Status = store.Paid
		one.Payments = []store.Payment{b.payment(issued, one.Amount/2), b.payment(issued, one.Amount-one.Amount/2)}
	case share == 1 || first:
		one.Status = store.PartlyPaid
		one.Payments = []store.Payment{b.payment(issued, one.Amount/4)}
	}
	b.data.Bills = append(b.data.Bills, one)
}

func (b *builder) payment(issued time.Time, amount int64) store.Payment {
	return store.Payment{ID: b.id(), Amount: amount, Currency: "EUR",
		Method: b.pick([]string{"card", "transfer", "cash"}), PaidAt: issued.AddDate(0, 0, 1+b.rng.IntN(20))}
}
