package session_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/session"
)

func TestOnlyOriginsAreOrigins(t *testing.T) {
	for _, good := range []string{"https://home.test", "https://home.test:8443", "http://127.0.0.1:8080", "http://[::1]:8080", "https://a-b.c.test"} {
		if got, err := session.ParseOrigin(good); err != nil || got.String() != good {
			t.Errorf("%s: got %v, %v", good, got, err)
		}
	}
	for name, bad := range map[string]string{
		"nothing":              "",
		"a host":               "home.test",
		"a scheme alone":       "https://",
		"a path":               "https://home.test/",
		"a longer path":        "https://home.test/login",
		"a query":              "https://home.test?x",
		"a fragment":           "https://home.test#x",
		"a user":               "https://me@home.test",
		"a user and another":   "https://home.test@evil.test",
		"upper case":           "https://Home.test",
		"upper case of scheme": "HTTPS://home.test",
		"the scheme's port":    "https://home.test:443",
		"plain HTTP's port":    "http://home.test:80",
		"an empty port":        "https://home.test:",
		"another scheme":       "ftp://home.test",
		"a script":             "javascript:alert(1)",
		"without slashes":      "https:home.test",
		"backslashes":          `https:\\home.test`,
		"a blank":              "https://home.test ",
		"an escape":            "https://home%2etest",
		"null":                 "null",
		"a long host":          "https://" + strings.Repeat("a", 256),
	} {
		if got, err := session.ParseOrigin(bad); err == nil {
			t.Errorf("%s: %q is %v", name, bad, got)
		}
	}
}

// at are origins of an application.
func at(origins ...string) (all []session.Hosted) {
	for _, one := range origins {
		all = append(all, session.Hosted{Application: "app", Origin: one})
	}
	return all
}

func TestAllFaultsOfOriginsAreNamed(t *testing.T) {
	_, err := session.NewOrigins("https://home.test/", at("https://a.test", "https://a.test", "b.test", "http://a.test")...)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`"https://home.test/" is no origin`, "host a.test is named twice", `"b.test" is no origin`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	if _, err := session.NewOrigins("https://home.test", at("https://home.test")...); err == nil {
		t.Error("an application at home was taken")
	}
}

func TestAHostHasItsOwnOrigin(t *testing.T) {
	o, err := session.NewOrigins("https://home.test", at("https://app.test:8443", "http://127.0.0.1:8080")...)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"home.test": "https://home.test", "HOME.test": "https://home.test", "home.test:443": "https://home.test", "home.test:80": "",
		"home.test:8443": "", "app.test:8443": "https://app.test:8443", "app.test": "", "127.0.0.1:8080": "http://127.0.0.1:8080",
		"evil.test": "", "home.test.": "", "x.home.test": "", "": "", "home.test@evil.test": "",
	} {
		got, ok := o.At(host)
		if got.String() != want || ok != (want != "") {
			t.Errorf("%q: got %v, %t", host, got, ok)
		}
	}
}

func TestSites(t *testing.T) {
	own := origin(t, "https://home.test")
	for name, tt := range map[string]struct {
		origin, metadata []string
		want             string
	}{
		"the own origin":                     {[]string{"https://home.test"}, nil, pdp.SiteOwn},
		"the own origin, and metadata":       {[]string{"https://home.test"}, []string{"same-origin"}, pdp.SiteOwn},
		"metadata alone":                     {nil, []string{"same-origin"}, pdp.SiteOwn},
		"nothing":                            {nil, nil, pdp.SiteUnknown},
		"by the person":                      {nil, []string{"none"}, pdp.SiteUnknown},
		"another origin":                     {[]string{"https://evil.test"}, nil, pdp.SiteForeign},
		"another origin that says it is own": {[]string{"https://evil.test"}, []string{"same-origin"}, pdp.SiteForeign},
		"null":                               {[]string{"null"}, nil, pdp.SiteForeign},
		"null, and metadata":                 {[]string{"null"}, []string{"same-origin"}, pdp.SiteForeign},
		"empty":                              {[]string{""}, nil, pdp.SiteForeign},
		"the same site":                      {nil, []string{"same-site"}, pdp.SiteForeign},
		"another site":                       {nil, []string{"cross-site"}, pdp.SiteForeign},
		"own, and the same site":             {[]string{"https://home.test"}, []string{"same-site"}, pdp.SiteForeign},
		"own, and another site":              {[]string{"https://home.test"}, []string{"cross-site"}, pdp.SiteForeign},
		"own, and none":                      {[]string{"https://home.test"}, []string{"none"}, pdp.SiteForeign},
		"a word that is not known":           {nil, []string{"friendly"}, pdp.SiteForeign},
		"an empty word":                      {nil, []string{""}, pdp.SiteForeign},
		"another case of the word":           {nil, []string{"Same-Origin"}, pdp.SiteForeign},
		"two words":                          {nil, []string{"same-origin", "same-origin"}, pdp.SiteForeign},
		"words in one line":                  {nil, []string{"same-origin, cross-site"}, pdp.SiteForeign},
		"two origins":                        {[]string{"https://home.test", "https://home.test"}, nil, pdp.SiteForeign},
		"two origins in one line":            {[]string{"https://home.test https://evil.test"}, nil, pdp.SiteForeign},
		"another port":                       {[]string{"https://home.test:8443"}, nil, pdp.SiteForeign},
		"the scheme's port":                  {[]string{"https://home.test:443"}, nil, pdp.SiteForeign},
		"another scheme":                     {[]string{"http://home.test"}, nil, pdp.SiteForeign},
		"a host below":                       {[]string{"https://x.home.test"}, nil, pdp.SiteForeign},
		"a host that begins so":              {[]string{"https://home.test.evil.test"}, nil, pdp.SiteForeign},
		"upper case":                         {[]string{"https://HOME.test"}, nil, pdp.SiteForeign},
		"a slash at the end":                 {[]string{"https://home.test/"}, nil, pdp.SiteForeign},
	} {
		h := http.Header{}
		if tt.origin != nil {
			h["Origin"] = tt.origin
		}
		if tt.metadata != nil {
			h["Sec-Fetch-Site"] = tt.metadata
		}
		if got := session.Site(own, h); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
	if got := session.Site(session.Origin{}, http.Header{"Origin": {""}}); got != pdp.SiteForeign {
		t.Errorf("no origin of its own: got %s", got)
	}
}
