package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/api"
	"github.com/wardgate/wardgate/pip"
)

const (
	token = "a-token-of-the-tests-alone"
	base  = "https://pdp.hospital.test"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
}

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

// A decider allows every resource but those whose id begins with "no", and
// remembers what it was asked. It could revoke: nobody may ask it to.
type decider struct {
	answer func(context.Context, pdp.Request) (pdp.Decision, error)

	mu      sync.Mutex
	asked   []pdp.Request
	revoked int
}

func (d *decider) Decide(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
	d.mu.Lock()
	d.asked = append(d.asked, r)
	d.mu.Unlock()
	if d.answer != nil {
		return d.answer(ctx, r)
	}
	return byResource(r), nil
}

func (d *decider) Revoke(context.Context, string, string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.revoked++
	return nil
}

func byRole() pdp.Grounds {
	return pdp.Grounds{Rules: []pdp.Rule{{Folder: "role", Code: "role"}}, Right: "Patient Health overview", Reach: "own"}
}

// grounded is how an answer shows them.
const grounded = `"grounds":{"rules":[{"folder":"role","code":"role"}],"right":"Patient Health overview","reach":"own"}`

func byResource(r pdp.Request) pdp.Decision {
	d := pdp.Decision{
		Allow:    true,
		Revision: "r1",
		Grounds:  byRole(),
		Evidence: pdp.Evidence{
			Input: json.RawMessage(`{"seen":true}`), Address: r.Context.Address,
			Ages: map[string]int64{"care": 7},
			Who:  pip.Identity{Role: "doctor"},
		},
	}
	if strings.HasPrefix(r.Resource.ID, "no") {
		d.Allow, d.Reasons, d.Grounds = false, []string{"not_your_patient", "step_up_required"}, pdp.Grounds{}
		d.Obligations = []pdp.Obligation{
			{ID: "revoke_session", Type: "revoke", Properties: json.RawMessage(`{"reason":"role_forbidden"}`)},
			{ID: "note", Type: "log"},
		}
	}
	return d
}

// A journal keeps events in memory, or fails.
type journal struct {
	err    error
	mu     sync.Mutex
	events []pip.Event
}

func (j *journal) Append(_ context.Context, e pip.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return j.err
	}
	j.events = append(j.events, e)
	return nil
}

var errDisk = errors.New("the disk is full")

// A world is a service with all around it.
type world struct {
	t       testing.TB
	decider *decider
	journal *journal
	log     *bytes.Buffer
	service *api.Service
}

func newWorld(t testing.TB, change ...func(*api.Config)) *world {
	t.Helper()
	w := &world{t: t, decider: &decider{}, journal: &journal{}, log: &bytes.Buffer{}}
	c := api.Config{
		Decider: w.decider,
		Journal: w.journal,
		Tokens:  map[string]string{"lab": token},
		BaseURL: base,
		Log:     slog.New(slog.NewTextHandler(w.log, nil)),
		Timeout: time.Minute,
		Now:     noon,
	}
	for _, f := range change {
		f(&c)
	}
	var err error
	if w.service, err = api.New(c); err != nil {
		t.Fatal(err)
	}
	return w
}

// post asks as an enforcement point would.
func (w *world) post(path, body string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	return w.send(r)
}

func (w *world) send(r *http.Request) *httptest.ResponseRecorder {
	got := httptest.NewRecorder()
	w.service.ServeHTTP(got, r)
	return got
}

type reply struct {
	Decision *bool `json:"decision"`
	Context  struct {
		ID          string           `json:"id"`
		Reasons     []string         `json:"reasons"`
		Obligations []pdp.Obligation `json:"obligations"`
		Error       *struct {
			Status  int    `json:"status"`
			Message string `json:"message"`
		} `json:"error"`
	} `json:"context"`
}

type fault struct {
	Status  int      `json:"status"`
	Reasons []string `json:"reasons"`
	Errors  []struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	} `json:"errors"`
}

func (f fault) locations() []string {
	var l []string
	for _, e := range f.Errors {
		l = append(l, e.Location)
	}
	return l
}

func decode[T any](t testing.TB, body []byte) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("answer %q: %v", body, err)
	}
	return v
}

// refused checks that got is a problem document with this status and code.
func refused(t testing.TB, got *httptest.ResponseRecorder, status int, code string) fault {
	t.Helper()
	if got.Code != status {
		t.Fatalf("got status %d, want %d: %s", got.Code, status, got.Body)
	}
	if kind := got.Header().Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("got content type %q, want a problem document", kind)
	}
	f := decode[fault](t, got.Body.Bytes())
	if f.Status != status || !slices.Equal(f.Reasons, []string{code}) {
		t.Errorf("got %d %v, want %d %s", f.Status, f.Reasons, status, code)
	}
	return f
}

// question is a well-formed evaluation about one resource.
func question(resource string) string {
	return `{"subject":{"type":"user","id":"u-1"},"action":{"name":"patient.read"},` +
		`"resource":{"type":"patient","id":"` + resource + `"},` +
		`"context":{"address":"10.1.2.3","user_agent":"Mozilla/5.0"}}`
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
