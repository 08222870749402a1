package pep_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/internal/refusals"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pep/quota"
	"github.com/wardgate/wardgate/pip"
)

// ended are the sessions and subjects that were cut off.
type ended struct {
	mu      sync.Mutex
	session map[string]bool
	subject map[string]bool
}

func (e *ended) Ended(session, subject string, _ time.Time) (over, banned bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.session[session], e.subject[subject]
}

// A flooded world has bounds for everything that is refused, and a clock that
// stands still.
type flooded struct {
	*world
	ended
	refusals *refusals.Ledger
	asked    int // decisions
	mu       sync.Mutex
	now      time.Time // at which the clock stands still
}

// Sources of floods, and one honest doctor.
const (
	floodAddress  = "198.51.100.7"
	honestAddress = "10.1.1.1"
)

func newFlooded(t *testing.T) *flooded {
	t.Helper()
	f := &flooded{ended: ended{session: map[string]bool{}, subject: map[string]bool{}}}
	now := time.Now()
	f.now = now
	f.world = newWorld(t, func(w *world) {
		f.refusals = w.ledger(refusals.Limits{Anonymous: 20, AnonymousOnSite: 200, Session: 10, Denied: 60})
		limiter, err := anonymous.New(anonymous.Config{
			Limits: func() anonymous.Limits {
				return anonymous.Limits{PerMinute: 300, Burst: 100, OffSite: 6000, OnSitePerMinute: 12000, OnSiteBurst: 2000, AtOnce: 4, Waiting: 64}
			},
			OnSite: func(netip.Addr) bool { return false },
		})
		if err != nil {
			t.Fatal(err)
		}
		w.config.Anonymous, w.config.Ended = limiter, &f.ended
		w.config.Now = func() time.Time { return now }
		w.config.Hosts = func(host string) bool { return host == "pep.test" }
		w.config.Decider = deciderFunc(func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
			f.mu.Lock()
			f.asked++
			f.mu.Unlock()
			return f.decide(r), nil
		})
	})
	return f
}

// decide denies ended sessions, paths that do not exist, and /admin.
func (f *flooded) decide(r pdp.Request) pdp.Decision {
	d, _ := sessionPolicy(context.Background(), r)
	over, banned := f.Ended(r.Context.Credential.Session, r.Subject.ID, r.Context.Time)
	switch {
	case r.Action.Name == "":
	case banned:
		d = pdp.Decision{Revision: d.Revision, Reasons: []string{"subject_banned"}}
	case over:
		d = pdp.Decision{Revision: d.Revision, Reasons: []string{"session_revoked"}}
	case r.Action.Name == "admin.read" && d.Allow:
		d = pdp.Decision{Revision: d.Revision, Reasons: []string{"role"}}
	}
	if !d.Allow {
		d.Evidence.Input = json.RawMessage(`{"seen":"` + strings.Repeat("x", 2000) + `"}`)
	}
	return d
}

// token is one of a subject's own session.
func (f *flooded) token(subject string, change func(map[string]any)) (token, session string) {
	claims := f.tokens.claims()
	claims["sub"], session = subject, claims["sid"].(string)
	claims["iat"], claims["auth_time"], claims["exp"] = f.now.Unix(), f.now.Unix(), f.now.Add(5*time.Minute).Unix()
	if change != nil {
		change(claims)
	}
	return f.tokens.sign(claims, f.tokens.header()), session
}

// A knock is one request of a flood.
type knock struct {
	method, target, host, token, from, body string
	header                                  [][2]string
	major                                   int
	ctx                                     context.Context // of a client that may hang up; nil for one that stays
}

func (f *flooded) knock(k knock) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", strings.NewReader(k.body))
	r.RequestURI, r.Host, r.RemoteAddr = "/info", "pep.test", k.from+":4711"
	if k.method != "" {
		r.Method = k.method
	}
	if k.target != "" {
		r.RequestURI = k.target
	}
	if k.host != "" {
		r.Host = k.host
	}
	if k.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if k.token != "" {
		r.Header.Set("Authorization", "Bearer "+k.token)
	}
	for _, h := range k.header {
		r.Header.Add(h[0], h[1])
	}
	if strings.Contains(k.from, ":") {
		r.RemoteAddr = "[" + k.from + "]:4711"
	}
	if k.major == 2 {
		r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	}
	if k.ctx != nil {
		r = r.WithContext(k.ctx)
	}
	w := httptest.NewRecorder()
	f.proxy.ServeHTTP(w, r)
	return w
}

// kept is what the journal holds of refusals: how many they were, in how many
// records and bytes, and which had one of their own.
type kept struct {
	refused, records, bytes int
	single                  []pip.Event
}

