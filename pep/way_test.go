package pep_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/obligation"
	"github.com/wardgate/wardgate/pip"
)

// ways are what a request that is allowed can go, by the test's own names.
var ways = map[string]obligation.Way{
	"own service":                 obligation.Service,
	"external application":        obligation.External,
	"own service, other proxy":    obligation.ProxiedService,
	"application, other proxy":    obligation.Proxied,
	"known application, by proxy": obligation.Proxied,
}

// goes sends one request that is allowed with an obligation down a way, and
// returns the codes with which it was refused, nil when it was not.
func goes(t *testing.T, name string, handlers []obligation.Handler, given ...pdp.Obligation) []string {
	t.Helper()
	w := newWorld(t, func(w *world) {
		w.config.Decider = changed(func(d *pdp.Decision) { d.Obligations = given })
		w.config.Obligations = handlers
		to := w.config.Upstreams["records"]
		switch name {
		case "external application", "known application, by proxy":
			to.External, w.unsigned = true, true
			w.config.Upstreams = map[string]pep.Upstream{"records": to}
		case "application, other proxy":
			w.config.Upstreams, w.config.Proxied = nil, []string{"records"}
		}
	})
	if !strings.Contains(name, "proxy") {
		answers := w.send(request("GET", "/info", ""))
		if len(answers) != 1 {
			t.Fatalf("%s: got %d answers", name, len(answers))
		}
		if answers[0].status == http.StatusOK {
			return nil
		}
		if requests, _ := w.backend.requests(); len(requests) > 0 {
			t.Errorf("%s: forwarded what was refused", name)
		}
		return w.journal.of(pip.KindDecision)[0].Reasons
	}
	c := w.proxy.Check(t.Context(), &pep.Question{
		Method: "GET", Target: "/info", Host: "pep.test", Client: netip.MustParseAddr("127.0.0.1"),
		Header: http.Header{"Authorization": {"Bearer " + w.tokens.good()}}, Body: pep.Body{State: pep.BodyWhole},
	})
	if c.Allow {
		return nil
	}
	if c.Assertion != "" {
		t.Errorf("%s: an assertion about what was refused", name)
	}
	return c.Problem.Reasons
}

// An obligation that no handler knows, or that its handler declares for no way,
// denies wherever a request goes.
func TestAnObligationThatNobodyKeepsDeniesOnEveryWay(t *testing.T) {
	t.Parallel()
	handlers := append(obligation.All(), obligation.Handler{ID: "undeclared",
		Read: func(*pdp.Obligation, *obligation.Effects) error { return nil }})
	for name := range ways {
		for _, id := range []string{"watermark", "undeclared"} {
			if got := goes(t, name, handlers, pdp.Obligation{ID: id}); !slices.Equal(got, []string{"obligation_unmet"}) {
				t.Errorf("%s, %s: got %q, want a refusal", name, id, got)
			}
		}
		if got := goes(t, name, handlers); got != nil {
			t.Errorf("%s: refused without an obligation: %q", name, got)
		}
	}
}

// An obligation that binds on one way denies on the others.
func TestAnObligationThatBindsOnOneWayDeniesOnTheOthers(t *testing.T) {
	t.Parallel()
	for _, only := range []obligation.Way{obligation.Service, obligation.External, obligation.ProxiedService, obligation.Proxied} {
		handlers := []obligation.Handler{{ID: "only", Ways: obligation.On(only),
			Read: func(*pdp.Obligation, *obligation.Effects) error { return nil }}}
		for name, way := range ways {
			got := goes(t, name, handlers, pdp.Obligation{ID: "only"})
			if refused := slices.Equal(got, []string{"obligation_unmet"}); refused == (way == only) {
				t.Errorf("declared for %s, %s: got %q", only, name, got)
			}
		}
	}
}

