package records

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/wardgate/wardgate/records/store"
)

// newService is the body that plans a clinical service.
type newService struct {
	Kind               string `json:"kind,omitempty" enum:"medication,treatment,examination"`
	MedicationName     string `json:"medication_name,omitempty" maxLength:"200" text:"line"`
	DosageInstructions string `json:"dosage_instructions,omitempty" maxLength:"2000"`
	TreatmentDetails   string `json:"treatment_details,omitempty" maxLength:"4000"`
}

// serviceChange is the body that changes one. A field left out stays as it
// is, so that a client that may not read a field cannot erase it unseen.
type serviceChange struct {
	Kind               *string `json:"kind,omitempty" enum:"medication,treatment,examination"`
	MedicationName     *string `json:"medication_name,omitempty" maxLength:"200" text:"line"`
	DosageInstructions *string `json:"dosage_instructions,omitempty" maxLength:"2000"`
	TreatmentDetails   *string `json:"treatment_details,omitempty" maxLength:"4000"`
	Version            *int64  `json:"version,omitempty" minimum:"1"`
}

func (s *Service) listServices(ctx context.Context, c *call) (answer, error) {
	found, err := s.store.Services(ctx, c.rows, c.id)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: page[store.Service]{Items: found}, patients: []string{c.id}}, nil
}

func (s *Service) addService(ctx context.Context, c *call) (answer, error) {
	if c.claims.Staff == "" {
		return answer{}, errNoStaff
	}
	var in newService
	if err := fill(c.body, &in); err != nil {
		return answer{}, err
	}
	if in.Kind == "" {
		in.Kind = store.Treatment
		if in.MedicationName != "" {
			in.Kind = store.Medication
		}
	}
	added, err := s.store.AddService(ctx, c.rows, store.Service{
		Patient: c.id, Kind: in.Kind, MedicationName: in.MedicationName, DosageInstructions: in.DosageInstructions,
		TreatmentDetails: in.TreatmentDetails, OrderedBy: c.claims.Staff,
	}, now())
	return serviceAnswer(http.StatusCreated, added), err
}

func (s *Service) changeService(ctx context.Context, c *call) (answer, error) {
	var in serviceChange
	if err := fill(c.body, &in); err != nil {
		return answer{}, err
	}
	change := store.ServiceChange{Kind: in.Kind, MedicationName: in.MedicationName,
		DosageInstructions: in.DosageInstructions, TreatmentDetails: in.TreatmentDetails}
	if change == (store.ServiceChange{}) {
		return answer{}, faults{{Location: "body", Message: "expected at least one field to change"}}
	}
	version := c.version
	if in.Version != nil {
		if version != 0 && version != *in.Version {
			return answer{}, faults{{Location: "body.version", Message: "expected the version of If-Match"}}
		}
		version = *in.Version
	}
	changed, err := s.store.ChangeService(ctx, c.rows, c.id, change, version)
	return serviceAnswer(http.StatusOK, changed), c.mismatch(err)
}

func (s *Service) deleteService(ctx context.Context, c *call) (answer, error) {
	deleted, err := s.store.DeleteService(ctx, c.rows, c.id, c.version, now())
	return answer{status: http.StatusNoContent, patients: []string{deleted.Patient}}, c.mismatch(err)
}

func (s *Service) finishService(ctx context.Context, c *call) (answer, error) {
	if c.claims.Staff == "" {
		return answer{}, errNoStaff
	}
	done, err := s.store.FinishService(ctx, c.rows, c.id, c.claims.Staff, c.version, now())
	return serviceAnswer(http.StatusOK, done), c.mismatch(err)
}

func serviceAnswer(status int, v store.Service) answer {
	return answer{status: status, body: v, patients: []string{v.Patient},
		header: map[string]string{"ETag": tag(v.Version)}}
}

// mismatch tells a conflict with the version in If-Match (412) from one with a
// version in the body or with another writer (409).
func (c *call) mismatch(err error) error {
	if c.version != 0 && errors.Is(err, store.ErrConflict) {
		return errIfMatch
	}
	return err
}

// tag is a version as an entity tag.
func tag(version int64) string { return strconv.Quote(strconv.FormatInt(version, 10)) }
