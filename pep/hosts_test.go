package pep_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/session"
	"github.com/wardgate/wardgate/pep/upstream/http1"
	"github.com/wardgate/wardgate/pip"
)

const (
	labOrigin  = "http://lab.test"
	pacsOrigin = "http://pacs.test:8042"
)

// hostedTables have rows of two applications with hosts, whose paths are the same, of
// one without, and of Wardgate's own.
func hostedTables() *pdp.Tables {
	row := func(method, path, application, action, resource string) pdp.Route {
		return pdp.Route{Method: method, Path: path, Application: application, Action: action, Resource: resource, Body: pdp.BodyNone}
	}
	t := testTables()
	t.Routes = append(t.Routes,
		row("GET", "/", "lab", "lab.list", "report"), row("GET", "/{report}", "lab", "lab.read", "report"), row("DELETE", "/{report}", "lab", "lab.delete", "report"),
		row("GET", "/", "pacs", "pacs.list", "study"), row("GET", "/{study}", "pacs", "pacs.read", "study"),
		row("GET", "/scale/{reading}", "scale", "scale.read", "reading"),
		row("GET", "/", "admin", "page.show", "page"), row("GET", "/.wardgate/session", "admin", "session.redeem", "session"), row("GET", "/.wardgate/look.css", "admin", "page.show", "page"),
	)
	return t
}

// newHostedWorld has applications that answer with their names. The journal's oracle
// looks at Wardgate's own services alone.
func newHostedWorld(t *testing.T, change func(*browserWorld)) *browserWorld {
	t.Helper()
	return newBrowserWorld(t, func(b *browserWorld) {
		w := b.world
		origins, err := session.NewOrigins(homeOrigin,
			session.Hosted{Application: "lab", Origin: labOrigin}, session.Hosted{Application: "pacs", Origin: pacsOrigin})
		if err != nil {
			t.Fatal(err)
		}
		w.config.Origins, w.config.Tables = origins, fixedTables(hostedTables())
		for _, name := range []string{"lab", "pacs", "scale"} {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/plain")
				_, _ = io.WriteString(w, name+" "+r.URL.Path+" "+r.Header.Get("X-Forwarded-Host"))
			}))
			t.Cleanup(server.Close)
			to := w.upstream(strings.TrimPrefix(server.URL, "http://"), http1.Config{})
			to.External = true
			w.config.Upstreams[name] = to
		}
		w.config.Decider = deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
			d, err := sessionPolicy(ctx, r)
			for _, own := range []string{"lab.", "pacs.", "scale."} {
				if strings.HasPrefix(r.Action.Name, own) {
					d.Obligations = nil
				}
			}
			return d, err
		})
		w.audience = map[string]string{"/": "admin", "/.wardgate/session": "admin", "/.wardgate/look.css": "admin"}
		if change != nil {
			change(b)
		}
	})
}

// TestEachHostHasItsOwnRows: the same path is another thing at another host, and at a
// host of an application there is nothing but that application, and Wardgate's own
// corner.
func TestEachHostHasItsOwnRows(t *testing.T) {
	t.Parallel()
	b := newHostedWorld(t, nil)
	for line, want := range map[string]string{ // what answers, or the status
		"pep.test /": "{}", "pep.test /info": "{}", "pep.test /scale/1": "scale /scale/1 ", "pep.test /r-1": "404",
		"lab.test /": "lab / lab.test", "lab.test /r-1": "lab /r-1 lab.test", "lab.test /info": "lab /info lab.test",
		"lab.test /api/patients": "404", "lab.test /admin": "lab /admin lab.test", "lab.test /scale/1": "404", "lab.test /page": "lab /page lab.test",
		"lab.test /api/patients/p-1": "404", "lab.test /.wardgate/look.css": "{}", "lab.test /.wardgate/other": "404", "lab.test /.wardgate": "404", "lab.test /.wardgate/": "404",
		"pacs.test:8042 /": "pacs / pacs.test:8042", "pacs.test:8042 /r-1": "pacs /r-1 pacs.test:8042", "pacs.test:8042 /info": "pacs /info pacs.test:8042",
		// One reading of a host: capitals and the scheme's own port are the same, all else
		// is no host of the application's.
		"LAB.test /r-1": "lab /r-1 lab.test", "lab.test:80 /r-1": "lab /r-1 lab.test",
		"lab.test:443 /r-1": "421", "lab.test:8080 /": "421", "lab.test. /": "421", "lab.test.:80 /": "421", "pacs.test /": "421", "pacs.test:80 /": "421",
		"pacs.test:8043 /": "421", "pacs.test.:8042 /": "421", "lab.test@pep.test /": "400", "pep.test@lab.test /": "400", "lab.test:080 /": "400", "lab.test:0 /": "400",
		"lab.test,pep.test /": "400", "lab.test/ /": "400", "lab..test /": "400", "[lab.test] /": "400",
		// Hosts that are no application's are as before.
		"x.lab.test /": "{}", "other.test /info": "{}", "other.test /r-1": "404",
	} {
		host, path, _ := strings.Cut(line, " ")
		a := b.one(browse("GET", host, path, "Authorization: Bearer {token}"))
		status := map[string]int{"400": 400, "404": 404, "421": 421}[want]
		if status != 0 && a.status != status || status == 0 && (a.status != 200 || a.body != want) {
			t.Errorf("%q: got %d %s, want %s", line, a.status, a.body, want)
		}
	}
}

