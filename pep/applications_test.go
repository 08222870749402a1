package pep_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/session"
	"github.com/wardgate/wardgate/pep/token"
	"github.com/wardgate/wardgate/pep/upstream"
)

// A numbered application is one of many configurations of it. It answers with its number,
// and holds that all that it gets is of that number.
type numbered struct {
	t        *testing.T
	number   string
	underWay atomic.Int64
	released atomic.Int64
}

func (n *numbered) RoundTrip(r *http.Request) (*http.Response, error) {
	n.underWay.Add(1)
	if n.released.Load() > 0 {
		n.t.Errorf("%s got a request after it was released", n.number)
	}
	if got := r.Header.Get("X-Number"); got != n.number || r.URL.Host != n.number+".test" || r.Header.Get("X-Told-"+n.number) != "" {
		n.t.Errorf("%s got a request of %s, at %s", n.number, got, r.URL.Host)
	}
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: int64(len(n.number)),
		Header: http.Header{"Content-Type": {"text/plain"}}, Body: &leaving{strings.NewReader(n.number), n},
	}, nil
}

// A leaving body holds that its application is not released while it is read.
type leaving struct {
	io.Reader
	from *numbered
}

func (l *leaving) Close() error {
	if l.from.released.Load() > 0 {
		l.from.t.Errorf("%s was released under a request", l.from.number)
	}
	l.from.underWay.Add(-1)
	return nil
}

// applications are those of this number. Clients forge the header in which only it tells
// who asks.
func (n *numbered) applications() pep.Applications {
	return pep.Applications{
		Upstreams: map[string]pep.Upstream{"records": {
			URL: &url.URL{Scheme: "http", Host: n.number + ".test"}, Transport: n, External: true,
			Headers: upstream.Rules{
				Set: map[string]string{"X-Number": n.number}, AnswerSet: map[string]string{"X-Answer-Number": n.number},
				Pass: []string{"X-Passed"}, Tell: map[string]string{"X-Told-" + n.number: "department"},
			},
		}},
		Released: func() { n.released.Add(1) },
	}
}

