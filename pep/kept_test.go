package pep_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/session"
)

// sent is a form of a browser's, with what the browser says of it.
func sent(host, target, body string, lines ...string) string {
	return browseWith("POST", host, target, body, append([]string{"Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}, append(lines, formType, "Content-Length: "+strconv.Itoa(len(body)))...)...)
}

func browseWith(method, host, target, body string, lines ...string) string {
	return strings.TrimSuffix(browse(method, host, target, lines...), "\r\n\r\n") + "\r\n\r\n" + body
}

func steppingUp(b *browserWorld) {
	b.config.Decider = deciderFunc(func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
		if r.Action.Name == "page.show" {
			return pdp.Decision{Allow: true, Grounds: byRole(), Revision: r.Context.Route, Obligations: []pdp.Obligation{allRows}}, nil
		}
		return pdp.Decision{Revision: r.Context.Route, Reasons: []string{"step_up_required"}, Obligations: []pdp.Obligation{
			{ID: "step_up", Type: "challenge", Properties: []byte(`{"acr_values":"x","max_age":300}`)},
		}}, nil
	})
}

// keptIn is the cookie with what was typed, "" for none.
func keptIn(t *testing.T, a answer) string {
	t.Helper()
	for _, line := range a.header["Set-Cookie"] {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		if c.Name == "wardgate-kept" {
			if !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.MaxAge != 900 || c.SameSite != http.SameSiteLaxMode {
				t.Errorf("cookie %v", c)
			}
			return c.Value
		}
	}
	return ""
}

const ownForm = "Origin: http://pep.test"

// TestWhatWasTypedIsKept of a form of the own pages that needs a fresh factor or a session,
// for the page from which it was sent; and of no other, and never a field that it does not name.
func TestWhatWasTypedIsKept(t *testing.T) {
	t.Parallel()
	const body = "csrf=p&keep=name+note&author=sealed&name=blue+phone&note=&password=swordfish"
	b := newBrowserWorld(t, steppingUp)
	own := []string{ownForm, "Referer: http://pep.test/page?lang=ar", with(sealedFor(t, homeOrigin))}
	a := b.one(sent("pep.test", "/page", body, own...))
	if a.status != http.StatusUnauthorized || !strings.Contains(a.body, "/step-up?next=http%3A%2F%2Fpep.test%2Fpage%3Flang%3Dar") {
		t.Fatalf("got %d %s", a.status, a.body)
	}
	value := keptIn(t, a)
	at, _ := session.ParseOrigin(homeOrigin)
	sealer := session.NewSealer(cookieKey("k"))
	text, err := sealer.OpenKept(value, at, 4096)
	if err != nil || !strings.Contains(string(text), `"name":"blue phone"`) || !strings.Contains(string(text), `"action":"/page"`) ||
		strings.Contains(string(text), "swordfish") || strings.Contains(string(text), "csrf") || strings.Contains(value, "blue") {
		t.Errorf("kept %s, %v", text, err)
	}
	for name, raw := range map[string]string{
		"names no field":    sent("pep.test", "/page", "author=sealed&name=x&password=y", own...),
		"names no author":   sent("pep.test", "/page", "keep=name&name=x", own...),
		"nothing typed":     sent("pep.test", "/page", "keep=name&author=sealed&name=", own...),
		"too much":          sent("pep.test", "/page", "keep=name&author=sealed&name="+strings.Repeat("x", 3000), own...),
		"of another site":   sent("pep.test", "/page", body, "Origin: http://evil.test", "Referer: http://pep.test/page", with(sealedFor(t, homeOrigin))),
		"of an application": sent("app.test:81", "/page", body, "Origin: http://app.test:81"),
		"nobody says where": sent("pep.test", "/page", body, with(sealedFor(t, homeOrigin))),
		"of another route":  sent("pep.test", "/form", body, own...),
	} {
		if got := keptIn(t, b.one(raw)); got != "" {
			t.Errorf("%s: kept", name)
		}
	}
	call := browseWith("POST", "pep.test", "/page", body, ownForm, formType, "Content-Length: "+strconv.Itoa(len(body)), with(sealedFor(t, homeOrigin)))
	if got := keptIn(t, b.one(call)); got != "" {
		t.Error("of a call: kept")
	}
}

// TestTheWayBackFromAForm is the page it was sent from, as far as that is of the same origin.
func TestTheWayBackFromAForm(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, steppingUp)
	const home = "next=http%3A%2F%2Fpep.test%2F\""
	for from, want := range map[string]string{
		"http://pep.test/page":                         "next=http%3A%2F%2Fpep.test%2Fpage\"",
		"http://pep.test/page#part":                    "next=http%3A%2F%2Fpep.test%2Fpage\"",
		"http://evil.test/page":                        home,
		"https://pep.test/page":                        home,
		"http://pep.test.evil.test/":                   home,
		"http://x@pep.test/page":                       home,
		"http://pep.test":                              home,
		"//pep.test/page":                              home,
		"http://pep.test:81/page":                      home,
		"javascript:alert(1)":                          home,
		"http://pep.test/" + strings.Repeat("x", 3000): home,
	} {
		a := b.one(sent("pep.test", "/page", "a=b", ownForm, "Referer: "+from, with(sealedFor(t, homeOrigin))))
		if !strings.Contains(a.body, want) {
			t.Errorf("%.60s: got %d %s", from, a.status, a.body)
		}
	}
	a := b.one(sent("pep.test", "/page", "a=b", "Origin: http://evil.test", "Referer: http://pep.test/page", with(sealedFor(t, homeOrigin))))
	if !strings.Contains(a.body, home) {
		t.Errorf("of another site: got %s", a.body)
	}
}

// TestWhatWasKeptIsHandedOn to the pages, at home, for a page, while it is young.
func TestWhatWasKeptIsHandedOn(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, nil)
	home, _ := session.ParseOrigin(homeOrigin)
	app, _ := session.ParseOrigin(appOrigin)
	seal := func(at session.Origin, key cookieKey, age time.Duration) string {
		t.Helper()
		value, err := session.NewSealer(key).SealKept([]byte(`{"action":"/page","author":"s","at":`+
			strconv.FormatInt(time.Now().Add(-age).Unix(), 10)+`,"fields":{"name":"x"}}`), at)
		if err != nil {
			t.Fatal(err)
		}
		return "Cookie: wardgate-kept=" + value
	}
	whole := seal(home, "k", 0)
	for _, tt := range []struct {
		name, line, spoofed string
		want                bool
	}{
		{"young", whole, "", true},
		{"old", seal(home, "k", time.Hour), "", false},
		{"of the future", seal(home, "k", -time.Hour), "", false},
		{"another key", seal(home, "j", 0), "", false},
		{"another origin", seal(app, "k", 0), "", false},
		{"changed", whole[:len(whole)-2] + "AA", "", false},
		{"a handle in its place", "Cookie: wardgate-kept=" + sealedFor(t, homeOrigin), "", false},
		{"two of them", whole + "; wardgate-kept=x", "", false},
		{"by the client itself", "A: b", assertion.KeptHeader + ": e30", false},
	} {
		lines := []string{tt.line}
		if tt.spoofed != "" {
			lines = append(lines, tt.spoofed)
		}
		before, _ := b.backend.requests()
		b.one(browse("GET", "pep.test", "/page", lines...))
		got, _ := b.backend.requests()
		if len(got) != len(before)+1 {
			t.Fatalf("%s: not forwarded", tt.name)
		}
		handed := got[len(got)-1].values(assertion.KeptHeader)
		if (len(handed) == 1) != tt.want {
			t.Errorf("%s: handed on %q", tt.name, handed)
		}
		if tt.want {
			text, err := base64.RawURLEncoding.DecodeString(handed[0])
			if err != nil || !strings.Contains(string(text), `"fields":{"name":"x"}`) {
				t.Errorf("%s: %s, %v", tt.name, text, err)
			}
		}
	}
}

// TestAPageSaysWhoCanBeAsked where a person can help, once.
func TestAPageSaysWhoCanBeAsked(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, func(b *browserWorld) {
		tables := testTables()
		row := tables.Reasons["role_forbidden"]
		row.Ask = map[string]string{"en": "Ask the officer <b>.", "ar": "اسأل"}
		tables.Reasons = tables.Reasons.With(nil)
		tables.Reasons["role_forbidden"] = row
		b.config.Tables = fixedTables(tables)
		refusing("role_forbidden")(b)
	})
	a := b.one(browse("GET", "pep.test", "/info", append(slices.Clone(asBrowser), with(sealedFor(t, homeOrigin)))...))
	if strings.Count(a.body, "Ask the officer &lt;b&gt;.") != 1 || strings.Contains(a.body, "<b>") {
		t.Errorf("got %d %s", a.status, a.body)
	}
	call := b.one(browse("GET", "pep.test", "/info", with(sealedFor(t, homeOrigin))))
	if strings.Contains(call.body, "officer") {
		t.Errorf("a call: %s", call.body)
	}
}
