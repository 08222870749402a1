package client_test

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/client"
	"github.com/wardgate/wardgate/pip"
)

// fill sets every field to something, so that one which does not cross the
// network shows.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 3, 2, 9, 0, 0, 123456789, time.UTC)))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.MustParseAddr("192.0.2.7")))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.String:
		v.SetString("text of " + v.Type().Name())
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	case reflect.Float64:
		v.SetFloat(1.5)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"context.purpose": "treatment"}))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	default:
		t.Fatalf("a request has a field of kind %v: this test must know it", v.Kind())
	}
}

func TestTheWholeQuestionAndTheWholeAnswerCross(t *testing.T) {
	w := newWorld(t)
	var whole pdp.Request
	fill(t, reflect.ValueOf(&whole).Elem())
	for _, r := range []pdp.Request{whole, {}} {
		got, err := w.client.Decide(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, allowed()) {
			t.Errorf("got %+v, want %+v", got, allowed())
		}
		if asked := w.point.asked[len(w.point.asked)-1]; !reflect.DeepEqual(asked, r) {
			t.Errorf("the decision point was asked %+v, want %+v", asked, r)
		}
	}
}

func TestDenialsCrossAsTheyAre(t *testing.T) {
	w := newWorld(t)
	want := pdp.Decision{Reasons: []string{"not_your_patient"}, Revision: "r1"}
	w.point.decide = func(context.Context, pdp.Request) (pdp.Decision, error) { return want, nil }
	if got, err := w.client.Decide(t.Context(), pdp.Request{}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// answer is what an honest decision point would say to the request.
func answer(t testing.TB, r *http.Request, d pdp.Decision) pdp.Answer {
	t.Helper()
	var ask pdp.Ask
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		t.Error(err)
	}
	return pdp.Answer{ID: ask.ID, Decision: d}
}

// bad are answers on which nothing may be allowed, by name.
func bad(t testing.TB) map[string]http.HandlerFunc {
	say := func(change func(*pdp.Answer)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			a := answer(t, r, allowed())
			change(&a)
			_ = json.NewEncoder(w).Encode(a)
		}
	}
	raw := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			a, _ := json.Marshal(answer(t, r, allowed()))
			w.WriteHeader(status)
			_, _ = w.Write([]byte(strings.ReplaceAll(body, "$", string(a))))
		}
	}
	return map[string]http.HandlerFunc{
		"about another question": say(func(a *pdp.Answer) { a.ID = "other" }),
		"about no question":      say(func(a *pdp.Answer) { a.ID = "" }),
		"of no revision":         say(func(a *pdp.Answer) { a.Decision.Revision = "" }),
		"allows for reasons":     say(func(a *pdp.Answer) { a.Decision.Reasons = []string{"x"} }),
		"denies for no reason":   say(func(a *pdp.Answer) { a.Decision.Allow = false }),
		"allows under no rule":   say(func(a *pdp.Answer) { a.Decision.Grounds = pdp.Grounds{} }),
		"obligation without id":  say(func(a *pdp.Answer) { a.Decision.Obligations[0].ID = "" }),
		"changed, and allows":    say(func(a *pdp.Answer) { a.Changed = true }),
		"nothing":                raw(200, ""),
		"null":                   raw(200, "null"),
		"another document":       raw(200, `{"result":true}`),
		"a member nobody knows":  raw(200, `{"Unless":true,`+"$"),
		"twice":                  raw(200, "$$"),
		"more behind it":         raw(200, "$ true"),
		"half":                   raw(200, `{"ID":"`),
		"a page":                 raw(200, "<html>"),
		"too large":              raw(200, `{"ID":"`+strings.Repeat("a", 1<<20)+`"}`),
		"too large behind it":    raw(200, "$"+strings.Repeat(" ", 1<<20)),
		"refused with an answer": raw(403, "$"),
		"failed with an answer":  raw(500, "$"),
		"created":                raw(201, "$"),
		"no content":             raw(204, ""),
		"broken off":             func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"never": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // or net/http does not notice that the caller left
			<-r.Context().Done()
		},
		"elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/other", http.StatusTemporaryRedirect)
		},
	}
}

