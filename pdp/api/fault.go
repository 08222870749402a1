package api

import (
	"errors"
	"net/http"
	"strings"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp"
)

var (
	errStranger   = errors.New("the caller is no enforcement point")
	errNoPath     = errors.New("nothing is served there")
	errNoMethod   = errors.New("the method is not served there")
	errTooLarge   = errors.New("the body is too large")
	errUnreadable = errors.New("the body cannot be read")
	errMediaType  = errors.New("the body is not declared as JSON")
	errAmbiguous  = errors.New("the body is not JSON of one reading")
	errBatch      = errors.New("the batch is too large")
	errGone       = errors.New("the batch took too long, or its caller left")
	errUndecided  = errors.New("no decision was made")
	errJournal    = errors.New("the decision is not journalled")
)

// malformed lists the faulty fields of a question. It never holds a value.
type malformed []problem.Field

func (m malformed) Error() string {
	texts := make([]string, len(m))
	for i, f := range m {
		texts[i] = f.Location + ": " + f.Message
	}
	return strings.Join(texts, "; ")
}

// documentOf is the one place where an error becomes a status. An error that
// it does not know is internal: the caller learns that there was one, the log
// learns what.
func documentOf(err error) problem.Document {
	var faults malformed
	switch {
	case errors.As(err, &faults):
		d := problem.New(http.StatusBadRequest, "body_malformed")
		d.Errors = faults
		return d
	case errors.Is(err, errStranger):
		return problem.New(http.StatusUnauthorized, "caller_unknown")
	case errors.Is(err, errNoPath):
		return problem.New(http.StatusNotFound, "not_found")
	case errors.Is(err, errNoMethod):
		return problem.New(http.StatusMethodNotAllowed, "method_not_allowed")
	case errors.Is(err, errTooLarge):
		return problem.New(http.StatusRequestEntityTooLarge, "body_too_large")
	case errors.Is(err, errUnreadable):
		return problem.New(http.StatusBadRequest, "body_unreadable")
	case errors.Is(err, errMediaType):
		return problem.New(http.StatusUnsupportedMediaType, "media_type_refused")
	case errors.Is(err, errAmbiguous):
		d := problem.New(http.StatusBadRequest, "body_ambiguous")
		d.Errors = []problem.Field{{Location: "body", Message: "expected one JSON value in UTF-8, with each key once in any case"}}
		return d
	case errors.Is(err, errBatch):
		d := problem.New(http.StatusRequestEntityTooLarge, "batch_too_large")
		d.Errors = []problem.Field{{Location: "body.evaluations", Message: "expected at most 1000 evaluations"}}
		return d
	case errors.Is(err, pdp.ErrSessionOver):
		return problem.New(http.StatusGone, "session_ended")
	case errors.Is(err, errGone), errors.Is(err, errUndecided):
		return problem.New(http.StatusServiceUnavailable, reasonUnavailable)
	case errors.Is(err, errJournal):
		return problem.New(http.StatusServiceUnavailable, "journal_unavailable")
	default:
		return problem.New(http.StatusInternalServerError, "internal")
	}
}
