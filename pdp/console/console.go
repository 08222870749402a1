// Package console serves what auditors read: the records of this process's
// journal and the proof that none is missing, the files of the rule book in
// force, and counts of what was done. It changes nothing, and decides nothing:
// the enforcement point has asked the policy before a request gets here.
package console

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/internal/required"
	"github.com/wardgate/wardgate/pip"
)

// Audience is what assertions for this surface name.
const Audience = "console"

const (
	// readWithin bounds one answer, waiting for a turn included: below the time
	// that the enforcement point waits for an answer's head.
	readWithin = 20 * time.Second
	// readers bounds how many requests read the journal's folder at once.
	readers = 2
)

// A Filter narrows what is read of the journal. A zero field lets everything pass.
type Filter struct {
	After    uint64   // the sequence number behind which to begin
	Kind     pip.Kind // one kind of event only
	Subject  string   // account id
	Patient  string   // whose data was in the answer, or was asked for
	Session  string
	Decision string // a decision and its outcome
	Rule     string // that allowed it: "role/role"
	Action   string
	Outcome  string
	Since    time.Time // of the event, inclusive
	Until    time.Time // of the event, exclusive
}

// A Record is one event, and its JSON as it stands in the journal.
type Record struct {
	Seq   uint64
	Event pip.Event
	JSON  json.RawMessage
}

// A Journal is read, beside its writer.
type Journal interface {
	// Records returns the acknowledged records that the filter lets pass, the
	// oldest first. It ends with an error when the context does, or at the first
	// record that does not fit into the chain.
	Records(ctx context.Context, f Filter) iter.Seq2[Record, error]
	// Verify reads the chain from its beginning to its end. The report is what
	// there is to say, as JSON. The error says that it could not be finished.
	Verify(ctx context.Context) (whole bool, report any, err error)
}

// A Book has the rules in force.
type Book interface {
	// Rules are the revision in force and its files by path, of one moment.
	Rules() (revision string, files map[string][]byte)
}

type handler struct {
	journal Journal
	book    Book
	shadow  func() any
	now     func() time.Time
	log     *slog.Logger
	turns   chan struct{}
}

// Config is what the console serves. All of it is needed but Now and Shadow.
type Config struct {
	Key     *assertion.Key
	Journal Journal
	Book    Book
	Log     *slog.Logger
	Now     func() time.Time // time.Now when nil
	// Shadow is how a rule book compares that is asked beside the one in force, as
	// JSON; nil where there is none.
	Shadow func() any
}

// New serves /api/audit/* to requests that carry an assertion under the key.
func New(c Config) (http.Handler, error) {
	if err := required.Parts("console", map[string]bool{
		"Key": c.Key != nil, "Journal": c.Journal != nil, "Book": c.Book != nil, "Log": c.Log != nil,
	}); err != nil {
		return nil, err
	}
	h := handler{journal: c.Journal, book: c.Book, shadow: c.Shadow, now: c.Now, log: c.Log, turns: make(chan struct{}, readers)}
	if h.now == nil {
		h.now = time.Now
	}
	router := gin.New()
	router.HandleMethodNotAllowed = true
	router.Use(gin.CustomRecoveryWithWriter(nil, h.panicked), func(c *gin.Context) { c.Header("Cache-Control", "no-store") })
	router.NoRoute(func(c *gin.Context) { write(c, problem.New(http.StatusNotFound, "not_found")) })
	router.NoMethod(func(c *gin.Context) { write(c, problem.New(http.StatusMethodNotAllowed, "method_not_allowed")) })
	router.GET("/api/audit/journal", h.records)
	router.GET("/api/audit/verify", h.verify)
	router.GET("/api/audit/reports", h.report)
	router.GET("/api/audit/policy", h.files)
	router.GET("/api/audit/policy/:file", h.file)
	return assertion.Guard{Key: c.Key, Audience: Audience, Log: c.Log}.Wrap(router), nil
}

// reading runs f when it is its turn to read the journal. What cannot be
// finished in time is 503, and nothing of it is shown.
func (h handler) reading(c *gin.Context, f func(ctx context.Context) (answer any, err error)) {
	ctx, cancel := context.WithTimeout(c.Request.Context(), readWithin)
	defer cancel()
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-ctx.Done():
		h.fail(c, ctx.Err())
		return
	}
	answer, err := f(ctx)
	if err != nil {
		h.fail(c, err)
		return
	}
	c.JSON(http.StatusOK, answer)
}

// fail tells the caller that there is no answer, and the log why.
func (h handler) fail(c *gin.Context, err error) {
	code := "journal_unreadable"
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		code = "reading_unfinished"
	}
	h.log.Error("request failed", "path", c.FullPath(), "error", err)
	write(c, problem.New(http.StatusServiceUnavailable, code))
}

func (h handler) panicked(c *gin.Context, cause any) {
	h.log.Error("request panicked", "path", c.FullPath(), "panic", cause)
	write(c, problem.New(http.StatusInternalServerError, "internal"))
	c.Abort()
}

func write(c *gin.Context, d problem.Document) {
	if who := assertion.From(c.Request.Context()); who != nil {
		d.Decision = who.Decision
	}
	problem.Write(c.Writer, d)
}