func TestWhateverIsNoAnswerDenies(t *testing.T) {
	for name, handler := range bad(t) {
		t.Run(name, func(t *testing.T) {
			w := pointed(t, handler)
			if name == "never" {
				w.with(client.Config{})
			}
			got, err := w.client.Decide(context.Background(), pdp.Request{})
			if err == nil || !reflect.DeepEqual(got, pdp.Decision{}) {
				t.Errorf("got %+v, %v, want an error and the zero decision", got, err)
			}
		})
	}
}

// Answers and faults in any order, over connections that are used again: only
// whole answers allow.
func TestFaultsAtRandomAllowNothing(t *testing.T) {
	faults := bad(t)
	delete(faults, "never") // each takes its whole deadline
	names := slices.Sorted(maps.Keys(faults))
	w := pointed(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if name := r.Header.Get("Fault"); name != "" {
			faults[name](rw, r)
			return
		}
		_ = json.NewEncoder(rw).Encode(answer(t, r, allowed()))
	}))
	w.client = faulty(t, w)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			draw := rand.New(rand.NewPCG(1, uint64(worker)))
			for range 500 {
				fault := ""
				if draw.IntN(2) == 0 {
					fault = names[draw.IntN(len(names))]
				}
				d, err := w.client.Decide(context.WithValue(context.Background(), faultKey{}, fault), pdp.Request{})
				if fault != "" && (err == nil || d.Allow) {
					t.Errorf("%s: got %+v, %v", fault, d, err)
				}
				if fault == "" && err != nil {
					t.Errorf("an honest answer: %v", err)
				}
			}
		})
	}
	group.Wait()
}

type faultKey struct{}

// marking tells the server which fault a request is to have.
type marking struct{ next http.RoundTripper }

func (m marking) RoundTrip(r *http.Request) (*http.Response, error) {
	if fault, _ := r.Context().Value(faultKey{}).(string); fault != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Fault", fault)
	}
	return m.next.RoundTrip(r)
}

