package records

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/records/store"
)

var (
	errWithheld  = errors.New("a withheld field was to be written")
	errMask      = errors.New("unknown field to withhold")
	errMediaType = errors.New("not JSON")
	errIfMatch   = errors.New("not the version of If-Match")
	errNoStaff   = errors.New("the assertion names no staff record")
)

// fail writes the problem that err stands for. It is the one place where
// errors become statuses. What it does not know is a failure, which may be over
// when the caller asks again: databases fail in more ways than can be listed. It
// is whole in the log.
func (s *Service) fail(c *gin.Context, one *call, err error) {
	d := document(err)
	decision := ""
	if one.claims != nil {
		decision = one.claims.Decision
	}
	d.Decision = decision
	if d.Status == http.StatusServiceUnavailable {
		c.Header("Retry-After", "1")
	}
	if d.Status >= http.StatusInternalServerError {
		s.log.ErrorContext(c.Request.Context(), "records request failed",
			"route", c.FullPath(), "decision", decision, "error", err)
	}
	problem.Write(c.Writer, d)
}

func document(err error) problem.Document {
	var input faults
	switch {
	case errors.As(err, &input):
		d := problem.New(http.StatusBadRequest, "invalid_request")
		d.Errors = input
		return d
	case errors.Is(err, errMediaType):
		return problem.New(http.StatusUnsupportedMediaType, "media_type_unsupported")
	case errors.Is(err, store.ErrCondition):
		return problem.New(http.StatusForbidden, "row_condition_invalid")
	case errors.Is(err, errMask):
		return problem.New(http.StatusForbidden, "withhold_invalid")
	case errors.Is(err, errWithheld):
		return problem.New(http.StatusForbidden, "field_withheld")
	case errors.Is(err, store.ErrNotVisible):
		return problem.New(http.StatusForbidden, problem.NotYourPatient)
	case errors.Is(err, store.ErrStaff), errors.Is(err, errNoStaff):
		return problem.New(http.StatusForbidden, "no_staff_record")
	case errors.Is(err, errIfMatch):
		return problem.New(http.StatusPreconditionFailed, "version_mismatch")
	case errors.Is(err, store.ErrConflict):
		return problem.New(http.StatusConflict, "version_conflict")
	case errors.Is(err, store.ErrEmpty):
		d := problem.New(http.StatusBadRequest, "invalid_request")
		d.Errors = faults{{Location: "body.medication_name", Message: "expected what to give, or treatment_details of another kind than medication; a letter or digit at least"}}
		return d
	case errors.Is(err, store.ErrUnreadable):
		return problem.New(http.StatusConflict, "record_unreadable")
	case errors.Is(err, store.ErrDone):
		return problem.New(http.StatusConflict, "service_already_done")
	default: // what is no refusal is a failure, of the database as good as always
		return problem.New(http.StatusServiceUnavailable, "unavailable")
	}
}
