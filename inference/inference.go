// Package inference serves predictions to the enforcement point: as JSON by
// the names of the features, and by the Open Inference Protocol. It decides
// nothing and keeps nothing: a prediction is made from the request alone. It
// never listens itself, and never writes an input or an answer to a log.
package inference

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/inference/model"
	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/required"
)

// Audience is the name of this application in assertions.
const Audience = "inference"

// MaxRows is how many rows one Open Inference Protocol request may hold.
const MaxRows = 1000

// maxBody holds MaxRows rows of thirty numbers, written out in full.
const maxBody = 2 << 20

// Config is what a Service needs. Every field but Now is required.
type Config struct {
	Key    *assertion.Key // authenticates the enforcement point's assertions
	Models []*model.Model // the models to serve, by their own names
	Log    *slog.Logger
	Now    func() time.Time // nil is the wall clock
}

// A Service is the HTTP face of the models.
type Service struct {
	models map[string]*model.Model
	log    *slog.Logger
	ledger *ledger
	http   http.Handler
}

var _ http.Handler = (*Service)(nil)

// New makes a service. It answers only requests that carry an assertion under
// the key about exactly that request.
func New(cfg Config) (*Service, error) {
	if err := required.Parts("inference service", map[string]bool{
		"Key": cfg.Key != nil, "Log": cfg.Log != nil, "Models": len(cfg.Models) > 0,
	}); err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Service{models: make(map[string]*model.Model, len(cfg.Models)), log: cfg.Log, ledger: newLedger(cfg.Now)}
	for _, m := range cfg.Models {
		if m == nil || m.SHA256() == "" {
			return nil, errors.New("new inference service: a model was neither loaded nor trained")
		}
		if s.models[m.Name()] != nil {
			return nil, fmt.Errorf("new inference service: two models are called %s", m.Name())
		}
		s.models[m.Name()] = m
	}
	guard := assertion.Guard{Key: cfg.Key, Audience: Audience, Limit: maxBody, Log: cfg.Log}
	s.http = guard.Wrap(s.routes())
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.http.ServeHTTP(w, r) }

func (s *Service) routes() http.Handler {
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.HandleMethodNotAllowed = true
	engine.Use(gin.CustomRecoveryWithWriter(nil, s.recovered), s.plainPath)
	engine.NoRoute(func(c *gin.Context) { s.fail(c, errRoute) })
	engine.NoMethod(func(c *gin.Context) { s.fail(c, errMethod) })
	engine.POST("/api/predict/:model", s.predict)
	engine.GET(protocolPrefix+":model", s.metadata)
	engine.POST(protocolPrefix+":model/infer", s.infer)
	return engine
}

// plainPath refuses escapes in a path: no model's name needs one, and with one
// the path that was decided about has a second reading.
func (s *Service) plainPath(c *gin.Context) {
	if path, _, _ := strings.Cut(c.Request.RequestURI, "?"); path != c.Request.URL.Path {
		s.fail(c, errRoute)
		c.Abort()
	}
}

// recovered answers after a panic. Its value may hold an input, so that only
// the stack is logged.
func (s *Service) recovered(c *gin.Context, _ any) {
	s.log.ErrorContext(c.Request.Context(), "inference handler panicked",
		"route", c.FullPath(), "stack", string(debug.Stack()))
	s.fail(c, errPanic)
	c.Abort()
}

// model returns the model that the path names.
func (s *Service) model(c *gin.Context) (*model.Model, error) {
	m := s.models[c.Param("model")]
	if m == nil {
		return nil, errModel
	}
	return m, nil
}
