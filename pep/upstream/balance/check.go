package balance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Checks ask each server how it is, without a session and on connections of their own.
// A status from 200 to 399 within the time passes.
type Checks struct {
	Path      string        // and query, of a GET request
	Interval  time.Duration // 0 means DefaultInterval
	Timeout   time.Duration // 0 means DefaultTimeout, or Interval where that is less
	Unhealthy int           // failed in a row, after which a server is out; 0 means DefaultUnhealthy
	Healthy   int           // passed in a row, after which it is not; 0 means DefaultHealthy
}

// The defaults of Checks.
const (
	DefaultInterval  = 10 * time.Second
	DefaultTimeout   = 2 * time.Second
	DefaultUnhealthy = 3
	DefaultHealthy   = 2
)

func (c Checks) withDefaults() (Checks, error) {
	if err := CheckPath(c.Path); err != nil {
		return Checks{}, err
	}
	c.Interval = cmp.Or(c.Interval, DefaultInterval)
	c.Timeout = cmp.Or(c.Timeout, min(c.Interval, DefaultTimeout))
	c.Unhealthy = cmp.Or(c.Unhealthy, DefaultUnhealthy)
	c.Healthy = cmp.Or(c.Healthy, DefaultHealthy)
	return c, nil
}

// CheckPath says what is wrong with the path of checks.
func CheckPath(path string) error {
	u, err := url.ParseRequestURI(path)
	if err != nil || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || u.Host != "" || strings.ContainsAny(path, "#\\ ") {
		return errors.New("expected a path that begins with one /, such as /healthz")
	}
	return nil
}

// checked is what the checks of one server say.
type checked struct {
	out    bool
	passed int // in a row
	failed int // in a row
	total  uint64
}

// Run checks the servers until the context ends. Without checks it returns at once.
func (b *Balancer) Run(ctx context.Context) {
	if b.config.Checks == nil {
		return
	}
	var all sync.WaitGroup
	for _, s := range b.servers {
		all.Go(func() { b.watch(ctx, s) })
	}
	all.Wait()
}

func (b *Balancer) watch(ctx context.Context, s *server) {
	ticker := time.NewTicker(b.config.Checks.Interval)
	defer ticker.Stop()
	for {
		err := b.ask(ctx, s)
		if ctx.Err() != nil {
			return
		}
		b.found(s, err)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// ask makes one check. What the answer holds behind its head is not read.
func (b *Balancer) ask(ctx context.Context, s *server) error {
	within, cancel := context.WithTimeout(ctx, b.config.Checks.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(within, http.MethodGet, s.URL.Scheme+"://"+s.URL.Host+b.config.Checks.Path, http.NoBody)
	if err != nil {
		return err
	}
	r.Header["User-Agent"] = []string{"wardgate-check"}
	res, err := s.Checks.RoundTrip(r)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode < http.StatusOK || res.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%w: %d", ErrStatus, res.StatusCode)
	}
	return nil
}

// ErrStatus says that a check was answered by a status that does not pass.
var ErrStatus = errors.New("a check was answered by a status that is neither 2xx nor 3xx")

// found notes what a check found.
func (b *Balancer) found(s *server, err error) {
	b.mu.Lock()
	c := &s.checked
	if err == nil {
		c.passed, c.failed = c.passed+1, 0
		c.out = c.out && c.passed < b.config.Checks.Healthy
		s.lost, s.rests = false, time.Time{} // it takes connections
	} else {
		c.passed, c.failed, c.total = 0, c.failed+1, c.total+1
		s.why = err
		c.out = c.out || c.failed >= b.config.Checks.Unhealthy
	}
	b.mu.Unlock()
	b.tell(s)
}
