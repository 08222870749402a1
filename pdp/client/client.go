// Package client is a decision point elsewhere, seen from an enforcement
// point: the same Decider and Revoker over the network, and the tables, keys
// and revocations that an enforcement point needs in its own memory. It owns
// that memory and keeps it fresh. It decides nothing: whatever keeps it from a
// whole answer to this very question is an error, and errors deny.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/internal/required"
	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pdp"
)

const (
	maxAnswer   = 1 << 20         // bytes of a decision, of tables or of keys
	maxList     = 256 << 20       // bytes of all that is cut off
	maxRefused  = 4 << 10         // bytes of a refusal that are read to keep the connection
	callTimeout = 5 * time.Second // of what has no deadline of its own
	retryEvery  = 250 * time.Millisecond
	longPoll    = 20 * time.Second
	keysKept    = 5 * time.Minute
)

// Config is what may be set about a Client. Its zero value works.
type Config struct {
	// KeysKept is how long unconfirmed keys are believed; five
	// minutes when zero. After that no token is.
	KeysKept time.Duration
	// Wait is how long the decision point holds a request until something
	// changes; 20 seconds when zero.
	Wait time.Duration
	// DecisionTime bounds one decision; 0 means DecisionTimeout.
	DecisionTime time.Duration
}

// A Client speaks to one decision point. Its methods may be called in
// parallel. Until Run has heard of tables and keys it knows none.
type Client struct {
	base   *url.URL
	http   *http.Client
	log    *slog.Logger
	cfg    Config
	tables followed[pdp.Tables]
	keys   keys
	cookie followed[pdp.CookieKey]
	silent atomic.Int64 // Unix nanoseconds of the first failure since it last answered; 0 while it answers
}

var (
	_ pdp.Decider   = (*Client)(nil)
	_ pdp.Revoker   = (*Client)(nil)
	_ pdp.Continuer = (*Client)(nil)
)

// New speaks to the decision point at base through a transport that proves who
// is calling, and that no other part answers.
func New(base *url.URL, transport http.RoundTripper, log *slog.Logger, c Config) (*Client, error) {
	if err := required.Parts("client of a decision point", map[string]bool{
		"base": base != nil && base.Host != "", "transport": transport != nil, "log": log != nil,
	}); err != nil {
		return nil, err
	}
	if c.KeysKept <= 0 {
		c.KeysKept = keysKept
	}
	if c.Wait <= 0 {
		c.Wait = longPoll
	}
	if c.DecisionTime <= 0 {
		c.DecisionTime = DecisionTimeout
	}
	client := &Client{
		base: base, log: log, cfg: c,
		http: &http.Client{Transport: transport, CheckRedirect: neverFollow},
	}
	client.keys.kept = c.KeysKept
	return client, nil
}

// neverFollow refuses to carry a question to where the answer points.
func neverFollow(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Run keeps tables, keys and the key of cookies fresh until the context ends.
func (c *Client) Run(ctx context.Context) {
	var group sync.WaitGroup
	group.Go(func() { keepFresh(ctx, c, pdp.PathTables, "tables", &c.tables, checkTables) })
	group.Go(func() { keepFresh(ctx, c, pdp.PathKeys, "keys", &c.keys.followed, c.keys.learn) })
	group.Go(func() { keepFresh(ctx, c, pdp.PathCookieKey, "cookies", &c.cookie, checkCookieKey) })
	group.Wait()
}

// silence is how long nothing may be answered before the decision point counts
// as gone. What is asked for all the time is who is cut off.
const silence = 2 * time.Second

// noteAnswer keeps since when the decision point does not answer. A call
// that the caller gave up says nothing about it.
func (c *Client) noteAnswer(err error) {
	switch {
	case err == nil:
		c.silent.Store(0)
	case !errors.Is(err, context.Canceled):
		c.silent.CompareAndSwap(0, time.Now().UnixNano())
	}
}

// Ready returns why nothing can be decided now: what was never heard, or that
// the decision point has fallen silent.
func (c *Client) Ready() error {
	var faults []error
	if since := c.silent.Load(); since != 0 && time.Since(time.Unix(0, since)) > silence {
		faults = append(faults, errors.New("the decision point does not answer"))
	}
	if c.tables.value.Load() == nil {
		faults = append(faults, errors.New("no tables from the decision point yet"))
	}
	if !c.keys.known() {
		faults = append(faults, errors.New("no keys from the decision point"))
	}
	if c.cookie.value.Load() == nil {
		faults = append(faults, errors.New("no key of browsers' cookies from the decision point yet"))
	}
	return errors.Join(faults...)
}

// A statusError is a refusal of the decision point.
type statusError int

func (s statusError) Error() string { return fmt.Sprintf("the decision point answered %d", int(s)) }

// call sends one request and decodes its answer, at most limit bytes of it,
// strictly. A nil into expects no answer.
func (c *Client) call(ctx context.Context, method, path string, body, into any, limit int64) error {
	r, err := c.request(ctx, method, path, body)
	if err != nil {
		return err
	}
	res, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("ask the decision point: %w", err)
	}
	defer drain(res)
	want := http.StatusOK
	if into == nil {
		want = http.StatusNoContent
	}
	if res.StatusCode != want {
		return statusError(res.StatusCode)
	}
	if into == nil {
		return nil
	}
	return decode(res.Body, into, limit)
}

func (c *Client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode a question: %w", err)
	}
	var content io.Reader = http.NoBody
	if body != nil {
		content = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base.String()+path, content)
	if err != nil {
		return nil, fmt.Errorf("ask the decision point: %w", err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	// To ask twice is to ask once: a connection that broke while it was idle
	// denies no request. An empty list is not sent.
	r.Header["Idempotency-Key"] = []string{}
	return r, nil
}

// decode reads one JSON value that holds nothing which this program does not
// know, and nothing after it.
func decode(from io.Reader, into any, limit int64) error {
	body, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err != nil {
		return fmt.Errorf("read the decision point's answer: %w", err)
	}
	if int64(len(body)) > limit {
		return errors.New("the decision point's answer is misshapen: there is too much of it")
	}
	if err := strictjson.Decode(body, into); err != nil {
		return fmt.Errorf("the decision point's answer is misshapen: %w", err)
	}
	return nil
}

// drain leaves the connection ready for the next question.
func drain(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, maxRefused)
	_ = res.Body.Close()
}
