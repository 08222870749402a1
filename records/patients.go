package records

import (
	"context"
	"net/http"

	"github.com/wardgate/wardgate/records/store"
)

// newPatient is the body that adds a patient. Who the doctor is and to which
// department the patient belongs is not the body's to say.
type newPatient struct {
	Name              string `json:"name" minLength:"1" maxLength:"200" pattern:"\\S" patternDescription:"not blank" text:"line"`
	Contact           string `json:"contact,omitempty" maxLength:"300" text:"line"`
	NationalID        string `json:"national_id,omitempty" maxLength:"64" text:"line"`
	DateOfBirth       string `json:"date_of_birth,omitempty" format:"date"`
	Sex               string `json:"sex,omitempty" enum:"female,male,other,unknown"`
	BloodGroup        string `json:"blood_group,omitempty" enum:"A+,A-,B+,B-,AB+,AB-,0+,0-"`
	Diagnoses         string `json:"diagnoses,omitempty" maxLength:"4000"`
	Allergies         string `json:"allergies,omitempty" maxLength:"4000"`
	ChronicConditions string `json:"chronic_conditions,omitempty" maxLength:"4000"`
	PurposeOfVisit    string `json:"purpose_of_visit,omitempty" maxLength:"4000"`
}

// addedPatient is the new patient and the code with which they enrol, once.
type addedPatient struct {
	store.Patient
	EnrolmentCode string `json:"enrolment_code"`
}

func (s *Service) listPatients(ctx context.Context, c *call) (answer, error) {
	most, err := limit(c.query)
	if err != nil {
		return answer{}, err
	}
	from, err := after(c.query)
	if err != nil {
		return answer{}, err
	}
	found, next, err := s.store.Patients(ctx, c.rows, from, most)
	if err != nil {
		return answer{}, err
	}
	ids := make([]string, len(found))
	for i, p := range found {
		ids[i] = p.ID
	}
	list := page[store.Patient]{Items: found}
	if next != "" {
		list.Next = &next
	}
	return answer{status: http.StatusOK, body: list, patients: ids}, nil
}

func (s *Service) addPatient(ctx context.Context, c *call) (answer, error) {
	if c.claims.Staff == "" || c.claims.Department == "" {
		return answer{}, errNoStaff
	}
	var in newPatient
	if err := fill(c.body, &in); err != nil {
		return answer{}, err
	}
	if in.Sex == "" {
		in.Sex = "unknown"
	}
	at := now()
	enrolment, code, err := store.NewEnrolment(at)
	if err != nil {
		return answer{}, err
	}
	added, err := s.store.AddPatient(ctx, c.rows, store.Patient{
		Name: in.Name, Contact: in.Contact, NationalID: in.NationalID, DateOfBirth: in.DateOfBirth, Sex: in.Sex,
		BloodGroup: in.BloodGroup, Diagnoses: in.Diagnoses, Allergies: in.Allergies,
		ChronicConditions: in.ChronicConditions, PurposeOfVisit: in.PurposeOfVisit,
		Doctor: c.claims.Staff, Department: c.claims.Department,
	}, enrolment, at)
	if err != nil {
		return answer{}, err
	}
	return answer{
		status: http.StatusCreated, body: addedPatient{Patient: added, EnrolmentCode: code},
		patients: []string{added.ID},
		header:   map[string]string{"Location": "/api/patients/" + added.ID, "ETag": tag(added.Version)},
	}, nil
}

func (s *Service) readPatient(ctx context.Context, c *call) (answer, error) {
	p, err := s.store.Patient(ctx, c.rows, c.id)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: p, patients: []string{p.ID},
		header: map[string]string{"ETag": tag(p.Version)}}, nil
}

func (s *Service) deletePatient(ctx context.Context, c *call) (answer, error) {
	err := s.store.DeletePatient(ctx, c.rows, c.id, c.version, now())
	return answer{status: http.StatusNoContent, patients: []string{c.id}}, c.mismatch(err)
}

func (s *Service) restorePatient(ctx context.Context, c *call) (answer, error) {
	err := s.store.RestorePatient(ctx, c.rows, c.id)
	return answer{status: http.StatusNoContent, patients: []string{c.id}}, err
}

func (s *Service) listBills(ctx context.Context, c *call) (answer, error) {
	found, err := s.store.Bills(ctx, c.rows, c.id)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: page[store.Bill]{Items: found}, patients: []string{c.id}}, nil
}
