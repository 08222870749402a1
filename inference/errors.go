package inference

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
)

var (
	errRoute     = errors.New("no such route")
	errMethod    = errors.New("no such method on this route")
	errModel     = errors.New("no such model")
	errMediaType = errors.New("the body is not declared as JSON")
	errPanic     = errors.New("a handler panicked")
)

// faults are what is wrong with a request's body. They name places and what
// was expected there, never what was found.
type faults []problem.Field

func (faults) Error() string { return "the request does not fit" }

// maxFaults bounds an error document: a client that sends a thousand bad rows
// need not be told of each.
const maxFaults = 50

func (f *faults) add(location, message string) {
	if len(*f) < maxFaults {
		*f = append(*f, problem.Field{Location: location, Message: message})
	}
}

// err is nil when there are no faults.
func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// document is the one place where errors become statuses.
func document(err error) problem.Document {
	var input faults
	switch {
	case errors.As(err, &input):
		d := problem.New(http.StatusBadRequest, "invalid_request")
		d.Errors = input
		return d
	case errors.Is(err, errSpent):
		return problem.New(http.StatusTooManyRequests, "prediction_budget_spent")
	case errors.Is(err, errModel):
		return problem.New(http.StatusNotFound, "model_unknown")
	case errors.Is(err, errRoute):
		return problem.New(http.StatusNotFound, problem.RouteUnknown)
	case errors.Is(err, errMethod):
		return problem.New(http.StatusMethodNotAllowed, "method_not_allowed")
	case errors.Is(err, errMediaType):
		return problem.New(http.StatusUnsupportedMediaType, "media_type_unsupported")
	default:
		return problem.New(http.StatusInternalServerError, "internal")
	}
}

// fail writes the problem that err stands for.
func (s *Service) fail(c *gin.Context, err error) {
	d := document(err)
	var spent spentError
	if errors.As(err, &spent) {
		c.Header("Retry-After", strconv.Itoa(int(spent.wait/time.Second)+1))
	}
	if claims := assertion.From(c.Request.Context()); claims != nil {
		d.Decision = claims.Decision
	}
	if d.Status >= http.StatusInternalServerError && !errors.Is(err, errPanic) {
		s.log.ErrorContext(c.Request.Context(), "inference request failed",
			"route", c.FullPath(), "decision", d.Decision, "error", err)
	}
	if strings.HasPrefix(c.Request.URL.Path, protocolPrefix) {
		writeProtocolProblem(c.Writer, d)
		return
	}
	problem.Write(c.Writer, d)
}

// writeProtocolProblem adds the one member that the Open Inference Protocol
// asks of an error, so that its clients find a text where they look for it.
func writeProtocolProblem(w http.ResponseWriter, d problem.Document) {
	text := d.Title
	if len(d.Errors) > 0 {
		text += ": " + d.Errors[0].Location + ": " + d.Errors[0].Message
	}
	h := w.Header()
	h.Set("Content-Type", problem.ContentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(d.Status)
	// The status is sent: a broken connection is the client's loss.
	_ = json.NewEncoder(w).Encode(struct {
		problem.Document
		Error string `json:"error"`
	}{d, text})
}