func (f *flooded) kept() (k kept) {
	f.t.Helper()
	if err := f.refusals.Flush(); err != nil {
		f.t.Fatal(err)
	}
	for _, e := range f.journal.of(pip.KindDecision) {
		if e.Allow {
			continue
		}
		b, err := json.Marshal(e.Event)
		if err != nil {
			f.t.Fatal(err)
		}
		k.records, k.bytes, k.refused = k.records+1, k.bytes+len(b), k.refused+max(1, e.Count)
		if e.Count == 0 {
			k.single = append(k.single, e.Event)
		}
	}
	return k
}

// TestFloods has each kind of refusal come 3000 times: what it costs the journal is
// bounded, none is lost, the answers stay what they are, and an honest session's
// denial has its own record.
func TestFloods(t *testing.T) {
	const n = 3000
	live := func(f *flooded) func(int) knock {
		token, _ := f.token("account-live", nil)
		return func(int) knock { return knock{token: token} }
	}
	gone := func(f *flooded) func(int) knock {
		token, session := f.token("account-gone", nil)
		f.session[session] = true
		return func(int) knock { return knock{token: token} }
	}
	with := func(of func(*flooded) func(int) knock, change func(*knock, int)) func(*flooded) func(int) knock {
		return func(f *flooded) func(int) knock {
			one := of(f)
			return func(i int) knock {
				k := one(i)
				change(&k, i)
				return k
			}
		}
	}
	tests := []struct {
		name      string
		of        func(*flooded) func(int) knock
		want, too int // status of the first, and of those beyond the bound; 0 for no other
		kib       int // at most, in the journal
		deciding  int // at most so many decisions
	}{
		{"no token", func(*flooded) func(int) knock { return func(int) knock { return knock{} } }, 401, 429, 64, 100},
		{"a forged token", func(*flooded) func(int) knock {
			return func(i int) knock { return knock{token: fmt.Sprintf("e30.e30.%d", i)} }
		}, 401, 429, 64, 100},
		{"forged tokens with one jti", func(f *flooded) func(int) knock {
			good, _ := f.token("account-1", nil)
			return func(i int) knock {
				return knock{token: good[:strings.LastIndexByte(good, '.')+1] + fmt.Sprintf("%086d", i)}
			}
		}, 401, 429, 64, 100},
		{"an oversized token", func(*flooded) func(int) knock {
			return func(int) knock { return knock{token: strings.Repeat("x", 9<<10)} }
		}, 401, 429, 64, 100},
		{"an expired token", func(f *flooded) func(int) knock {
			token, _ := f.token("account-1", func(c map[string]any) {
				c["iat"], c["exp"] = time.Now().Add(-time.Hour).Unix(), time.Now().Add(-time.Minute).Unix()
			})
			return func(int) knock { return knock{token: token} }
		}, 401, 429, 64, 200},
		{"an ended session", gone, 401, 429, 64, 200},
		{"an ended session, of a wrong Host", with(gone, func(k *knock, _ int) { k.host = "elsewhere.test" }), 401, 429, 64, 0},
		{"an ended session, an ambiguous path", with(gone, func(k *knock, _ int) { k.target = "//x/../y" }), 401, 429, 64, 0},
		{"an ended session, an unknown path", with(gone, func(k *knock, i int) { k.target = fmt.Sprint("/nowhere/", i) }), 404, 429, 64, 200},
		{"an ended session, bad JSON", with(gone, func(k *knock, _ int) { k.method, k.target, k.body = "POST", "/api/patients", "{" }), 401, 429, 64, 0},
		{"an ended session in HTTP/2", with(gone, func(k *knock, _ int) { k.major = 2 }), 401, 429, 64, 200},
		{"an ended session from everywhere", with(gone, func(k *knock, i int) { k.from = fmt.Sprintf("2001:db8:%x::1", i) }), 401, 429, 64, 1100},
		{"ended sessions of one subject", func(f *flooded) func(int) knock {
			var tokens []string
			for range 100 {
				token, session := f.token("account-gone", nil)
				f.session[session] = true
				tokens = append(tokens, token)
			}
			return func(i int) knock { return knock{token: tokens[i%len(tokens)]} }
		}, 401, 0, 96, n},
		{"a banned subject", func(f *flooded) func(int) knock {
			token, _ := f.token("account-banned", nil)
			f.subject["account-banned"] = true
			return func(int) knock { return knock{token: token} }
		}, 403, 429, 64, 200},
		{"a live session, of a wrong Host", with(live, func(k *knock, i int) { k.host = fmt.Sprint("host-", i, ".test") }), 421, 0, 32, 0},
		{"a live session, a huge Host", with(live, func(k *knock, _ int) { k.host = strings.Repeat("h", 20<<10) }), 400, 0, 32, 0},
		{"a live session, an unknown path", with(live, func(k *knock, i int) { k.target = fmt.Sprint("/nowhere/", i) }), 404, 0, 64, n},
		{"a live session, a huge path", with(live, func(k *knock, i int) { k.target = "/" + strings.Repeat("a", 7<<10) + fmt.Sprint(i) }), 404, 0, 64, n},
		{"a live session, ambiguous paths", with(live, func(k *knock, i int) { k.target = "/a%2f" + fmt.Sprint(i) }), 400, 0, 32, 0},
		{"a live session, a method that is none", with(live, func(k *knock, i int) { k.method = fmt.Sprint(strings.Repeat("M", 4<<10), i) }), 400, 0, 32, 0},
		{"a live session, bad JSON", with(live, func(k *knock, _ int) { k.method, k.target, k.body = "POST", "/api/patients", `{"a":1,"a":2}` }), 400, 0, 32, 0},
		{"a live session, too large a body", with(live, func(k *knock, _ int) {
			k.method, k.target, k.body = "POST", "/api/patients", strings.Repeat(" ", pep.BodyLimit+1)
		}), 413, 0, 32, 0},
		{"a live session, a header twice", with(live, func(k *knock, _ int) { k.header = [][2]string{{"Content-Type", "a"}, {"Content-Type", "b"}} }), 400, 0, 32, 0},
		{"a live session, an upgrade that is denied", with(live, func(k *knock, _ int) {
			k.target, k.header = "/admin", [][2]string{{"Connection", "upgrade"}, {"Upgrade", "websocket"}}
		}), 403, 0, 192, n},
		{"a live session, denied", with(live, func(k *knock, _ int) { k.target = "/admin" }), 403, 0, 192, n},
		{"a live session, denied, in HTTP/2", with(live, func(k *knock, _ int) { k.target, k.major = "/admin", 2 }), 403, 0, 192, n},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFlooded(t)
			one := tt.of(f)
			statuses := map[int]int{}
			times := n
			if tt.name == "a live session, too large a body" {
				times = 200
			}
			for i := range times {
				k := one(i)
				if k.from == "" {
					k.from = floodAddress
				}
				w := f.knock(k)
				if statuses[w.Code]++; i == 0 && w.Code != tt.want {
					t.Errorf("the first answer is %d %s, want %d", w.Code, w.Body, tt.want)
				}
				if w.Code == http.StatusTooManyRequests && (w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "decision_id")) {
					t.Fatalf("turned away with %v %s", w.Header(), w.Body)
				}
			}
			if statuses[tt.want]+statuses[tt.too] != times || (tt.too != 0) != (statuses[tt.too] > 0) {
				t.Errorf("got the answers %v", statuses)
			}
			if f.asked > tt.deciding {
				t.Errorf("%d decisions, want at most %d", f.asked, tt.deciding)
			}
			honest, _ := f.token("account-honest", nil)
			if w := f.knock(knock{token: honest, target: "/admin", from: honestAddress}); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "decision_id") {
				t.Errorf("the honest denial: %d %s", w.Code, w.Body)
			}
			k := f.kept()
			if k.refused != times+1 {
				t.Errorf("%d refusals are accounted for, want %d", k.refused, times+1)
			}
			if k.bytes > tt.kib<<10 {
				t.Errorf("%d bytes in %d records, want at most %d KiB", k.bytes, k.records, tt.kib)
			}
			if last := k.single[len(k.single)-1]; last.Subject != "account-honest" || last.Reasons[0] != "role" {
				t.Errorf("the honest denial has no record of its own, the last is of %q", last.Subject)
			}
		})
	}
}

