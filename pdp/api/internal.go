package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/required"
	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

const (
	maxWait   = 25 * time.Second       // of one request that follows a change
	lookEvery = 100 * time.Millisecond // while it waits
)

// A TableSource offers the tables of the active policy.
type TableSource interface{ Tables() *pdp.Tables }

// A KeySource offers the keys that verify access tokens now.
type KeySource interface{ JWKS() (pdp.KeySet, error) }

// A RevocationSource knows who is cut off, and what changed since a mark.
type RevocationSource interface {
	Snapshot(ctx context.Context, since pip.Mark) (pip.Revocations, error)
}

// A Counter counts what enforcement points elsewhere have seen. What it can make
// nothing of is ErrUncountable.
type Counter interface {
	Count(ctx context.Context, seen pdp.Counted) error
}

// A CookieKeySource offers the key that seals the cookies of browsers.
type CookieKeySource interface{ CookieKey() (pdp.CookieKey, error) }

// ErrUncountable says that a pdp.Counted makes no sense.
var ErrUncountable = errors.New("what was counted makes no sense")

// countedLimit is the most bytes of one pdp.Counted.
const countedLimit = 32 << 20

// InternalConfig is what an Internal is made of. All of it is required.
type InternalConfig struct {
	Decider     pdp.Decider
	Tables      TableSource
	Revoker     pdp.Revoker
	Keys        KeySource
	Revocations RevocationSource
	Counter     Counter
	Continuer   pdp.Continuer
	Sessions    pdp.Sessions
	CookieKey   CookieKeySource

	// Caller reports whether a request comes from an enforcement point of this
	// house. The listener has verified that already, by the same certificate.
	Caller func(*http.Request) bool
	Log    *slog.Logger
}

// An Internal answers the enforcement points of this house, which have no
// decision point in their own process: decisions with their evidence, tables,
// keys, what is cut off, and the sessions of browsers. Unlike a Service it has
// effects: it ends a session when an enforcement point, obliged by a decision, says
// so, and continues one for a browser that holds no token.
type Internal struct {
	cfg     InternalConfig
	router  http.Handler
	stopped chan struct{}
	stop    func()
}

var _ http.Handler = (*Internal)(nil)

// NewInternal refuses what lacks a part: it could not tell its callers from
// strangers, or would answer less than an enforcement point needs.
func NewInternal(c InternalConfig) (*Internal, error) {
	if err := required.Parts("decision point of this house", map[string]bool{
		"Decider": c.Decider != nil, "Tables": c.Tables != nil, "Revoker": c.Revoker != nil, "Keys": c.Keys != nil,
		"Revocations": c.Revocations != nil, "Counter": c.Counter != nil,
		"Continuer": c.Continuer != nil, "Sessions": c.Sessions != nil, "CookieKey": c.CookieKey != nil, "Caller": c.Caller != nil, "Log": c.Log != nil,
	}); err != nil {
		return nil, err
	}
	s := &Internal{cfg: c, stopped: make(chan struct{})}
	s.stop = sync.OnceFunc(func() { close(s.stopped) })
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false
	r.UseRawPath = true
	r.Use(gin.CustomRecoveryWithWriter(nil, s.panicked), common, s.authenticate)
	r.NoRoute(func(c *gin.Context) { s.fail(c, errNoPath) })
	r.NoMethod(func(c *gin.Context) { s.fail(c, errNoMethod) })
	r.POST(pdp.PathDecide, s.decide)
	r.GET(pdp.PathTables, s.follow(func() (any, error) { return s.cfg.Tables.Tables(), nil }))
	r.GET(pdp.PathKeys, s.follow(func() (any, error) { return s.cfg.Keys.JWKS() }))
	r.POST(pdp.PathRevoke+":session/revoke", s.revoke)
	r.GET(pdp.PathRevocations, s.revocations)
	r.POST(pdp.PathBehaviour, s.count)
	r.POST(pdp.PathContinue, s.continueSession)
	r.POST(pdp.PathGoesOn, s.goesOn)
	r.GET(pdp.PathCookieKey, s.follow(func() (any, error) { return s.cfg.CookieKey.CookieKey() }))
	s.router = r
	return s, nil
}

// ServeHTTP answers one request.
func (s *Internal) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

// Stop answers callers that wait for a change, so that a listener can drain.
func (s *Internal) Stop() { s.stop() }

// authenticate refuses strangers, and what an enforcement point forwards for
// a client: such a request carries an assertion.
func (s *Internal) authenticate(c *gin.Context) {
	if s.cfg.Caller(c.Request) && len(c.Request.Header.Values(assertion.Header)) == 0 {
		return
	}
	s.fail(c, errStranger)
	c.Abort()
}

func (s *Internal) decide(c *gin.Context) {
	var ask pdp.Ask
	if !s.read(c, &ask, BodyLimit) {
		return
	}
	answer := pdp.Answer{ID: ask.ID}
	d, err := s.cfg.Decider.Decide(c.Request.Context(), ask.Request)
	switch {
	case errors.Is(err, pdp.ErrRevisionChanged):
		answer.Changed = true
	case err != nil:
		s.fail(c, fmt.Errorf("%w: %w", errUndecided, err))
		return
	default:
		answer.Decision = d
	}
	s.reply(c, answer)
}

