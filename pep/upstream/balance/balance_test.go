package balance_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pep/upstream/balance"
	"github.com/wardgate/wardgate/pep/upstream/http1"
)

// A fleet is servers that answer as the test says, and remembers what each was sent.
type fleet struct {
	mu     sync.Mutex
	hold   chan error // says what comes of a request, where there is one
	sent   []string
	fail   map[string]error
	status map[string]int
	checks map[string]int // how often each was asked
	turned []string
	*balance.Balancer
}

// A check is how a server is reached for checks.
type check struct {
	*fleet
	name string
}

func (c check) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != c.name || r.Method != http.MethodGet || len(r.Header) != 1 {
		return nil, fmt.Errorf("got %s %s %v", r.Method, r.URL, r.Header)
	}
	return c.checked(r, c.name)
}

type one struct {
	*fleet
	name string
}

func (o one) RoundTrip(r *http.Request) (*http.Response, error) {
	body := ""
	if r.Body != nil {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
		_ = r.Body.Close()
	}
	o.mu.Lock()
	o.sent = append(o.sent, strings.TrimSpace(o.name+" "+body))
	o.mu.Unlock()
	if r.URL.Host != o.name || r.Host != o.name || r.URL.Scheme != "https" {
		return nil, fmt.Errorf("it was addressed to %s, %s", r.URL, r.Host)
	}
	if hold := o.hold; hold != nil {
		if err := <-hold; err != nil {
			return nil, err
		}
	} else if err := o.fail[o.name]; err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(o.name))}, nil
}

func newFleet(t *testing.T, names ...string) *fleet {
	t.Helper()
	return newFleetWith(t, balance.Config{}, names...)
}

func newFleetWith(t *testing.T, c balance.Config, names ...string) *fleet {
	t.Helper()
	f := &fleet{fail: map[string]error{}, status: map[string]int{}, checks: map[string]int{}}
	var servers []balance.Server
	for _, name := range names {
		servers = append(servers, balance.Server{Name: name, URL: &url.URL{Scheme: "https", Host: name}, Transport: one{f, name}, Checks: check{f, name}})
	}
	var err error
	c.Turned = func(server string, _, stands balance.State, why error) {
		if (why == nil) != (stands == balance.Serving) {
			t.Errorf("%s is %s because of %v", server, stands, why)
		}
		f.turned = append(f.turned, server+" "+string(stands))
	}
	f.Balancer, err = balance.New(servers, c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fleet) ask(t *testing.T, body string) (*http.Response, error) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "https://app.test/x", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return f.RoundTrip(r)
}

func (f *fleet) took() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	sent := f.sent
	f.sent = nil
	return sent
}

// TestTheOneWithTheFewest gets the next request, and among equals they take turns.
func TestTheOneWithTheFewest(t *testing.T) {
	f := newFleet(t, "a", "b", "c")
	var open []*http.Response
	for range 6 {
		res, err := f.ask(t, "")
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, res)
	}
	if got := f.took(); !slices.Equal(got, []string{"a", "b", "c", "a", "b", "c"}) {
		t.Errorf("got %q", got)
	}
	for _, i := range []int{1, 4} {
		if err := errors.Join(open[i].Body.Close(), open[i].Body.Close()); err != nil { // twice counts once
			t.Error(err)
		}
	}
	for range 2 {
		if _, err := f.ask(t, ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.took(); !slices.Equal(got, []string{"b", "b"}) {
		t.Errorf("after b was left: got %q", got)
	}
}

// TestWhatWasNotSentGoesToAnother: whole, and what was sent goes nowhere else.
func TestWhatWasNotSentGoesToAnother(t *testing.T) {
	for name, tt := range map[string]struct {
		fault error
		again bool
	}{
		"no connection": {fmt.Errorf("connect: %w", http1.ErrUnreached), true},
		"busy":          {http1.ErrBusy, true},
		"broken":        {io.ErrUnexpectedEOF, false},
		"a bad head":    {http1.ErrHead, false},
		"something":     {errors.New("something"), false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t, "a", "b")
			f.fail["a"] = tt.fault
			res, err := f.ask(t, "the body")
			want := []string{"a the body"}
			if tt.again {
				want = append(want, "b the body")
			}
			if got := f.took(); !slices.Equal(got, want) || (err == nil) != tt.again {
				t.Errorf("got %q, %v, %v", got, res, err)
			}
		})
	}
}

// TestAllAreTriedOnce: when none takes the request, it is refused.
func TestAllAreTriedOnce(t *testing.T) {
	f := newFleet(t, "a", "b", "c")
	for _, name := range []string{"a", "b", "c"} {
		f.fail[name] = http1.ErrUnreached
	}
	for range 2 { // those that are left alone are tried when there is no other
		if _, err := f.ask(t, ""); !errors.Is(err, http1.ErrUnreached) {
			t.Errorf("got %v", err)
		}
		got := f.took()
		if slices.Sort(got); !slices.Equal(got, []string{"a", "b", "c"}) {
			t.Errorf("got %q", got)
		}
	}
	if len(f.turned) != 3 {
		t.Errorf("told %q", f.turned)
	}
}

// TestAServerThatTookNoConnectionIsLeftAlone: for a while, and then it is asked again.
func TestAServerThatTookNoConnectionIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, "a", "b")
		f.fail["a"] = http1.ErrUnreached
		for range 4 {
			res, err := f.ask(t, "")
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
		}
		if got := f.took(); !slices.Equal(got, []string{"a", "b", "b", "b", "b"}) {
			t.Errorf("got %q", got)
		}
		delete(f.fail, "a")
		time.Sleep(balance.DefaultRest)
		for range 2 {
			if _, err := f.ask(t, ""); err != nil {
				t.Fatal(err)
			}
		}
		if got := f.took(); !slices.Contains(got, "a") {
			t.Errorf("after its rest: got %q", got)
		}
		if want := []string{"a resting", "a serving"}; !slices.Equal(f.turned, want) {
			t.Errorf("told %q, want %q", f.turned, want)
		}
	})
}

// TestAClientThatWentBlamesNoServer: nor is its request tried elsewhere.
func TestAClientThatWentBlamesNoServer(t *testing.T) {
	f := newFleet(t, "a", "b")
	f.fail["a"] = fmt.Errorf("%w: %w", http1.ErrUnreached, context.Canceled)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "https://app.test/x", nil)
	if _, err := f.RoundTrip(r); err == nil || len(f.turned) > 0 || !slices.Equal(f.took(), []string{"a"}) {
		t.Errorf("got %v, told %q", err, f.turned)
	}
}

func TestABalancerNeedsServers(t *testing.T) {
	for _, servers := range [][]balance.Server{nil, {{}}, {{URL: &url.URL{Host: "a"}}}} {
		if _, err := balance.New(servers, balance.Config{}); err == nil {
			t.Errorf("%v was accepted", servers)
		}
	}
}
