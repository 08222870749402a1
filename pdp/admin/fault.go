package admin

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
)

// document is the one place where an error becomes a status. What is no
// refusal is a fault: the caller learns that there was one, the log learns what.
func document(err error) problem.Document {
	var r *Refusal
	if !errors.As(err, &r) {
		return problem.New(http.StatusServiceUnavailable, "identity_unavailable")
	}
	status := http.StatusForbidden
	switch r.Kind {
	case Malformed:
		status = http.StatusBadRequest
	case Unproven:
		status = http.StatusUnauthorized
	case Missing:
		status = http.StatusNotFound
	case TooSoon:
		status = http.StatusTooManyRequests
	}
	d := problem.New(status, r.Reasons...)
	if r.Kind == Malformed && len(r.Reasons) > 0 && r.Reasons[0] == reasonEmail {
		d = malformed(problem.Field{Location: "body.email", Message: "expected an e-mail address"})
	}
	return d
}

func malformed(fields ...problem.Field) problem.Document {
	d := problem.New(http.StatusBadRequest, "body_malformed")
	d.Errors = fields
	return d
}

func (f face) fail(c *gin.Context, err error) {
	d := document(err)
	if d.Status == http.StatusServiceUnavailable {
		f.admin.parts.Log.Error("request failed", "path", c.FullPath(), "error", err)
	}
	var r *Refusal
	if errors.As(err, &r) && r.Wait > 0 {
		wait := (r.Wait + time.Second - 1) / time.Second
		c.Header("Retry-After", strconv.FormatInt(int64(wait), 10))
	}
	write(c, d)
}

func (f face) panicked(c *gin.Context, cause any) {
	f.admin.parts.Log.Error("request panicked", "path", c.FullPath(), "panic", cause)
	write(c, problem.New(http.StatusInternalServerError, "internal"))
	c.Abort()
}

func write(c *gin.Context, d problem.Document) {
	if who := claims(c); who != nil {
		d.Decision = who.Decision
	}
	problem.Write(c.Writer, d)
}