// The bound is per window of ten seconds: a trickle stays evidence, one by one.
func TestATrickleIsRecordedSingly(t *testing.T) {
	f := newFlooded(t)
	token, _ := f.token("account-1", nil)
	for range 30 {
		f.knock(knock{token: token, target: "/admin", from: honestAddress})
		f.knock(knock{token: token, host: "elsewhere.test", from: honestAddress})
		if err := f.refusals.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if k := f.kept(); len(k.single) != 60 || k.records != 60 {
		t.Errorf("%d of 60 have a record of their own, in %d", len(k.single), k.records)
	}
}

// What had an effect is always recorded singly: here the end of a session.
func TestAnEffectIsNeverCountedAway(t *testing.T) {
	f := newFlooded(t)
	var revoked int
	f.config.Revoker = revokerFunc(func(_ context.Context, _, _ string) error { revoked++; return nil })
	f.config.Decider = deciderFunc(func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
		return pdp.Decision{Revision: r.Context.Route, Reasons: []string{"device_changed"},
			Obligations: []pdp.Obligation{{ID: "revoke_session", Type: "session", Properties: json.RawMessage(`{"reason":"device_changed"}`)}}}, nil
	})
	f.rebuild(t)
	token, _ := f.token("account-1", nil)
	for range 200 {
		f.knock(knock{token: token, target: "/admin", from: honestAddress})
	}
	if k := f.kept(); revoked != 200 || len(k.single) != 200 {
		t.Errorf("%d sessions were ended, %d have a record of their own", revoked, len(k.single))
	}
}