// TestTheHostIsReadOnce: nothing beside the one Host header says which host is asked.
func TestTheHostIsReadOnce(t *testing.T) {
	t.Parallel()
	b := newHostedWorld(t, nil)
	for name, raw := range map[string]string{
		"absolute form":            browse("GET", "pep.test", "http://lab.test/r-1", "Authorization: Bearer {token}"),
		"absolute form, the other": browse("GET", "lab.test", "http://pep.test/info", "Authorization: Bearer {token}"),
		"absolute form, the same":  browse("GET", "lab.test", "http://lab.test/r-1", "Authorization: Bearer {token}"),
		"an authority as a path":   browse("GET", "pep.test", "//lab.test/r-1", "Authorization: Bearer {token}"),
		"two hosts":                browse("GET", "lab.test", "/r-1", "Host: pep.test", "Authorization: Bearer {token}"),
		"two hosts, the same":      browse("GET", "lab.test", "/r-1", "Host: lab.test", "Authorization: Bearer {token}"),
	} {
		if a := b.one(raw); a.status != http.StatusBadRequest {
			t.Errorf("%s: got %d %s", name, a.status, a.body)
		}
	}
	for _, header := range []string{"X-Forwarded-Host: lab.test", "Forwarded: host=lab.test", "X-Original-Host: lab.test", "X-Host: lab.test", "X_Forwarded_Host: lab.test"} {
		if a := b.one(browse("GET", "pep.test", "/r-1", header, "Authorization: Bearer {token}")); a.status != http.StatusNotFound {
			t.Errorf("%s: got %d %s", header, a.status, a.body)
		}
		if a := b.one(browse("GET", "lab.test", "/r-1", strings.ReplaceAll(header, "lab.test", "evil.test"), "Authorization: Bearer {token}")); a.body != "lab /r-1 lab.test" {
			t.Errorf("%s: got %d %s", header, a.status, a.body)
		}
	}
}

// TestACookieIsOfOneHost: what one application gets hold of is of no use elsewhere, the
// home's at an application's host neither.
func TestACookieIsOfOneHost(t *testing.T) {
	t.Parallel()
	b := newHostedWorld(t, nil)
	hosts := map[string]string{homeOrigin: "pep.test /info", labOrigin: "lab.test /r-1", pacsOrigin: "pacs.test:8042 /r-1"}
	for sealed := range hosts {
		for asked, line := range hosts {
			host, path, _ := strings.Cut(line, " ")
			a := b.one(browse("GET", host, path, with(sealedFor(t, sealed))))
			if want := map[bool]int{true: 200, false: 401}[sealed == asked]; a.status != want {
				t.Errorf("the cookie of %s at %s: got %d %s, want %d", sealed, asked, a.status, a.body, want)
			}
		}
	}
}

// TestWithoutAHostAnApplicationTakesTokensAlone: its scripts would share their origin
// with the session.
func TestWithoutAHostAnApplicationTakesTokensAlone(t *testing.T) {
	t.Parallel()
	b := newHostedWorld(t, nil)
	a := b.one(browse("GET", "pep.test", "/scale/1", with(sealedFor(t, homeOrigin))))
	var said struct{ Reasons []string }
	if err := json.Unmarshal([]byte(a.body), &said); err != nil || a.status != http.StatusUnauthorized || !slices.Equal(said.Reasons, []string{"cookie_misplaced"}) {
		t.Errorf("by cookie: got %d %s", a.status, a.body)
	}
	if a := b.one(browse("GET", "pep.test", "/scale/1", "Authorization: Bearer {token}")); a.body != "scale /scale/1 " {
		t.Errorf("by token: got %d %s", a.status, a.body)
	}
	if a := b.one(browse("GET", "other.test", "/scale/1", with(sealedFor(t, homeOrigin)))); a.status != http.StatusUnauthorized {
		t.Errorf("at a host without sessions: got %d %s", a.status, a.body)
	}
	page := b.one(browse("GET", "pep.test", "/scale/1", with(sealedFor(t, homeOrigin)), "Accept: text/html", "Sec-Fetch-Mode: navigate"))
	if page.status != http.StatusUnauthorized || !strings.Contains(page.body, "no session of a browser") || strings.Contains(page.body, "/logout") {
		t.Errorf("a person: got %d %s", page.status, page.body)
	}
}

