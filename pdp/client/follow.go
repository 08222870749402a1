package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/pdp"
)

// followed is a document of the decision point in this process's memory.
type followed[T any] struct {
	value atomic.Pointer[T]
	heard atomic.Pointer[time.Time] // when the decision point last confirmed it

	asking sync.Mutex // one request out of turn at a time
	mu     sync.Mutex // guards tag, and orders what is learned
	tag    string
}

// keepFresh follows the document at path until the context ends.
func keepFresh[T any](ctx context.Context, c *Client, path, what string, f *followed[T], learn func(*T) error) {
	down := false
	for ctx.Err() == nil {
		began := time.Now()
		err := fetch(ctx, c, path, c.cfg.Wait, f, learn)
		c.noteAnswer(err)
		switch {
		case err == nil && down:
			c.log.Info("the decision point answers again", "about", what)
		case err != nil && !down && ctx.Err() == nil:
			c.log.Warn("the decision point does not answer", "about", what, "error", err)
		}
		down = err != nil
		// A decision point that is stopping answers at once, again and again.
		select {
		case <-ctx.Done():
		case <-time.After(retryEvery - time.Since(began)):
		}
	}
}

// fetch asks for the document once, and waits for it to change when it is
// known already.
func fetch[T any](ctx context.Context, c *Client, path string, wait time.Duration, f *followed[T], learn func(*T) error) error {
	ctx, cancel := context.WithTimeout(ctx, wait+callTimeout)
	defer cancel()
	path += "?" + pdp.QueryWait + "=" + strconv.Itoa(int(wait/time.Second))
	r, err := c.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	f.mu.Lock()
	known := f.tag
	f.mu.Unlock()
	if known != "" {
		r.Header.Set("If-None-Match", known)
	}
	asked := time.Now()
	res, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("ask the decision point: %w", err)
	}
	defer drain(res)
	switch res.StatusCode {
	case http.StatusNotModified:
		now := time.Now()
		f.heard.Store(&now)
		return nil
	case http.StatusOK:
		var value T
		if err := decode(res.Body, &value, maxAnswer); err != nil {
			return err
		}
		return f.learn(&value, known, res.Header.Get("ETag"), asked, learn)
	default:
		return statusError(res.StatusCode)
	}
}

// learn keeps a new document. What makes no sense changes nothing, and neither
// does an answer that another one has overtaken, since it was asked for when
// another document was known: it may be the older of the two. If it is not, the
// next question brings it.
func (f *followed[T]) learn(value *T, known, tag string, asked time.Time, check func(*T) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tag != known {
		return nil
	}
	if err := check(value); err != nil {
		return err
	}
	f.value.Store(value)
	f.heard.Store(&asked)
	f.tag = tag
	return nil
}

// Tables are those that the decision point last named. Before it has named any
// they are zero, of no revision, under which nothing is decided.
func (c *Client) Tables() *pdp.Tables {
	if t := c.tables.value.Load(); t != nil {
		return t
	}
	return &pdp.Tables{}
}

func checkTables(t *pdp.Tables) error {
	if t.Revision == "" {
		return errors.New("the decision point's tables are of no revision")
	}
	return nil
}

// catchUp fetches the tables out of turn when the policy that decides is newer
// than the one that routed. A caller that comes while another is fetching
// has only to wait.
func (c *Client) catchUp(ctx context.Context, revision string) {
	c.tables.asking.Lock()
	defer c.tables.asking.Unlock()
	if c.Tables().Revision != revision || ctx.Err() != nil {
		return
	}
	if err := fetch(ctx, c, pdp.PathTables, 0, &c.tables, checkTables); err != nil {
		c.log.Warn("tables of the newer policy not fetched", "error", err)
	}
}
