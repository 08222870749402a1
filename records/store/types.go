package store

import (
	"strings"
	"time"
	"unicode"
)

// A Department of the hospital.
type Department struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Staff is a member of the hospital's staff.
type Staff struct {
	ID         string `json:"id"`
	Name       string `json:"name"`
	Role       string `json:"role" doc:"one of the rule book's roles"`
	Department string `json:"department_id"`
}

// A Patient is one health record.
type Patient struct {
	ID                string    `json:"id"`
	Number            string    `json:"number" doc:"what a person can type: P-4F7K2Q"`
	Name              string    `json:"name"`
	Contact           string    `json:"contact"`
	NationalID        string    `json:"national_id"`
	DateOfBirth       string    `json:"date_of_birth" doc:"YYYY-MM-DD, or empty when not known"`
	Sex               string    `json:"sex" enum:"female,male,other,unknown"`
	BloodGroup        string    `json:"blood_group"`
	Diagnoses         string    `json:"diagnoses"`
	Allergies         string    `json:"allergies"`
	ChronicConditions string    `json:"chronic_conditions"`
	PurposeOfVisit    string    `json:"purpose_of_visit"`
	Doctor            string    `json:"doctor_id"`
	DoctorName        string    `json:"doctor_name"`
	Department        string    `json:"department_id"`
	DepartmentName    string    `json:"department_name"`
	AdmittedAt        time.Time `json:"admitted_at"`
	Version           int64     `json:"version"`

	Unreadable
}

// Unreadable names the fields of a row whose sealed cells do not open: they
// were sealed elsewhere, by another key, or have been damaged. Such a field is
// empty here and means nothing.
type Unreadable struct {
	Fields []string `json:"unreadable,omitempty" doc:"fields that cannot be read; they are left out"`
}

// A Service is a clinical service of a patient: a medication, a treatment or
// an examination, planned and then marked as done.
type Service struct {
	ID                 string     `json:"id"`
	Patient            string     `json:"patient_id"`
	Kind               string     `json:"kind" enum:"medication,treatment,examination"`
	MedicationName     string     `json:"medication_name"`
	DosageInstructions string     `json:"dosage_instructions"`
	TreatmentDetails   string     `json:"treatment_details"`
	Status             string     `json:"status" enum:"planned,done"`
	OrderedAt          time.Time  `json:"ordered_at"`
	OrderedBy          string     `json:"ordered_by"`
	DoneAt             *time.Time `json:"done_at"`
	DoneBy             *string    `json:"done_by"`
	Version            int64      `json:"version"`

	Unreadable
}

// SaysSomething reports whether the order says what to give or to do. A
// medication has a name.
func (v *Service) SaysSomething() bool {
	return hasWord(v.MedicationName) || hasWord(v.TreatmentDetails) && v.Kind != Medication
}

// hasWord reports whether a text has a letter or a digit that can be seen: blanks,
// marks and punctuation alone say nothing.
func hasWord(text string) bool {
	const fillers = "\u115f\u1160\u3164\uffa0" // letters without a shape
	return strings.ContainsFunc(text, func(r rune) bool {
		return (unicode.IsLetter(r) || unicode.IsNumber(r)) && !strings.ContainsRune(fillers, r)
	})
}

// The states of a service.
const (
	Planned = "planned"
	Done    = "done"
)

// The kinds of services.
const (
	Medication  = "medication"
	Treatment   = "treatment"
	Examination = "examination"
)

// A ServiceChange says what of a service changes. A nil field stays as it is.
type ServiceChange struct {
	Kind               *string
	MedicationName     *string
	DosageInstructions *string
	TreatmentDetails   *string
}

// A Bill of a patient. Amounts are in the currency's minor unit: cents.
type Bill struct {
	ID          string    `json:"id"`
	Patient     string    `json:"patient_id"`
	Description string    `json:"description"`
	Amount      int64     `json:"amount" doc:"in the currency's minor unit"`
	Currency    string    `json:"currency" doc:"ISO 4217"`
	IssuedAt    time.Time `json:"issued_at"`
	DueAt       time.Time `json:"due_at"`
	Status      string    `json:"status" enum:"open,partly_paid,paid"`
	Payments    []Payment `json:"payments"`

	Unreadable
}

// The states of a bill.
const (
	Unpaid     = "open"
	PartlyPaid = "partly_paid"
	Paid       = "paid"
)

// A Payment towards a bill.
type Payment struct {
	ID       string    `json:"id"`
	Amount   int64     `json:"amount" doc:"in the currency's minor unit"`
	Currency string    `json:"currency" doc:"ISO 4217"`
	Method   string    `json:"method" enum:"card,transfer,cash"`
	PaidAt   time.Time `json:"paid_at"`
}

// A Dataset is a whole hospital to be filled in. Ids are the dataset's own;
// versions begin at 1, whatever the values say.
type Dataset struct {
	Departments []Department
	Staff       []Staff
	Patients    []Patient
	Services    []Service
	Bills       []Bill
}
