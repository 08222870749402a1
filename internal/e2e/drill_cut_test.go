package e2e_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// A slowLaboratory writes reports a line at a time, and ends none by itself.
type slowLaboratory struct {
	*httptest.Server
	left chan struct{} // one for each reader who is no longer there
}

func newSlowLaboratory(t *testing.T) *slowLaboratory {
	t.Helper()
	l := &slowLaboratory{left: make(chan struct{}, 16)}
	over := make(chan struct{})
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "line\n")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
			l.left <- struct{}{}
		case <-over:
		}
	}))
	t.Cleanup(func() { close(over); l.Close() })
	return l
}

// A reading is an answer of which one line has arrived, and no more will.
type reading struct {
	t     testing.TB
	body  *bufio.Reader
	close func() error
}

func (p *person) read(path string) *reading {
	p.w.t.Helper()
	for range 20 {
		res, err := http.DefaultClient.Do(p.request("GET", path, nil))
		if err != nil {
			p.w.t.Fatal(err)
		}
		r := &reading{t: p.w.t, body: bufio.NewReader(res.Body), close: res.Body.Close}
		line, err := r.body.ReadString('\n')
		switch {
		case res.StatusCode == http.StatusOK && err == nil && line == "line\n":
			p.w.t.Cleanup(func() { _ = r.close() })
			return r
		case res.StatusCode != http.StatusServiceUnavailable: // too busy to decide in time
			p.w.t.Fatalf("%s: got %d %q, %v", path, res.StatusCode, line, err)
		}
		_ = r.close()
	}
	p.w.t.Fatalf("%s is never answered", path)
	return nil
}

// breaks waits until the answer is cut off. It must not end as if it were whole.
func (r *reading) breaks() {
	r.t.Helper()
	if rest, err := io.ReadAll(r.body); err == nil {
		r.t.Errorf("the answer ended as if it were whole, after %q", rest)
	}
}

// events are the journal's, of a process that may still run.
func events(t testing.TB, data string, wanted func(*pip.Event) bool) (found []pip.Event) {
	t.Helper()
	for r, err := range reader.Read(context.Background(), filepath.Join(data, "journal"), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if wanted(&r.Event) {
			found = append(found, r.Event)
		}
	}
	return found
}

// A doctor reads a long report when the session is revoked, or the account
// banned. The report breaks off, the token is worth nothing any more, and
// neither is the refresh token: in one process, and where the enforcement point
// hears of it from another one, through Redis or without.
func TestRevokedWhileAnAnswerIsUnderWay(t *testing.T) {
	lab := newSlowLaboratory(t)
	book := bookWithLaboratory(t)
	withLab := func(c *config.Config) { c.Policies, c.PEP.Applications = book, []string{"lab=" + lab.URL} }
	apart := func(t *testing.T, both func(*config.Config)) (*world, string) {
		h := newHouse(t)
		h.startRecords()
		h.startInference()
		h.startPDP("pdp", func(c *config.Config) { c.Policies = book; both(c) })
		h.startPEP("pep", "pdp", func(c *config.Config) { c.PEP.Applications = []string{"lab=" + lab.URL}; both(c) })
		return h.at("pep", "pdp"), h.parts["pep"].data
	}
	for _, tt := range []struct {
		name  string
		build func(t *testing.T) (w *world, journal string)
	}{
		{"in one process", func(t *testing.T) (*world, string) { w := newWorld(t, withLab); return w, w.data }},
		{"apart", func(t *testing.T) (*world, string) { return apart(t, func(*config.Config) {}) }},
		{"apart with Redis", func(t *testing.T) (*world, string) {
			redis := miniredis.RunT(t)
			return apart(t, func(c *config.Config) {
				c.Stores.Cache.Addresses, c.Stores.Cache.TLS = []string{redis.Addr()}, "off"
			})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, journal := tt.build(t)
			security := w.as("security")
			for order, why := range map[string]string{"revoke": "session_revoked", "ban": "subject_banned"} {
				doctor, colleague := &person{w: w, name: "doctor"}, w.as("doctor2")
				session, a := doctor.signIn("", nil)
				a.is(http.StatusOK)
				doctor.token = session.Access
				report, spared := doctor.read("/lab/reports/r-1"), colleague.read("/lab/reports/r-2")

				user := "/api/admin/users/" + doctor.me().ID
				body := map[string]any{}
				if order == "ban" {
					body = map[string]any{"minutes": 5, "reason": "drill"}
				}
				security.post(user+"/"+order, body).is(http.StatusNoContent)
				report.breaks()
				<-lab.left
				doctor.get("/lab/reports/r-1").is(http.StatusUnauthorized)
				doctor.post("/auth/refresh", map[string]string{"refresh_token": session.Refresh}).is(http.StatusUnauthorized)

				select {
				case <-lab.left:
					t.Errorf("%s: somebody else's report broke off too", order)
				default:
				}
				_ = spared.close()
				<-lab.left
				cut := func() int {
					return len(events(t, journal, func(e *pip.Event) bool {
						return e.Kind == pip.KindOutcome && e.Detail == "cut_off" && len(e.Reasons) == 1 && e.Reasons[0] == why
					}))
				}
				until(t, "one record of the "+order, func() bool { return cut() == 1 })
				if order == "ban" {
					security.post(user+"/unban", nil).is(http.StatusNoContent)
				}
			}
		})
	}
}