func (s *Internal) revoke(c *gin.Context) {
	var said pdp.Revocation
	if !s.read(c, &said, BodyLimit) {
		return
	}
	if err := s.cfg.Revoker.Revoke(c.Request.Context(), c.Param("session"), said.Reason); err != nil {
		s.fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

func (s *Internal) count(c *gin.Context) {
	var seen pdp.Counted
	if !s.read(c, &seen, countedLimit) {
		return
	}
	switch err := s.cfg.Counter.Count(c.Request.Context(), seen); {
	case errors.Is(err, ErrUncountable):
		s.cfg.Log.Warn("behaviour was not counted", "error", err)
		s.fail(c, errAmbiguous)
	case err != nil:
		s.fail(c, fmt.Errorf("%w: %w", errUndecided, err))
	default:
		c.Status(http.StatusNoContent)
	}
}

// continueSession answers for a browser.
func (s *Internal) continueSession(c *gin.Context) {
	var asked pdp.Continuation
	if !s.read(c, &asked, BodyLimit) {
		return
	}
	got, err := s.cfg.Continuer.Continue(c.Request.Context(), asked)
	s.tellOfSession(c, got, err)
}

// goesOn answers for what is under way in a session.
func (s *Internal) goesOn(c *gin.Context) {
	var asked pdp.Ongoing
	if !s.read(c, &asked, BodyLimit) {
		return
	}
	got, err := s.cfg.Sessions.GoesOn(c.Request.Context(), asked)
	s.tellOfSession(c, got, err)
}

// tellOfSession says what came of a question about a session. That it is over is an answer;
// whatever else keeps it from going on is none.
func (s *Internal) tellOfSession(c *gin.Context, got any, err error) {
	switch {
	case errors.Is(err, pdp.ErrSessionOver):
		s.fail(c, pdp.ErrSessionOver)
	case err != nil:
		s.fail(c, fmt.Errorf("%w: %w", errUndecided, err))
	default:
		s.reply(c, got)
	}
}

// revocations takes the mark that the caller knows. One that is no mark knows
// nothing, and gets everything.
func (s *Internal) revocations(c *gin.Context) {
	since := pip.Mark{Epoch: c.Query(pdp.QueryEpoch)}
	var err error
	if since.Sequence, err = strconv.ParseUint(c.Query(pdp.QuerySequence), 10, 64); err != nil {
		since = pip.Mark{}
	}
	list, err := s.cfg.Revocations.Snapshot(c.Request.Context(), since)
	if err != nil {
		s.fail(c, fmt.Errorf("%w: %w", errUndecided, err))
		return
	}
	s.reply(c, list)
}

// follow answers with what current returns, or waits for it to change.
func (s *Internal) follow(current func() (any, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		over := time.After(waiting(c.Query(pdp.QueryWait)))
		ticker := time.NewTicker(lookEvery)
		defer ticker.Stop()
		for {
			body, tag, err := tagged(current)
			if err != nil {
				s.fail(c, err)
				return
			}
			if tag != c.GetHeader("If-None-Match") {
				c.Header("ETag", tag)
				write(c, http.StatusOK, body)
				return
			}
			select {
			case <-ticker.C:
				continue
			case <-c.Request.Context().Done():
				return
			case <-over:
			case <-s.stopped:
			}
			c.Header("ETag", tag)
			c.Status(http.StatusNotModified)
			return
		}
	}
}

// waiting reads how long a caller waits. What is no number does not wait.
func waiting(seconds string) time.Duration {
	n, err := strconv.Atoi(seconds)
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(min(n, 60))*time.Second, maxWait)
}

// tagged returns the document and a tag that changes exactly when it does.
func tagged(current func() (any, error)) (body []byte, tag string, err error) {
	document, err := current()
	if err != nil {
		return nil, "", err
	}
	if body, err = json.Marshal(document); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(body)
	return body, `"` + hex.EncodeToString(sum[:16]) + `"`, nil
}

// read decodes a body that may hold nothing that this program does not know: a
// member that an older program overlooks could be one that denies.
func (s *Internal) read(c *gin.Context, into any, limit int64) bool {
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, limit))
	if err == nil {
		err = strictjson.Decode(body, into)
	}
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return true
	case errors.As(err, &tooLarge):
		s.fail(c, errTooLarge)
	default:
		s.fail(c, errAmbiguous)
	}
	return false
}

func (s *Internal) reply(c *gin.Context, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		s.fail(c, fmt.Errorf("encode the answer: %w", err))
		return
	}
	write(c, http.StatusOK, body)
}

func (s *Internal) fail(c *gin.Context, err error) { failed(c, s.cfg.Log, err) }

func (s *Internal) panicked(c *gin.Context, cause any) {
	s.fail(c, fmt.Errorf("the request panicked: %v", cause))
	c.Abort()
}
