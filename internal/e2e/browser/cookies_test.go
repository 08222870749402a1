//go:build browser

package browser_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// wikiHouse has an application that keeps a session of its own in a cookie, and says on
// its page which one it got.
func wikiHouse(t *testing.T, cookies any) (w *rig.World, home, wiki string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := strings.Join(r.Header["Cookie"], "|")
		if said == "" {
			said = "no cookie"
			w.Header().Set("Set-Cookie", "wiki=written-here; Path=/; Max-Age=3600; Domain=hospital.localhost")
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Wiki</title></head><body><main><h1>Wiki</h1><p>Got %s.</p></main></body></html>`, said)
	}))
	t.Cleanup(server.Close)
	book := rig.CopyBook(t)
	rig.EditFile(t, filepath.Join(book, "authz/tables/routes.rego"), "routes := [", "routes := [\n\t_row(\"GET\", \"/\", \"wiki\", \"wiki.read\", \"study\", \"none\"),")
	rights := filepath.Join(book, "authz/tables/rights.rego")
	rig.EditFile(t, rights, "rights := {", "rights := {\n\t\"Pages of the wiki\": {\"doctor\": \"any\", \"nurse\": \"any\"},")
	rig.EditFile(t, rights, "actions := {", "actions := {\n\t\"wiki.read\": {\"right\": \"Pages of the wiki\", \"changes\": false},")
	const name = "wiki.hospital.localhost"
	w, home = houseAt(t, homeName, func(c *config.Config) {
		c.Policies, c.Applications = book, rig.At("wiki", server.URL)
		c.Applications[0].Hosts, c.Applications[0].Cookies = []string{name}, cookies
	})
	return w, home, strings.Replace(home, homeName, name, 1)
}

// TestTheNextPersonHasNoCookieOfTheLast: in one browser, with what an application set
// under the person before.
func TestTheNextPersonHasNoCookieOfTheLast(t *testing.T) {
	for kind, tt := range map[string]struct {
		cookies any
		read    string // by scripts of its pages
	}{
		"sealed": {"sealed", ""},
		"plain":  {map[string]any{"plain": []any{"wiki"}}, "wiki=written-here"},
	} {
		t.Run(kind, func(t *testing.T) {
			w, home, wiki := wikiHouse(t, tt.cookies)
			b := open(t, home).visit("/").logIn(w, "doctor")
			there := b.beside(wiki)
			there.visit("/").sees("Got no cookie.").visit("/").sees("Got wiki=written-here.")
			if got := there.script(`Promise.resolve(document.cookie)`); got != tt.read {
				t.Errorf("scripts read %q, want %q", got, tt.read)
			}
			if kind == "sealed" && len(there.cookies()) < 2 {
				t.Errorf("the browser holds %v", there.cookies())
			}
			b.visit("/logout").press("Log out").sees("You are logged out")
			b.visit("/").logIn(w, "nurse")
			there.visit("/").sees("Got no cookie.")
			there.visit("/").sees("Got wiki=written-here.")
		})
	}
}
