package api_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/api"
	"github.com/wardgate/wardgate/pip"
)

// inner is what stands behind an Internal in a test.
type inner struct {
	decider
	revision atomic.Pointer[string]
	key      *ecdsa.PrivateKey
	counted  []pdp.Counted
	asks     []pdp.Continuation
	ongoing  []pdp.Ongoing
	goesOn   error
}

// cookieKey has bytes that differ.
var cookieKey = []byte("0123456789abcdefghijklmnopqrstuv")

func (i *inner) Continue(_ context.Context, c pdp.Continuation) (pdp.Continued, error) {
	i.asks = append(i.asks, c)
	if i.goesOn != nil {
		return pdp.Continued{}, i.goesOn
	}
	return pdp.Continued{AccessToken: "a.b.c", Expires: time.Unix(1e9, 0).UTC(), RenewAfter: time.Minute}, nil
}

func (i *inner) GoesOn(_ context.Context, o pdp.Ongoing) (pdp.Going, error) {
	i.ongoing = append(i.ongoing, o)
	return pdp.Going{AskAfter: time.Second}, i.goesOn
}

func (*inner) CookieKey() (pdp.CookieKey, error) { return pdp.CookieKey{Secret: cookieKey}, nil }

func (i *inner) Tables() *pdp.Tables { return &pdp.Tables{Revision: *i.revision.Load()} }

func (i *inner) JWKS() (pdp.KeySet, error) {
	return pdp.NewKeySet(map[string]*ecdsa.PublicKey{"k1": &i.key.PublicKey})
}

func (*inner) Snapshot(context.Context, pip.Mark) (pip.Revocations, error) {
	return pip.Revocations{}, errors.New("SQL is gone")
}

func (i *inner) Count(_ context.Context, seen pdp.Counted) error {
	i.counted = append(i.counted, seen)
	switch seen.Origin {
	case "nonsense":
		return fmt.Errorf("%w: patient 4711", api.ErrUncountable)
	case "down":
		return errors.New("the store is gone")
	}
	return nil
}

func newInternal(t testing.TB, caller func(*http.Request) bool) (*api.Internal, *inner) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i, first := &inner{key: key}, "r1"
	i.revision.Store(&first)
	s, err := api.NewInternal(api.InternalConfig{
		Decider: i, Tables: i, Revoker: i, Keys: i,
		Revocations: i, Counter: i, Continuer: i, Sessions: i, CookieKey: i,
		Caller: caller, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, i
}

func pepAlone(r *http.Request) bool { return r.Header.Get("Certificate") == "pep" }

func request(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Certificate", "pep")
	return r
}

const revokePath = "/internal/v1/sessions/s-1/revoke"

func TestOnlyTheEnforcementPointIsAnswered(t *testing.T) {
	s, i := newInternal(t, pepAlone)
	for _, path := range []string{pdp.PathDecide, pdp.PathTables, pdp.PathKeys, revokePath, pdp.PathRevocations, pdp.PathBehaviour, pdp.PathContinue, pdp.PathGoesOn, pdp.PathCookieKey, "/internal/v1/other", "/"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			for name, spoil := range map[string]func(*http.Request){
				"a stranger": func(r *http.Request) { r.Header.Del("Certificate") },
				// A request that was forwarded for a user reaches the administrator
				// and nothing else, whatever a route table says.
				"forwarded for somebody": func(r *http.Request) { r.Header.Set(assertion.Header, "") },
			} {
				r := request(method, path, `{"Reason":"x"}`)
				spoil(r)
				got := httptest.NewRecorder()
				s.ServeHTTP(got, r)
				if got.Code != http.StatusUnauthorized {
					t.Errorf("%s: %s %s: got %d %s, want 401", name, method, path, got.Code, got.Body)
				}
			}
		}
	}
	if len(i.asked) > 0 || i.revoked > 0 || len(i.counted) > 0 || len(i.asks) > 0 {
		t.Errorf("strangers were heard: %d questions, %d revocations", len(i.asked), i.revoked)
	}
}