// A thief of an old token neither uses up the share of its owner, who still has it,
// nor keeps the owner's live session from slow work.
func TestAnOldTokenOfAnotherHarmsNobody(t *testing.T) {
	f := newFlooded(t)
	token, session := f.token("account-1", nil)
	f.session[session] = true
	for range 2000 {
		f.knock(knock{token: token, from: floodAddress})
	}
	if w := f.knock(knock{token: token, from: honestAddress}); w.Code != http.StatusUnauthorized {
		t.Errorf("the owner with the old token: got %d, want 401", w.Code)
	}
	f.spentByOldToken(t, token)
	again, _ := f.token("account-1", nil)
	if w := f.knock(knock{token: again, target: "/admin", from: honestAddress}); w.Code != http.StatusForbidden {
		t.Errorf("the owner with a new token: got %d, want a decision", w.Code)
	}
}

// Everything at once, from many sides: nothing is lost, and all of it is small.
func TestAMixedFloodAddsUp(t *testing.T) {
	f := newFlooded(t)
	var tokens []string
	for i := range 40 {
		token, session := f.token(fmt.Sprint("account-", i%5), nil)
		if i%2 == 0 {
			f.session[session] = true
		}
		tokens = append(tokens, token)
	}
	const workers, each = 8, 800
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				k := knock{token: tokens[(i*7+w)%len(tokens)], from: fmt.Sprintf("2001:db8:%x:%x::1", w, i%300)}
				switch i % 6 {
				case 0:
					k.host = "elsewhere.test"
				case 1:
					k.target = "//"
				case 2:
					k.target = fmt.Sprint("/nowhere/", uuid.NewString())
				case 3:
					k.token = ""
				case 4:
					k.method, k.target, k.body = "POST", "/api/patients", "{"
				default:
					k.target = "/admin"
				}
				f.knock(k)
				if i%200 == 0 {
					if err := f.refusals.Flush(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if err := f.refusals.Close(); err != nil {
		t.Fatal(err)
	}
	if k := f.kept(); k.refused != workers*each {
		t.Errorf("%d refusals are accounted for, want %d", k.refused, workers*each)
	}
}

// Questions of other proxies take the same way, and cost as little.
func TestFloodsOfQuestions(t *testing.T) {
	f := newFlooded(t)
	live, _ := f.token("account-live", nil)
	gone, session := f.token("account-gone", nil)
	f.session[session] = true
	const n = 1000
	statuses := map[string]int{}
	for i := range n {
		for name, q := range map[string]pep.Question{
			"gone":   {Method: "GET", Target: "/info", Host: "pep.test", Header: http.Header{"Authorization": {"Bearer " + gone}}},
			"host":   {Method: "GET", Target: "/info", Host: "elsewhere.test", Header: http.Header{"Authorization": {"Bearer " + live}}},
			"denied": {Method: "GET", Target: "/admin", Host: "pep.test", Header: http.Header{"Authorization": {"Bearer " + live}}},
			"path":   {Method: "GET", Target: fmt.Sprint("/nowhere/", i), Host: "pep.test", Header: http.Header{"Authorization": {"Bearer " + live}}},
			"flaw":   {Header: http.Header{}, Flaw: "forwarded_ambiguous"},
		} {
			if q.Body.State = pep.BodyWhole; name != "flaw" {
				q.Client = netip.MustParseAddr(floodAddress)
			}
			c := f.proxy.Check(t.Context(), &q)
			statuses[fmt.Sprint(name, " ", c.Problem.Status)]++
			if c.Allow {
				t.Fatalf("%s is allowed", name)
			}
		}
	}
	want := map[string]int{"gone 401": 200, "gone 429": 800, "host 421": n, "denied 403": n, "path 404": n, "flaw 400": 100, "flaw 429": 900}
	if !maps.Equal(statuses, want) {
		t.Errorf("got %v, want %v", statuses, want)
	}
	if k := f.kept(); k.refused != 5*n || k.bytes > 256<<10 {
		t.Errorf("%d refusals in %d records of %d bytes", k.refused, k.records, k.bytes)
	}
}

// spentByOldToken has an ended session ask where its subject's quota is small.
func (f *flooded) spentByOldToken(t *testing.T, token string) {
	t.Helper()
	f.config.Quotas = map[string]quota.Quota{"records": {PerMinute: 1}}
	f.rebuild(t)
	f.knock(knock{token: token, from: honestAddress})
}
