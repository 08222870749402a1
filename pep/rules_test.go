package pep_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pip"
)

// ruled is a world whose application is external and has rules for headers; another one
// is told who asks in X-Pacs-User.
func ruled(t *testing.T, rules upstream.Rules, change func(*world)) *world {
	t.Helper()
	return newWorld(t, func(w *world) {
		lab := w.config.Upstreams["records"]
		lab.External, lab.Headers = true, rules
		pacs := lab
		pacs.Headers = upstream.Rules{Tell: map[string]string{"X-Pacs-User": "account"}}
		w.config.Upstreams = map[string]pep.Upstream{"records": lab, "pacs": pacs}
		w.config.Decider = changed(func(d *pdp.Decision) {
			d.Obligations = nil
			d.Evidence.Who = pip.Identity{Username: "osei", Role: "doctor", Staff: "s-1", Department: "d-1"}
		})
		w.unsigned = true
		if change != nil {
			change(w)
		}
	})
}

// spellings of a name that some application reads as the same.
func spellings(name string) []string {
	under := strings.ReplaceAll(name, "-", "_")
	return []string{
		name, strings.ToLower(name), strings.ToUpper(name), under, strings.ToLower(under), strings.ToUpper(under),
		strings.ReplaceAll(name, "-", "."), strings.Replace(under, "_", "-", 1), "HTTP_" + strings.ToUpper(under),
	}
}

// What a client sends under a name that says who asks reaches no application, in whatever
// spelling, by way of whatever rule: neither the one that is told so, nor another.
func TestNoClientSaysWhoAsks(t *testing.T) {
	rules := upstream.Rules{
		Tell: map[string]string{"Remote-User": "account", "X-Forwarded-User": "account", "X-Role": "role", "X-Patient": "patient", "X-Name": "username"},
		Pass: []string{"Origin", "X-Requested-With"},
	}
	var lines []string
	for _, name := range []string{"Remote-User", "X-Forwarded-User", "X-Role", "X-Patient", "X-Pacs-User", "X-Name"} {
		for _, spelling := range spellings(name) {
			lines = append(lines, spelling+": forged")
		}
	}
	for _, line := range append(lines,
		"Connection: Remote-User, X-Role, X-Forwarded-User", "Origin: https://evil.test\r\nRemote-User: forged", "X-Requested-With: a\r\nremote_user: forged") {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			w := ruled(t, rules, nil)
			answers := w.send(request("GET", "/info", "", line))
			w.drain()
			got, _ := w.backend.requests()
			if len(answers) != 1 || answers[0].status != http.StatusOK || len(got) != 1 {
				t.Fatalf("got %+v and %d requests", answers, len(got))
			}
			if strings.Contains(strings.Join(got[0].header, "\n"), "forged") {
				t.Errorf("the application got %q", got[0].header)
			}
			for name, want := range map[string]string{"Remote-User": "account-1", "X-Forwarded-User": "account-1", "X-Role": "doctor", "X-Name": "osei"} {
				if values := got[0].values(name); !slices.Equal(values, []string{want}) {
					t.Errorf("%s: got %q, want %q", name, values, want)
				}
			}
			for _, name := range []string{"X-Patient", "X-Pacs-User"} {
				if values := got[0].values(name); len(values) > 0 {
					t.Errorf("%s: got %q", name, values)
				}
			}
		})
	}
}

// A request that is allowed without an account says nothing of who asks.
func TestAStrangerIsNobody(t *testing.T) {
	w := ruled(t, upstream.Rules{Tell: map[string]string{"Remote-User": "account", "X-Role": "role"}}, func(w *world) {
		w.config.Decider = deciderFunc(func(context.Context, pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Allow: true, Grounds: byRole(), Revision: testRevision}, nil
		})
	})
	answers := w.send("GET /info HTTP/1.1\r\nHost: pep.test\r\nRemote-User: forged\r\nX-Role: doctor\r\n\r\n")
	w.drain()
	got, _ := w.backend.requests()
	if len(answers) != 1 || answers[0].status != http.StatusOK || len(got) != 1 {
		t.Fatalf("got %+v and %d requests", answers, len(got))
	}
	if len(got[0].values("Remote-User"))+len(got[0].values("X-Role")) > 0 {
		t.Errorf("got %q", got[0].header)
	}
}

