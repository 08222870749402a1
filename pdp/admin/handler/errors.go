package handler

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp/admin"
)

// Document is the one place where an error becomes a status. What is no
// refusal is a fault: the caller learns that there was one, the log learns what.
func Document(err error) problem.Document {
	if fields := faultyFields(err); fields != nil {
		return malformed(fields...)
	}
	var r *admin.Refusal
	if !errors.As(err, &r) {
		return problem.New(http.StatusServiceUnavailable, "identity_unavailable")
	}
	status := http.StatusForbidden
	switch r.Kind {
	case admin.Malformed:
		status = http.StatusBadRequest
	case admin.Unproven:
		status = http.StatusUnauthorized
	case admin.Missing:
		status = http.StatusNotFound
	case admin.Conflicting:
		status = http.StatusConflict
	case admin.TooSoon:
		status = http.StatusTooManyRequests
	case admin.Undecided:
		status = http.StatusServiceUnavailable
	}
	d := problem.New(status, r.Reasons...)
	if r.Kind == admin.Malformed && len(r.Reasons) > 0 && r.Reasons[0] == admin.ReasonEmail {
		d = malformed(problem.Field{Location: "body.email", Message: "expected an e-mail address"})
	}
	return d
}

func malformed(fields ...problem.Field) problem.Document {
	d := problem.New(http.StatusBadRequest, "body_malformed")
	d.Errors = fields
	return d
}

func (h handler) fail(c *gin.Context, err error) {
	d := Document(err)
	if d.Status == http.StatusServiceUnavailable {
		h.log.Error("request failed", "path", c.FullPath(), "error", err)
	}
	if wait := Wait(err); wait > 0 {
		c.Header("Retry-After", strconv.FormatInt(int64(wait/time.Second), 10))
	}
	write(c, d)
}

// Wait is after how many whole seconds a refusal may be another answer, 0 where it
// does not say.
func Wait(err error) time.Duration {
	var r *admin.Refusal
	if !errors.As(err, &r) {
		return 0
	}
	return (r.Wait + time.Second - 1).Truncate(time.Second)
}

func (h handler) panicked(c *gin.Context, cause any) {
	h.log.Error("request panicked", "path", c.FullPath(), "panic", cause)
	write(c, problem.New(http.StatusInternalServerError, "internal"))
	c.Abort()
}

func write(c *gin.Context, d problem.Document) {
	if who := claims(c); who != nil {
		d.Decision = who.Decision
	}
	problem.Write(c.Writer, d)
}

// faultyFields returns the fields that ID management did not understand.
func faultyFields(err error) []problem.Field {
	var m *problem.Malformed
	if !errors.As(err, &m) {
		return nil
	}
	return m.Fields
}