func TestBodiesWithMoreThanIsKnownAreRefused(t *testing.T) {
	s, i := newInternal(t, pepAlone)
	for name, tt := range map[string]struct {
		path, body string
		want       int
	}{
		"an unknown member":   {pdp.PathDecide, `{"ID":"a","Request":{"Context":{"Unless":1}}}`, 400},
		"two values":          {pdp.PathDecide, `{"ID":"a"}{}`, 400},
		"no JSON":             {pdp.PathDecide, `ID=a`, 400},
		"nothing":             {revokePath, ``, 400},
		"too much":            {pdp.PathDecide, `{"ID":"` + strings.Repeat("a", 1<<20) + `"}`, 413},
		"an unknown reason":   {revokePath, `{"Reason":"x","Until":"y"}`, 400},
		"the method is wrong": {pdp.PathTables, `{}`, 405},
		"nothing is there":    {"/internal/v1/bans", `{}`, 404},
	} {
		got := httptest.NewRecorder()
		s.ServeHTTP(got, request(http.MethodPost, tt.path, tt.body))
		if got.Code != tt.want {
			t.Errorf("%s: got %d %s, want %d", name, got.Code, got.Body, tt.want)
		}
	}
	if len(i.asked) > 0 || i.revoked > 0 {
		t.Errorf("%d questions, %d revocations were taken from them", len(i.asked), i.revoked)
	}
}

func TestWhoFollowsHearsOfAChange(t *testing.T) {
	s, i := newInternal(t, pepAlone)
	first := httptest.NewRecorder()
	s.ServeHTTP(first, request(http.MethodGet, pdp.PathTables, ""))
	tag := first.Header().Get("ETag")
	if first.Code != 200 || tag == "" {
		t.Fatalf("got %d, tag %q", first.Code, tag)
	}
	follow := func(wait string) *httptest.ResponseRecorder {
		r := request(http.MethodGet, pdp.PathTables+"?wait="+wait, "")
		r.Header.Set("If-None-Match", tag)
		got := httptest.NewRecorder()
		s.ServeHTTP(got, r)
		return got
	}
	for _, wait := range []string{"0", "-1", "soon", ""} {
		if got := follow(wait); got.Code != http.StatusNotModified || got.Body.Len() > 0 {
			t.Errorf("wait %q: got %d %s, want 304", wait, got.Code, got.Body)
		}
	}
	heard := make(chan *httptest.ResponseRecorder)
	go func() { heard <- follow("25") }()
	second := "r2"
	i.revision.Store(&second)
	if got := <-heard; got.Code != 200 || !strings.Contains(got.Body.String(), "r2") {
		t.Errorf("got %d %s, want the second revision", got.Code, got.Body)
	}
	tag = ""
	tag = follow("0").Header().Get("ETag")
	go func() { heard <- follow("25") }()
	s.Stop()
	if got := <-heard; got.Code != http.StatusNotModified {
		t.Errorf("at the end: got %d, want 304", got.Code)
	}
}

// What was counted is kept, refused for good, or to be sent again; the answer
// says which, and nothing of what it was about.
func TestWhatWasCountedIsTaken(t *testing.T) {
	s, i := newInternal(t, pepAlone)
	for name, tt := range map[string]struct {
		body string
		want int
	}{
		"kept":               {`{"Origin":"pep","Number":7,"Tallies":[{"Patients":["p-1"]}]}`, 204},
		"no sense":           {`{"Origin":"nonsense","Number":1}`, 400},
		"later":              {`{"Origin":"down","Number":1}`, 503},
		"an unknown member":  {`{"Origin":"pep","Number":7,"Unless":1}`, 400},
		"a negative number":  {`{"Origin":"pep","Number":-7}`, 400},
		"more than a report": {`{"Origin":"pep","Tallies":"` + strings.Repeat("a", 32<<20) + `"}`, 413},
	} {
		got := httptest.NewRecorder()
		s.ServeHTTP(got, request(http.MethodPost, pdp.PathBehaviour, tt.body))
		if got.Code != tt.want || strings.Contains(got.Body.String(), "4711") {
			t.Errorf("%s: got %d %s, want %d", name, got.Code, got.Body, tt.want)
		}
	}
	if len(i.counted) != 3 {
		t.Errorf("got %d reports, want 3", len(i.counted))
	}
}