// A handler that declares a way on which nothing does what it reads is refused
// there: the limit is not dropped.
func TestALimitThatNothingKeepsDenies(t *testing.T) {
	t.Parallel()
	everywhere := obligation.On(obligation.Service, obligation.External, obligation.ProxiedService, obligation.Proxied)
	handlers := []obligation.Handler{{ID: "hide", Ways: everywhere, Read: func(_ *pdp.Obligation, e *obligation.Effects) error {
		e.Limits.Withhold = append(e.Limits.Withhold, "contact")
		return nil
	}}}
	for name, way := range ways {
		kept := way == obligation.Service || way == obligation.ProxiedService
		if got := goes(t, name, handlers, pdp.Obligation{ID: "hide"}); (got == nil) != kept {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// A stream leaves in parts: an obligation that cannot be kept on one withholds
// it at once, however long the stream would last.
func TestAStreamIsWithheldFromWhatDoesNotBindOnIt(t *testing.T) {
	t.Parallel()
	read := func(*pdp.Obligation, *obligation.Effects) error { return nil }
	handlers := append(obligation.All(),
		obligation.Handler{ID: "whole", Ways: obligation.On(obligation.Service), Read: read},
		obligation.Handler{ID: "lasting", Ways: obligation.On(obligation.Service, obligation.Stream), Read: read})
	for _, test := range []struct {
		given pdp.Obligation
		want  int
	}{
		{pdp.Obligation{ID: "whole"}, http.StatusBadGateway},
		{masking, http.StatusBadGateway},
		{pdp.Obligation{ID: "lasting"}, http.StatusOK},
		{allRows, http.StatusOK},
	} {
		for _, kind := range []string{"text/event-stream", "Text/Event-Stream; charset=utf-8"} {
			s := &streamWorld{gone: make(chan struct{}, 16)}
			s.world = newWorld(t, func(w *world) {
				w.config.Decider = changed(func(d *pdp.Decision) { d.Obligations = []pdp.Obligation{test.given} })
				w.config.Obligations = handlers
				w.backend.answer = func(conn net.Conn, _ received) {
					_, _ = io.WriteString(conn, strings.Replace(streamHead, "text/event-stream", kind, 1))
					_, _ = conn.Read(make([]byte, 1)) // until it breaks
					_ = conn.Close()
				}
			})
			conn, res, _ := s.open()
			if res.StatusCode != test.want {
				t.Errorf("%s, %s: got %d, want %d", test.given.ID, kind, res.StatusCode, test.want)
			}
			if outcome := s.journal.of(pip.KindOutcome); len(outcome) != 1 || outcome[0].Status != test.want {
				t.Errorf("%s: got outcomes %+v", test.given.ID, outcome)
			}
			_ = conn.Close()
		}
	}
}

// A denial whose obligation is not known is still a denial, with its own
// reasons and one more.
func TestAnUnknownObligationOfADenial(t *testing.T) {
	t.Parallel()
	revoked := errors.New("not called")
	w := newWorld(t, func(w *world) {
		w.config.Decider = changed(func(d *pdp.Decision) {
			d.Allow, d.Grounds, d.Reasons = false, pdp.Grounds{}, []string{"role_forbidden"}
			d.Obligations = []pdp.Obligation{{ID: "watermark"}, {ID: "revoke_session", Properties: []byte(`{"reason":"role_forbidden"}`)}}
		})
		w.config.Revoker = revokerFunc(func(context.Context, string, string) error { revoked = nil; return nil })
	})
	answers := w.send(request("GET", "/info", ""))
	if len(answers) != 1 || answers[0].status != http.StatusForbidden || revoked != nil {
		t.Errorf("got %+v, %v", answers, revoked)
	}
	if got := fmt.Sprint(w.journal.of(pip.KindDecision)[0].Reasons); got != "[role_forbidden obligation_unmet]" {
		t.Errorf("got %s", got)
	}
}

// watermark is an obligation of a hospital's own, such as one file holds.
type watermark struct{ text string }

func (watermark) Ask(_ string, h http.Header) { h.Set("Accept", "text/plain") }

func (m watermark) Change(res *http.Response, _ int64) error {
	res.Header.Set("Watermark", m.text)
	return nil
}

func (m watermark) handler() obligation.Handler {
	return obligation.Handler{ID: "watermark", Ways: obligation.On(obligation.Service, obligation.External),
		Read: func(_ *pdp.Obligation, e *obligation.Effects) error {
			e.Answers = append(e.Answers, m)
			return nil
		}}
}

// A new kind of obligation needs its handler and nothing else: it reaches the
// request and the answer where it binds, and denies elsewhere.
func TestAnObligationIsItsHandler(t *testing.T) {
	t.Parallel()
	handlers := append(obligation.All(), watermark{"ward 7"}.handler())
	w := newWorld(t, func(w *world) {
		w.config.Decider = changed(func(d *pdp.Decision) { d.Obligations = []pdp.Obligation{allRows, {ID: "watermark"}} })
		w.config.Obligations = handlers
	})
	answers := w.send(request("GET", "/info", ""))
	if len(answers) != 1 || answers[0].status != http.StatusOK || answers[0].header.Get("Watermark") != "ward 7" {
		t.Fatalf("got %+v, want a mark", answers)
	}
	if requests, _ := w.backend.requests(); len(requests) != 1 || !slices.Equal(requests[0].values("Accept"), []string{"text/plain"}) {
		t.Errorf("the application was asked %+v", requests)
	}
	for name, way := range ways {
		kept := way == obligation.Service || way == obligation.External
		if got := goes(t, name, handlers, pdp.Obligation{ID: "watermark"}); (got == nil) != kept {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// bursting is a change that panics.
type bursting struct{ watermark }

func (bursting) Change(*http.Response, int64) error { panic("a change burst") }

// A change that panics withholds its answer and gives its memory back.
func TestAChangeThatPanicsGivesItsMemoryBack(t *testing.T) {
	t.Parallel()
	handler := obligation.Handler{ID: "watermark", Ways: obligation.On(obligation.Service),
		Read: func(_ *pdp.Obligation, e *obligation.Effects) error {
			e.Answers = append(e.Answers, bursting{})
			return nil
		}}
	w := newWorld(t, func(w *world) {
		w.config.Decider = changed(func(d *pdp.Decision) { d.Obligations = []pdp.Obligation{allRows, {ID: "watermark"}} })
		w.config.Obligations = append(obligation.All(), handler)
		w.config.AnswersMemory = 2 // for one answer at once
	})
	for range 2 {
		for _, a := range w.send(request("GET", "/info", "")) {
			if a.status == http.StatusOK || strings.Contains(a.body, "answers_busy") {
				t.Fatalf("got %+v", a)
			}
		}
	}
}

// What a role may not do at another application ends no session, however its
// action's row has it; at Wardgate's own service it does.
func TestAnotherApplicationEndsNoSession(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{
		"own service": 1, "own service, other proxy": 1,
		"external application": 0, "application, other proxy": 0, "known application, by proxy": 0,
	} {
		revoked := 0
		w := newWorld(t, func(w *world) {
			w.config.Decider = changed(func(d *pdp.Decision) {
				d.Allow, d.Grounds, d.Reasons = false, pdp.Grounds{}, []string{"role_forbidden"}
				d.Obligations = []pdp.Obligation{{ID: "revoke_session", Properties: []byte(`{"reason":"role_forbidden"}`)}}
			})
			w.config.Revoker = revokerFunc(func(context.Context, string, string) error { revoked++; return nil })
			to := w.config.Upstreams["records"]
			switch name {
			case "external application", "known application, by proxy":
				to.External, w.unsigned = true, true
				w.config.Upstreams = map[string]pep.Upstream{"records": to}
			case "application, other proxy":
				w.config.Upstreams, w.config.Proxied = nil, []string{"records"}
			}
		})
		if strings.Contains(name, "proxy") {
			c := w.proxy.Check(t.Context(), &pep.Question{
				Method: "GET", Target: "/info", Host: "pep.test", Client: netip.MustParseAddr("127.0.0.1"),
				Header: http.Header{"Authorization": {"Bearer " + w.tokens.good()}}, Body: pep.Body{State: pep.BodyWhole},
			})
			if c.Allow {
				t.Errorf("%s: allowed", name)
			}
		} else if answers := w.send(request("GET", "/info", "")); len(answers) != 1 || answers[0].status != http.StatusForbidden {
			t.Errorf("%s: got %+v", name, answers)
		}
		if revoked != want {
			t.Errorf("%s: %d sessions ended, want %d", name, revoked, want)
		}
	}
}