// A fact that cannot stand in a header stops the request: nothing is told by half.
func TestAFactThatIsNoValueStopsTheRequest(t *testing.T) {
	for _, role := range []string{"doctor\r\nX-Admin: 1", "ärztin", " doctor"} {
		w := ruled(t, upstream.Rules{Tell: map[string]string{"X-Role": "role"}}, func(w *world) {
			w.config.Decider = changed(func(d *pdp.Decision) {
				d.Obligations, d.Evidence.Who = nil, pip.Identity{Role: role}
			})
		})
		answers := w.send(request("GET", "/info", ""))
		w.drain()
		if got, _ := w.backend.requests(); len(got) > 0 || len(answers) != 1 || answers[0].status != http.StatusBadGateway {
			t.Errorf("%q: got %+v and %d requests", role, answers, len(got))
		}
	}
}

// Rules bring in, take out and write headers of requests and answers, and nothing else.
func TestRulesForHeaders(t *testing.T) {
	w := ruled(t, upstream.Rules{
		Pass: []string{"Origin"}, Remove: []string{"User-Agent", "Accept-Language"}, Set: map[string]string{"X-Site": "north", "Accept": "application/json"},
		AnswerRemove: []string{"Link"}, AnswerSet: map[string]string{"X-Frame-Options": "DENY"},
	}, func(w *world) {
		w.backend.answer = func(conn net.Conn, _ received) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nLink: </a>\r\nX-Frame-Options: ALLOWALL\r\nX-Other: a\r\nETag: \"1\"\r\n\r\n{}")
		}
	})
	answers := w.send(request("GET", "/info", "", "Origin: https://a.test", "User-Agent: u", "Accept: text/html", "Accept-Language: de",
		"X-Site: south", "x_site: south", "X-Requested-With: a", "If-Match: \"1\""))
	w.drain()
	got, _ := w.backend.requests()
	if len(answers) != 1 || answers[0].status != http.StatusOK || len(got) != 1 {
		t.Fatalf("got %+v and %d requests", answers, len(got))
	}
	for name, want := range map[string][]string{
		"Origin": {"https://a.test"}, "X-Site": {"north"}, "Accept": {"application/json"}, "If-Match": {`"1"`},
		"User-Agent": nil, "Accept-Language": nil, "X-Requested-With": nil, "Authorization": nil,
	} {
		if values := got[0].values(name); !slices.Equal(values, want) {
			t.Errorf("%s: got %q, want %q", name, values, want)
		}
	}
	h := answers[0].header
	if h.Get("Link") != "" || h.Get("X-Other") != "" || !slices.Equal(h["X-Frame-Options"], []string{"DENY"}) || h.Get("ETag") != `"1"` {
		t.Errorf("got %v", h)
	}
}

// An enforcement point does not start with rules by which a client could say who asks, or
// that reach beyond headers of the application.
func TestRulesThatAreRefused(t *testing.T) {
	for name, rules := range map[string]upstream.Rules{
		"passes what tells another": {Pass: []string{"X-Pacs-User"}},
		"sets what tells another":   {Set: map[string]string{"X-Pacs-User": "root"}},
		"passes what tells it":      {Pass: []string{"Remote-User"}, Tell: map[string]string{"Remote-User": "account"}},
		"passes a token":            {Pass: []string{"Authorization"}},
		"passes cookies":            {Pass: []string{"Cookie"}},
		"sets Wardgate's":           {Set: map[string]string{"Wardgate-Assertion": "a"}},
		"sets a line end":           {Set: map[string]string{"X-A": "a\r\nX-B: c"}},
		"writes cookies":            {AnswerSet: map[string]string{"Set-Cookie": "a=b"}},
		"tells by what clients say": {Tell: map[string]string{"User-Agent": "account"}},
		"tells what is not known":   {Tell: map[string]string{"Remote-User": "email"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := ruled(t, upstream.Rules{}, nil)
			lab := w.config.Upstreams["records"]
			lab.Headers = rules
			w.config.Upstreams["records"] = lab
			if _, err := pep.New(w.config); err == nil || !strings.Contains(err.Error(), `headers of application "records"`) {
				t.Errorf("got %v", err)
			}
		})
	}
	w := ruled(t, upstream.Rules{}, nil)
	own := w.config.Upstreams["records"]
	own.External, own.Headers = false, upstream.Rules{Pass: []string{"Origin"}}
	w.config.Upstreams["records"] = own
	if _, err := pep.New(w.config); err == nil || !strings.Contains(err.Error(), "it is not external") {
		t.Errorf("got %v", err)
	}
}