func faulty(t *testing.T, w *world) *client.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := client.New(w.base(), marking{transport}, quiet(), client.Config{DecisionTime: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A decision point that takes longer than is usual is waited for where the configuration
// says so.
func TestADecisionHasTheTimeThatIsConfigured(t *testing.T) {
	w := newWorld(t)
	w.point.decide = func(context.Context, pdp.Request) (pdp.Decision, error) {
		time.Sleep(4 * client.DecisionTimeout)
		return allowed(), nil
	}
	if got, err := w.client.Decide(t.Context(), pdp.Request{}); err != nil || !got.Allow {
		t.Errorf("got %+v, %v", got, err)
	}
	w.with(client.Config{})
	if got, err := w.client.Decide(t.Context(), pdp.Request{}); !errors.Is(err, context.DeadlineExceeded) || got.Allow {
		t.Errorf("by default: got %+v, %v", got, err)
	}
}

func TestErrorsOfTheDeciderDeny(t *testing.T) {
	w := newWorld(t)
	w.point.decide = func(context.Context, pdp.Request) (pdp.Decision, error) {
		return allowed(), errors.New("the table of patients is broken")
	}
	got, err := w.client.Decide(context.Background(), pdp.Request{})
	if err == nil || !reflect.DeepEqual(got, pdp.Decision{}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if strings.Contains(fmt.Sprint(err), "patients") {
		t.Errorf("what is wrong inside crossed the network: %v", err)
	}
	w.point.set(func() {
		w.point.decide = func(context.Context, pdp.Request) (pdp.Decision, error) { panic("broken") }
	})
	if got, err := w.client.Decide(context.Background(), pdp.Request{}); err == nil || got.Allow {
		t.Errorf("a panic: got %+v, %v", got, err)
	}
}

// The routes are of the newer policy when the caller hears that it changed, so
// that asking again helps.
func TestAChangedPolicyIsRoutedAnewAtOnce(t *testing.T) {
	w := newWorld(t)
	if got := w.client.Tables(); got.Revision != "" || got.Routes != nil {
		t.Errorf("before anything was heard: got %+v", got)
	}
	w.run()
	until(t, "tables are known", func() bool { return w.client.Tables().Revision == "r1" })
	w.point.decide = func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
		if r.Context.Route != "r2" {
			return pdp.Decision{}, pdp.ErrRevisionChanged
		}
		d := allowed()
		d.Revision = "r2"
		return d, nil
	}
	w.point.set(func() { w.point.revision = "r2" })
	until(t, "an answer of the newer policy", func() bool {
		r := pdp.Request{Context: pdp.Context{Route: w.client.Tables().Revision}}
		d, err := w.client.Decide(context.Background(), r)
		return err == nil && d.Revision == "r2"
	})
	if _, err := w.client.Decide(t.Context(), pdp.Request{Context: pdp.Context{Route: "r1"}}); !errors.Is(err, pdp.ErrRevisionChanged) {
		t.Errorf("got %v, want %v", err, pdp.ErrRevisionChanged)
	}
}

func TestRevoke(t *testing.T) {
	w := newWorld(t)
	if err := w.client.Revoke(context.Background(), "s-1", "device_changed"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"s-1 device_changed"}; !slices.Equal(w.point.revoked, want) {
		t.Errorf("got %v, want %v", w.point.revoked, want)
	}
	w.point.refuse = errors.New("SQL is gone")
	if err := w.client.Revoke(context.Background(), "s-1", "device_changed"); err == nil {
		t.Error("a session that was not ended was called ended")
	}
	w.down.Store(true)
	if err := w.client.Revoke(context.Background(), "s-1", "device_changed"); err == nil {
		t.Error("nobody answered, and the session was called ended")
	}
}

func TestReport(t *testing.T) {
	w := newWorld(t)
	seen := pdp.Counted{Origin: "pep-1", Number: 7, Tallies: json.RawMessage(`[{"Patients":["p-1"]}]`)}
	if err := w.client.Report(t.Context(), seen); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(w.point.counted, []pdp.Counted{seen}) {
		t.Errorf("got %+v, want %+v", w.point.counted, seen)
	}
	w.point.refuse = errors.New("SQL is gone")
	if err := w.client.Report(t.Context(), seen); err == nil {
		t.Error("what was not kept was called kept")
	}
	w.down.Store(true)
	if err := w.client.Report(t.Context(), seen); err == nil {
		t.Error("nobody answered, and it was called kept")
	}
}

func TestWhoIsCutOffCrosses(t *testing.T) {
	w := newWorld(t)
	until := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	w.point.cut = pip.Revocations{
		Mark: pip.Mark{Epoch: "e&1", Sequence: 1 << 60}, Since: pip.Mark{Epoch: "e&1", Sequence: 7},
		Sessions: []pip.EndedSession{{Session: "s-1", Until: until}},
		Bans:     []pip.BannedSubject{{Subject: "u-1", Until: until}},
	}
	got, err := w.client.Snapshot(context.Background(), pip.Mark{Epoch: "e&1", Sequence: 7})
	if err != nil || !reflect.DeepEqual(got, w.point.cut) || w.point.since != w.point.cut.Since {
		t.Errorf("got %+v since %+v, %v, want %+v", got, w.point.since, err, w.point.cut)
	}
	w.point.cut = pip.Revocations{}
	if got, err := w.client.Snapshot(context.Background(), pip.Mark{}); err == nil {
		t.Errorf("an answer that says nothing lifts every ban: got %+v", got)
	}
	w.point.refuse = errors.New("SQL is gone")
	if got, err := w.client.Snapshot(context.Background(), pip.Mark{}); err == nil {
		t.Errorf("no answer lifts every ban: got %+v", got)
	}
}

func TestKeysFollowTheDecisionPoint(t *testing.T) {
	w := newWorld(t)
	if _, ok := w.client.Key("k1"); ok || w.client.Ready() == nil {
		t.Error("a key was known before anybody named it")
	}
	w.run()
	until(t, "the first key is known", func() bool { _, ok := w.client.Key("k1"); return ok })
	until(t, "ready", func() bool { return w.client.Ready() == nil })
	first := w.client.Generation()
	k2 := newKey(t)
	w.point.set(func() { w.point.keys["k2"] = k2 })
	until(t, "the second key is known", func() bool { got, ok := w.client.Key("k2"); return ok && k2.Equal(got) })
	second := w.client.Generation()
	w.point.set(func() { delete(w.point.keys, "k1") })
	until(t, "the first key is refused", func() bool { _, ok := w.client.Key("k1"); return !ok })
	if third := w.client.Generation(); first == second || second == third {
		t.Errorf("generations %d, %d, %d: a change went unnoticed", first, second, third)
	}
	if _, ok := w.client.Key("k2"); !ok {
		t.Error("the key that is left is unknown")
	}
}

// Strangers choose key ids. However many they send, nobody is asked.
func TestUnknownKeysCauseNoStorm(t *testing.T) {
	w := newWorld(t)
	w.with(client.Config{Wait: 20 * time.Second}) // for which the followers wait meanwhile
	w.run()
	until(t, "keys are known", func() bool { return w.client.Ready() == nil })
	before := w.requests.Load()
	for i := range 100_000 {
		if _, ok := w.client.Key(fmt.Sprintf("k-%d", i)); ok {
			t.Fatal("a key that nobody made is known")
		}
	}
	if n := w.requests.Load() - before; n > 20 { // the two followers go on meanwhile
		t.Errorf("100,000 unknown keys caused %d requests", n)
	}
}

// A decision point that names no keys, or faulty ones, retires none.
func TestAFaultyKeySetChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.run()
	until(t, "keys are known", func() bool { return w.client.Ready() == nil })
	w.point.set(func() { w.point.keys = map[string]*ecdsa.PublicKey{} })
	before := w.requests.Load()
	until(t, "it was asked again", func() bool { return w.requests.Load() > before+3 })
	if _, ok := w.client.Key("k1"); !ok {
		t.Error("an empty set retired a key")
	}
}

func TestKeysThatNobodyConfirmsAreRefused(t *testing.T) {
	w := newWorld(t)
	w.with(client.Config{Wait: time.Second, KeysKept: 3 * time.Second})
	c := w.client
	w.run()
	until(t, "keys are known", func() bool { return c.Ready() == nil })
	w.down.Store(true)
	until(t, "the keys are refused", func() bool { _, ok := c.Key("k1"); return !ok && c.Ready() != nil })
	w.down.Store(false)
	until(t, "the keys are good again", func() bool { _, ok := c.Key("k1"); return ok })
}

func TestKeySetsThatAreNone(t *testing.T) {
	set, err := pdp.NewKeySet(map[string]*ecdsa.PublicKey{"k": newKey(t)})
	if err != nil {
		t.Fatal(err)
	}
	good := set.Keys[0]
	for name, change := range map[string]func(*pdp.PublicKey){
		"another type":  func(k *pdp.PublicKey) { k.Type = "RSA" },
		"symmetric":     func(k *pdp.PublicKey) { k.Type, k.Algorithm = "oct", "HS256" },
		"another curve": func(k *pdp.PublicKey) { k.Curve = "P-384" },
		"no id":         func(k *pdp.PublicKey) { k.ID = "" },
		"encryption":    func(k *pdp.PublicKey) { k.Use = "enc" },
		"off the curve": func(k *pdp.PublicKey) { k.X, k.Y = k.Y, k.X },
		"a short point": func(k *pdp.PublicKey) { k.X = k.X[:20] },
		"two spellings": func(k *pdp.PublicKey) { k.X += "=" },
	} {
		t.Run(name, func(t *testing.T) {
			bad := good
			change(&bad)
			if got, err := (pdp.KeySet{Keys: []pdp.PublicKey{bad}}).Public(); err == nil {
				t.Errorf("got %v", got)
			}
		})
	}
	if _, err := (pdp.KeySet{Keys: []pdp.PublicKey{good, good}}).Public(); err == nil {
		t.Error("one id stood for two keys")
	}
}