// TestPagesOfOthersAreNotOfTheHome: what an application answers by path, to the person it
// may, is never a page of the home's origin. At its own host it is of its own.
func TestPagesOfOthersAreNotOfTheHome(t *testing.T) {
	t.Parallel()
	b := newHostedWorld(t, nil)
	for line, want := range map[string][]string{"pep.test /scale/1": {"sandbox"}, "other.test /scale/1": nil, "lab.test /r-1": nil} {
		host, path, _ := strings.Cut(line, " ")
		a := b.one(browse("GET", host, path, "Authorization: Bearer {token}"))
		if got := a.header["Content-Security-Policy"]; a.status != http.StatusOK || !slices.Equal(got, want) {
			t.Errorf("%q: got %d, %q", line, a.status, got)
		}
	}
}

// TestANewRevisionTakesNoCookieElsewhere: the row of a request that is being decided
// may turn out to be another application's.
func TestANewRevisionTakesNoCookieElsewhere(t *testing.T) {
	t.Parallel()
	now, then := hostedTables(), hostedTables()
	then.Revision = "revision-2"
	for i := range then.Routes {
		if then.Routes[i].Path == "/info" {
			then.Routes[i].Application = "scale"
		}
	}
	tables := now
	b := newHostedWorld(t, func(b *browserWorld) {
		b.config.Tables = tablesFunc(func() *pdp.Tables { return tables })
		b.config.Decider = deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
			if r.Context.Route == now.Revision {
				tables = then
				return pdp.Decision{}, pdp.ErrRevisionChanged
			}
			return sessionPolicy(ctx, r)
		})
	})
	if a := b.one(browse("GET", "pep.test", "/info", with(sealedFor(t, homeOrigin)))); a.status != http.StatusServiceUnavailable {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

// TestOtherProxiesAskOfOneHost: what another proxy would forward is allowed exactly when
// Wardgate would forward it.
func TestOtherProxiesAskOfOneHost(t *testing.T) {
	t.Parallel()
	b := newHostedWorld(t, nil)
	for line, want := range map[string]bool{
		"lab.test /r-1": true, "LAB.test /r-1": true, "lab.test:80 /r-1": true, "pacs.test:8042 /r-1": true, "pep.test /info": true,
		"pep.test /r-1": false, "lab.test /api/patients": false, "lab.test. /r-1": false, "lab.test:8080 /r-1": false, "pacs.test /r-1": false,
	} {
		host, path, _ := strings.Cut(line, " ")
		c := b.proxy.Check(t.Context(), &pep.Question{
			Method: "GET", Target: path, Scheme: "http", Host: host, Client: netip.MustParseAddr("127.0.0.1"),
			Header: http.Header{"Authorization": {"Bearer " + b.tokens.good()}}, Body: pep.Body{State: pep.BodyWhole},
		})
		if c.Allow != want {
			t.Errorf("%q: allowed %t, %+v", line, c.Allow, c.Problem)
		}
	}
}

// TestOtherProxiesTakeACookieAtItsHost: of an application that has one, and of no other.
func TestOtherProxiesTakeACookieAtItsHost(t *testing.T) {
	t.Parallel()
	b := newHostedWorld(t, func(b *browserWorld) {
		delete(b.config.Upstreams, "lab") // another proxy alone forwards to these
		delete(b.config.Upstreams, "scale")
		b.config.Proxied = []string{"lab", "scale"}
	})
	for line, want := range map[string]bool{
		labOrigin + " lab.test /r-1": true, homeOrigin + " lab.test /r-1": false, pacsOrigin + " lab.test /r-1": false,
		homeOrigin + " pep.test /scale/1": false, labOrigin + " other.test /scale/1": false,
	} {
		sealed, asked, _ := strings.Cut(line, " ")
		host, path, _ := strings.Cut(asked, " ")
		c := b.proxy.Check(t.Context(), &pep.Question{
			Method: "GET", Target: path, Scheme: "http", Host: host, Client: netip.MustParseAddr("127.0.0.1"),
			Header: http.Header{"Cookie": {"wardgate=" + sealedFor(t, sealed)}}, Body: pep.Body{State: pep.BodyWhole},
		})
		if c.Allow != want {
			t.Errorf("%q: allowed %t, %+v", line, c.Allow, c.Problem)
		}
	}
}

// TestTheRecordSaysWhoseHostWasAsked: without it a path would not say what was asked.
func TestTheRecordSaysWhoseHostWasAsked(t *testing.T) {
	t.Parallel()
	b := newHostedWorld(t, nil)
	for _, line := range []string{"lab.test /r-1", "lab.test /a/b", "lab.test /.wardgate/look.css", "pep.test /info", "pep.test /scale/1", "lab.test. /r-1"} {
		host, path, _ := strings.Cut(line, " ")
		b.one(browse("GET", host, path, "Authorization: Bearer {token}"))
	}
	var got []string
	for _, e := range b.journal.of(pip.KindDecision) {
		got = append(got, e.Application)
	}
	if want := []string{"lab", "lab", "lab", "", "", ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
