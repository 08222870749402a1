//go:build browser

package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
)

// Two hosts of one site: what a browser calls same-site is another application all the
// same.
const (
	homeName    = "home.hospital.localhost"
	imagingName = "imaging.hospital.localhost"
)

const imagingPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Imaging</title></head>
<body><main><h1>Imaging</h1><p>The studies</p></main></body></html>`

// imagingHouse has an application whose path is that of the home's own page. It serves
// whatever it likes, scripts among it.
func imagingHouse(t *testing.T) (w *rig.World, home, imaging string) {
	t.Helper()
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Cookie"])+len(r.Header["Authorization"]) > 0 {
			t.Error("a cookie or a token reached the application")
		}
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, imagingPage)
		case "/stream":
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "data: begun\n\n")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-done:
			}
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(done) })
	book := rig.CopyBook(t)
	rig.EditFile(t, filepath.Join(book, "authz/tables/routes.rego"), "routes := [",
		"routes := [\n\t_row(\"GET\", \"/\", \"imaging\", \"imaging.read\", \"study\", \"none\"),\n\t_row(\"GET\", \"/stream\", \"imaging\", \"imaging.read\", \"study\", \"none\"),")
	rights := filepath.Join(book, "authz/tables/rights.rego")
	rig.EditFile(t, rights, "rights := {", "rights := {\n\t\"Imaging\": {\"doctor\": \"any\"},")
	rig.EditFile(t, rights, "actions := {", "actions := {\n\t\"imaging.read\": {\"right\": \"Imaging\", \"changes\": false},")
	w, home = houseAt(t, homeName, func(c *config.Config) {
		c.Policies, c.Applications = book, rig.At("imaging", server.URL)
		c.Applications[0].Hosts = []string{imagingName}
	})
	return w, home, strings.Replace(home, homeName, imagingName, 1)
}

// whole is where the tab is, with its origin.
func (b *tab) whole() string {
	b.t.Helper()
	return get(b, "address", chromedp.Location())
}

func (b *tab) isAtAddress(want string) *tab {
	b.t.Helper()
	if got := b.whole(); got != want {
		b.t.Errorf("at %s, want %s, which says\n%s", got, want, b.text())
	}
	return b
}

// beside opens another tab of the same browser.
func (b *tab) beside(home string) *tab {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx)
	b.t.Cleanup(cancel)
	other := &tab{t: b.t, ctx: ctx, home: home, name: b.name + "-beside"}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1024, 900)); err != nil {
		b.t.Fatalf("open another tab: %v", err)
	}
	return other
}

// script runs what an application's own script could, and waits for what it answers.
func (b *tab) script(text string) string {
	b.t.Helper()
	return get(b, "script", chromedp.Evaluate[string](text, chromedp.EvalAwaitPromise))
}

// TestOneLogInReachesAnApplicationAtItsHost: it is carried there, and what ends it at
// home ends it there, a stream that is open too.
func TestOneLogInReachesAnApplicationAtItsHost(t *testing.T) {
	w, home, imaging := imagingHouse(t)
	b := open(t, home).visit("/").logIn(w, "doctor").isAtAddress(home + "/")
	there := b.beside(imaging)
	there.visit("/").isAtAddress(imaging + "/").sees("The studies")
	if names := there.cookies(); !slices.Contains(names, "wardgate") {
		t.Errorf("at the application's host the browser holds %v", names)
	}
	there.script(`new Promise((answer) => { window.stream = new EventSource("/stream"); window.stream.onmessage = (e) => answer(e.data) })`)
	b.visit("/logout").press("Log out").sees("You are logged out")
	there.script(`new Promise((answer) => { const look = () => window.stream.readyState === 2 ? answer("closed") : setTimeout(look, 50); look() })`)
	there.visit("/").isAt("/login")
	if at, err := url.Parse(there.whole()); err != nil || at.Host != strings.TrimPrefix(home, "http://") {
		t.Errorf("after the log-out: at %s", there.whole())
	}
}

// TestALogInFromAnApplicationLeadsBackThere: who was not logged in comes to what was
// asked for.
func TestALogInFromAnApplicationLeadsBackThere(t *testing.T) {
	w, _, imaging := imagingHouse(t)
	open(t, imaging).visit("/?study=7").logIn(w, "doctor").isAtAddress(imaging + "/?study=7").sees("The studies")
}

// TestAnApplicationsScriptsReachNothingOfTheHome: whatever runs on its pages reads no
// page of the home's and no cookie, and changes nothing there.
func TestAnApplicationsScriptsReachNothingOfTheHome(t *testing.T) {
	w, home, imaging := imagingHouse(t)
	b := open(t, home).visit("/").logIn(w, "doctor")
	there := b.beside(imaging).visit("/").isAtAddress(imaging + "/")
	if got := there.script(`Promise.resolve(document.cookie)`); got != "" {
		t.Error("its scripts can read a cookie")
	}
	for _, path := range []string{"/account/", "/api/me", "/account/sessions", "/logout", "/.wardgate/session"} {
		if got := there.script(fmt.Sprintf(`fetch(%q, {credentials: "include"}).then((r) => r.text(), () => "blocked")`, home+path)); got != "blocked" {
			t.Errorf("%s: a script of the application read %q", path, got)
		}
	}
	for _, path := range []string{"/logout", "/account/sessions/end-all"} {
		got := there.script(fmt.Sprintf(`fetch(%q, {method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams({csrf: "x"})}).then((r) => r.type, (e) => String(e))`, home+path))
		if got != "opaque" {
			t.Errorf("%s: the script was told %q", path, got)
		}
	}
	refused := rig.Events(t, w.Data, func(e *pip.Event) bool {
		return e.Kind == pip.KindDecision && e.Method == http.MethodPost && slices.Contains(e.Reasons, "cross_site")
	})
	if len(refused) != 2 {
		t.Errorf("%d requests were refused as begun elsewhere, want 2", len(refused))
	}
	// What the home shows in the application's own origin is the application's: nothing.
	for _, path := range []string{"/account/", "/api/me"} {
		if got := there.script(fmt.Sprintf(`fetch(%q).then((r) => String(r.status))`, path)); got != "404" {
			t.Errorf("%s at the application's host: got %s", path, got)
		}
	}
	b.visit("/account/").isAt("/account/").sees("doctor@demo.hospital.test")
}
