// Package records serves patients, their clinical services and their bills to
// the enforcement point. It decides nothing: each request carries an assertion
// with the rows that may be touched and the fields that must not be shown, and
// the service does what these allow and not more. It never listens itself and
// never sees a user's token.
package records

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/records/store"
)

// Audience is the name of this application in assertions.
const Audience = "records"

// A Service is the records' HTTP face.
type Service struct {
	store *store.Store
	log   *slog.Logger
	forms forms
	http  http.Handler

	deadline time.Duration // of one request's work in the database
}

// Deadline is how long a request waits for the database before it is answered
// with 503.
const Deadline = 5 * time.Second

// New makes the service over a store. It accepts only requests that carry an
// assertion under key, so that it must never listen where others than the
// enforcement point reach it all the same.
func New(s *store.Store, key *assertion.Key, log *slog.Logger) *Service {
	svc := &Service{store: s, log: log, deadline: Deadline}
	svc.forms = newForms(svc.routes())
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.HandleMethodNotAllowed = true
	engine.Use(gin.CustomRecoveryWithWriter(nil, svc.recovered))
	engine.NoRoute(func(c *gin.Context) { problem.Write(c.Writer, problem.New(http.StatusNotFound, problem.RouteUnknown)) })
	engine.NoMethod(func(c *gin.Context) {
		problem.Write(c.Writer, problem.New(http.StatusMethodNotAllowed, "method_not_allowed"))
	})
	for _, r := range svc.routes() {
		engine.Handle(r.method, ginPath(r.path), svc.serve(r))
	}
	guard := assertion.Guard{Key: key, Audience: Audience, Log: log}
	svc.http = guard.Wrap(plainPath(engine))
	return svc
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.http.ServeHTTP(w, r) }

// plainPath refuses escapes in a path. No id needs them, and with one the
// path that was decided about has a second reading.
func plainPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path, _, _ := strings.Cut(r.RequestURI, "?"); path != r.URL.Path {
			problem.Write(w, problem.New(http.StatusNotFound, problem.RouteUnknown))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// ginPath turns "/patients/{id}" into gin's "/patients/:id".
func ginPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// recovered answers after a panic. The panic's value may hold a patient's
// field, so that only the stack is logged.
func (s *Service) recovered(c *gin.Context, _ any) {
	s.log.Error("records handler panicked", "route", c.FullPath(), "stack", string(debug.Stack()))
	problem.Write(c.Writer, problem.New(http.StatusInternalServerError, "internal"))
	c.Abort()
}

// serve runs one route: read the call, do it, and write the whole answer, or
// the problem that came up.
func (s *Service) serve(r route) gin.HandlerFunc {
	return func(c *gin.Context) {
		call, err := s.read(c, r)
		var a answer
		if err == nil {
			ctx, cancel := context.WithTimeout(c.Request.Context(), s.deadline)
			a, err = r.handle(ctx, call)
			cancel()
		}
		var body []byte
		if err == nil && a.body != nil {
			body, err = call.mask.encode(a.body, func(id any, fields []any) {
				s.log.Error("cells of a row cannot be read: restore them from a backup", "row", id, "fields", fields)
			})
		}
		if err != nil {
			s.fail(c, call, err)
			return
		}
		h := c.Writer.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if len(a.patients) > 0 {
			h.Set(assertion.PatientsHeader, strings.Join(a.patients, ","))
		}
		for name, value := range a.header {
			h.Set(name, value)
		}
		if a.body == nil {
			c.Status(a.status)
			c.Writer.WriteHeaderNow()
			return
		}
		c.Data(a.status, "application/json", body)
	}
}

// An answer is what a route says when it succeeds.
type answer struct {
	status   int
	body     any      // nil for none
	patients []string // whose data is in the answer, or was written
	header   map[string]string
}

// A handler does what one route stands for.
type handler func(ctx context.Context, c *call) (answer, error)

// now is the time of a write. The database keeps microseconds: what a write
// answers equals what a later read answers.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