func TestKeysArePublicOnly(t *testing.T) {
	s, i := newInternal(t, pepAlone)
	got := httptest.NewRecorder()
	s.ServeHTTP(got, request(http.MethodGet, pdp.PathKeys, ""))
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(got.Body.Bytes(), &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("got %s, %v", got.Body, err)
	}
	for _, member := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
		if _, there := set.Keys[0][member]; there {
			t.Errorf("the private member %q is shown", member)
		}
	}
	secret, err := i.key.Bytes()
	if err != nil || bytes.Contains(got.Body.Bytes(), secret) {
		t.Errorf("the private key is shown, or %v", err)
	}
}

func TestWhatIsWrongInsideStaysInside(t *testing.T) {
	s, i := newInternal(t, pepAlone)
	i.answer = func(context.Context, pdp.Request) (pdp.Decision, error) {
		return byResource(pdp.Request{}), errors.New("table patients is broken")
	}
	for method, path := range map[string]string{http.MethodPost: pdp.PathDecide, http.MethodGet: pdp.PathRevocations} {
		got := httptest.NewRecorder()
		s.ServeHTTP(got, request(method, path, `{"ID":"a"}`))
		if got.Code < 500 || strings.Contains(got.Body.String(), "broken") || strings.Contains(got.Body.String(), "SQL") {
			t.Errorf("%s: got %d %s", path, got.Code, got.Body)
		}
	}
}

// That a session is over is one answer, and that it is not known is another: at the
// first a browser's cookie is cleared.
func TestABrowserIsContinued(t *testing.T) {
	asked := pdp.Continuation{Handle: "h", Host: "home.test", Address: netip.MustParseAddr("10.0.0.1"), UserAgent: "x", Decision: "d"}
	body, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		goesOn error
		status int
	}{
		{"live", nil, http.StatusOK},
		{"over", fmt.Errorf("%w: subject_banned", pdp.ErrSessionOver), http.StatusGone},
		{"not known", errors.New("SQL is gone: secret"), http.StatusServiceUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, i := newInternal(t, pepAlone)
			i.goesOn = test.goesOn
			got := httptest.NewRecorder()
			s.ServeHTTP(got, request(http.MethodPost, pdp.PathContinue, string(body)))
			if got.Code != test.status || len(i.asks) != 1 || i.asks[0] != asked || strings.Contains(got.Body.String(), "secret") {
				t.Errorf("got %d %s, asked %d times", got.Code, got.Body, len(i.asks))
			}
			if strings.Contains(got.Body.String(), "a.b.c") != (test.goesOn == nil) {
				t.Errorf("got %s", got.Body)
			}
		})
	}
}

// It is a definite no, an answer, or not known.
func TestWhetherASessionGoesOnIsTold(t *testing.T) {
	asked := pdp.Ongoing{Session: "s-1", Handle: "h", Host: "home.test"}
	body, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		goesOn error
		status int
	}{
		{"live", nil, http.StatusOK},
		{"over", fmt.Errorf("%w: walked away", pdp.ErrSessionOver), http.StatusGone},
		{"not known", errors.New("SQL is gone: secret"), http.StatusServiceUnavailable},
	} {
		s, i := newInternal(t, pepAlone)
		i.goesOn = test.goesOn
		got := httptest.NewRecorder()
		s.ServeHTTP(got, request(http.MethodPost, pdp.PathGoesOn, string(body)))
		if got.Code != test.status || len(i.ongoing) != 1 || i.ongoing[0] != asked || strings.Contains(got.Body.String(), "secret") {
			t.Errorf("%s: got %d %s, asked %d times", test.name, got.Code, got.Body, len(i.ongoing))
		}
		if going := `{"AskAfter":1000000000}`; (strings.TrimSpace(got.Body.String()) == going) != (test.goesOn == nil) {
			t.Errorf("%s: got %s", test.name, got.Body)
		}
	}
}

func TestTheKeyOfCookiesIsTold(t *testing.T) {
	s, _ := newInternal(t, pepAlone)
	got := httptest.NewRecorder()
	s.ServeHTTP(got, request(http.MethodGet, pdp.PathCookieKey, ""))
	var key pdp.CookieKey
	if err := json.Unmarshal(got.Body.Bytes(), &key); err != nil || !bytes.Equal(key.Secret, cookieKey) || got.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("got %d, %v, %v", got.Code, err, got.Header())
	}
}
