package api

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp"
)

// What is served. PathAnswer is the only document of the data API that may be
// asked for.
const (
	PathDiscovery   = "/.well-known/authzen-configuration"
	PathEvaluation  = "/access/v1/evaluation"
	PathEvaluations = "/access/v1/evaluations"
	PathAnswer      = "/v1/data/authz/answer"
	PathOpenAPI     = "/openapi.json"
)

const (
	headerRequestID = "X-Request-ID"
	maxRequestID    = 128
)

//go:embed openapi.json
var description []byte

// routes is the only list of what is served. Middleware guards what is
// registered after it, and what is not registered at all: a stranger cannot
// tell a path that exists from one that does not.
func (s *Service) routes() http.Handler {
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false
	r.UseRawPath = true // an escaped spelling of a path is another path
	r.Use(gin.CustomRecoveryWithWriter(nil, s.panicked), common)
	r.GET(PathDiscovery, s.discover)
	r.Use(s.authenticate)
	r.NoRoute(func(c *gin.Context) { s.fail(c, errNoPath) })
	r.NoMethod(func(c *gin.Context) { s.fail(c, errNoMethod) })
	r.POST(PathEvaluation, s.serve(s.evaluation))
	r.POST(PathEvaluations, s.serve(s.evaluations))
	r.POST(PathAnswer, s.serve(s.data))
	r.GET(PathOpenAPI, func(c *gin.Context) { write(c, http.StatusOK, description) })
	return r
}

// common sets the headers of every answer, refusals included.
func common(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if ids := c.Request.Header.Values(headerRequestID); len(ids) == 1 && isRequestID(ids[0]) {
		h.Set(headerRequestID, ids[0])
	}
}

// isRequestID keeps whatever could split a header or flood a log from being
// sent back.
func isRequestID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		if id[i] < ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

// An operation answers one body of a caller.
type operation func(ctx context.Context, from pdp.Caller, body object) (any, error)

func (s *Service) serve(do operation) gin.HandlerFunc {
	return func(c *gin.Context) {
		body, err := readBody(c.Writer, c.Request)
		if err != nil {
			s.fail(c, err)
			return
		}
		answer, err := do(c.Request.Context(), callerOf(c), body)
		if err != nil {
			s.fail(c, err)
			return
		}
		s.reply(c, answer)
	}
}

// discover tells what there is, and nothing of what AuthZEN knows beyond it.
func (s *Service) discover(c *gin.Context) {
	s.reply(c, map[string]string{
		"policy_decision_point":       s.base,
		"access_evaluation_endpoint":  s.base + PathEvaluation,
		"access_evaluations_endpoint": s.base + PathEvaluations,
	})
}

func (s *Service) reply(c *gin.Context, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		s.fail(c, fmt.Errorf("encode the answer: %w", err))
		return
	}
	write(c, http.StatusOK, body)
}

func write(c *gin.Context, status int, body []byte) {
	c.Header("Content-Type", "application/json")
	c.Status(status)
	// The status is sent: a broken connection is the client's loss.
	_, _ = c.Writer.Write(body)
}

func (s *Service) fail(c *gin.Context, err error) { failed(c, s.log, err) }

// failed answers with what the caller may know of err, and logs the rest.
func failed(c *gin.Context, log *slog.Logger, err error) {
	d := documentOf(err)
	if d.Status >= http.StatusInternalServerError {
		log.Error("question not answered", "path", c.FullPath(), "error", err)
	}
	if d.Status == http.StatusServiceUnavailable {
		c.Header("Retry-After", "1")
	}
	problem.Write(c.Writer, d)
}

func (s *Service) panicked(c *gin.Context, cause any) {
	s.fail(c, fmt.Errorf("the request panicked: %v", cause))
	c.Abort()
}