func newNumberedProxy(t *testing.T, first *numbered) (p *pep.Proxy, bearer string) {
	t.Helper()
	key, err := assertion.NewKey(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	tokens := newTokenIssuer(t)
	p, err = pep.New(pep.Config{
		Decider: deciderFunc(func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Revision: r.Context.Route, Allow: true, Grounds: byRole()}, nil
		}),
		Tables: fixedTables(testTables()), Journal: nowhere{}, Keys: tokens,
		Revoker: revokerFunc(func(context.Context, string, string) error { return nil }),
		Tokens:  token.Policy{Issuer: testIssuer, Audience: testAudience}, Assertion: key,
		Applications: first.applications(), Log: slog.New(slog.DiscardHandler),
		DecisionTime: time.Minute, // what is asked here is not whether it is in time
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, "Bearer " + tokens.good()
}

// TestNoRequestMixesApplications: while others are taken again and again, every request is
// answered, by one configuration from its beginning to its end, and each is released once,
// when the last request under it has ended.
func TestNoRequestMixesApplications(t *testing.T) {
	t.Parallel()
	all := make([]*numbered, 100)
	for i := range all {
		all[i] = &numbered{t: t, number: fmt.Sprintf("n%d", i)}
	}
	p, bearer := newNumberedProxy(t, all[0])
	done := make(chan struct{})
	var clients sync.WaitGroup
	var answered atomic.Int64
	for range 4 {
		clients.Go(func() {
			for open := true; open; {
				select {
				case <-done:
					open = false
				default:
				}
				r := httptest.NewRequest(http.MethodGet, "/api/patients/p-1", http.NoBody)
				r.Header.Set("Authorization", bearer)
				for _, n := range all {
					r.Header.Set("X-Told-"+n.number, "forged")
				}
				w := httptest.NewRecorder()
				if p.ServeHTTP(w, r); w.Code != http.StatusOK || w.Body.String() != w.Header().Get("X-Answer-Number") {
					t.Errorf("got %d %q under %q", w.Code, w.Body, w.Header().Get("X-Answer-Number"))
				}
				answered.Add(1)
			}
		})
	}
	for _, next := range all[1:] {
		before := answered.Load()
		take, err := p.Prepare(next.applications())
		if err != nil {
			t.Fatal(err)
		}
		take()
		for answered.Load() < before+4 && !t.Failed() { // some of each
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/api/patients/p-1", http.NoBody)
			r.Header.Set("Authorization", bearer)
			if p.ServeHTTP(w, r); w.Body.String() != next.number {
				t.Errorf("after %s was taken: got %d %s", next.number, w.Code, w.Body)
			}
		}
	}
	close(done)
	clients.Wait()
	for i, n := range all {
		if want := map[bool]int64{true: 0, false: 1}[i == len(all)-1]; n.released.Load() != want || n.underWay.Load() != 0 {
			t.Errorf("%s was released %d times with %d under way, want %d", n.number, n.released.Load(), n.underWay.Load(), want)
		}
	}
}

// TestARequestKeepsItsHost: one that was begun when a host was the laboratory's goes there,
// although the host has become another application's before it was decided.
func TestARequestKeepsItsHost(t *testing.T) {
	t.Parallel()
	decided, decide := make(chan struct{}, 1), make(chan struct{})
	b := newHostedWorld(t, func(b *browserWorld) {
		next := b.config.Decider
		b.config.Decider = deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
			if r.Context.UserAgent == "slow" {
				decided <- struct{}{}
				<-decide
			}
			return next.Decide(ctx, r)
		})
	})
	var released atomic.Int64
	was := b.config.Applications
	is := was
	var err error
	is.Origins, err = session.NewOrigins(homeOrigin, session.Hosted{Application: "lab", Origin: "http://new.test"}, session.Hosted{Application: "pacs", Origin: labOrigin})
	if err != nil {
		t.Fatal(err)
	}
	was.Released = func() { released.Add(1) }
	for _, one := range []pep.Applications{was, is} {
		take, err := b.proxy.Prepare(one)
		if err != nil {
			t.Fatal(err)
		}
		if one.Origins == is.Origins {
			began := make(chan answer)
			go func() {
				began <- b.one(browse("GET", "lab.test", "/r-1", "Authorization: Bearer {token}", "User-Agent: slow"))
			}()
			<-decided
			take()
			if a := b.one(browse("GET", "lab.test", "/r-1", "Authorization: Bearer {token}")); a.body != "pacs /r-1 lab.test" {
				t.Errorf("a request afterwards: got %d %s", a.status, a.body)
			}
			if released.Load() != 0 {
				t.Error("applications were released under a request")
			}
			close(decide)
			if a := <-began; a.body != "lab /r-1 lab.test" {
				t.Errorf("a request from before: got %d %s", a.status, a.body)
			}
			continue
		}
		take()
	}
	// A host that has gone is no application's, and a new one is at once.
	for host, want := range map[string]int{"pacs.test:8042": http.StatusNotFound, "new.test": http.StatusOK} {
		if a := b.one(browse("GET", host, "/r-1", "Authorization: Bearer {token}")); a.status != want {
			t.Errorf("%s: got %d %s, want %d", host, a.status, a.body, want)
		}
	}
	b.drain()
	if released.Load() != 1 {
		t.Errorf("released %d times", released.Load())
	}
}

// TestFaultyApplicationsAreNotTaken: those that no enforcement point begins with, and those
// that the rule book in force cannot be served with.
func TestFaultyApplicationsAreNotTaken(t *testing.T) {
	t.Parallel()
	b := newHostedWorld(t, nil)
	origins := func(home string, all ...session.Hosted) *session.Origins {
		o, err := session.NewOrigins(home, all...)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	lab, pacs := session.Hosted{Application: "lab", Origin: labOrigin}, session.Hosted{Application: "pacs", Origin: pacsOrigin}
	for want, change := range map[string]func(*pep.Applications){
		"the table has this request line twice": func(a *pep.Applications) { a.Origins = origins(homeOrigin, pacs) },
		"the home of browsers is another one":   func(a *pep.Applications) { a.Origins = origins("http://other.test", lab, pacs) },
		"are required together":                 func(a *pep.Applications) { a.Origins = nil },
		"a name, URL and transport":             func(a *pep.Applications) { a.Upstreams = map[string]pep.Upstream{"lab": {}} },
		"a signer and an issuer":                func(a *pep.Applications) { a.Identities = map[string]*upstream.Identity{"lab": {Audience: "a"}} },
	} {
		a := b.config.Applications
		change(&a)
		a.Released = func() { t.Errorf("%s: released what was not taken", want) }
		if _, err := b.proxy.Prepare(a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if a := b.one(browse("GET", "lab.test", "/r-1", "Authorization: Bearer {token}")); a.body != "lab /r-1 lab.test" {
			t.Errorf("%s: got %d %s", want, a.status, a.body)
		}
	}
}
