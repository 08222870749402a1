package pep_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// archiveTables are of an application of which reading is open as a whole, beside rows of
// its own paths.
func archiveTables() *pdp.Tables {
	row := func(method, path, query, action, resource string) pdp.Route {
		return pdp.Route{Method: method, Path: path, Query: query, Application: "archive", Action: action, Resource: resource, Body: pdp.BodyNone}
	}
	t := testTables()
	t.Routes = append(t.Routes,
		row("GET", "/pacs/{file...}", "", "archive.look", "page"),
		row("GET", "/pacs/studies/{study:oid}", "", "study.read", "study"),
		row("DELETE", "/pacs/studies/{study:oid}", "", "study.delete", "study"),
		row("GET", "/pacs/find", "study={study:oid}", "study.find", "study"))
	return t
}

// TestWhatIsJudgedOfARestIsForwarded: byte for byte, and under the row of which the
// journal says so. What another spelling would make a stricter row's reaches nothing.
func TestWhatIsJudgedOfARestIsForwarded(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []pdp.Request
	w := newWorld(t, func(w *world) {
		to := w.config.Upstreams["records"]
		to.External = true
		w.config.Upstreams["archive"] = to
		w.config.Tables = fixedTables(archiveTables())
		w.config.Decider = deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
			mu.Lock()
			asked = append(asked, r)
			mu.Unlock()
			d, err := sessionPolicy(ctx, r)
			d.Obligations = nil
			return d, err
		})
		w.unsigned = true
	})
	for _, tt := range []struct {
		method, target string
		status         int
		allow, reason  string
		action, id     string
	}{
		{"GET", "/pacs/ui/App-1.2.js?v=%41", 200, "", "", "archive.look", ""},
		{"GET", "/pacs/%75i/", 200, "", "", "archive.look", ""},
		{"HEAD", "/pacs/studies/1.2.840", 200, "", "", "study.read", "1.2.840"},
		{"DELETE", "/pacs/studies/1.2.840", 200, "", "", "study.delete", "1.2.840"},
		{"GET", "/pacs/find?a=1&study=1.2.840", 200, "", "", "study.find", "1.2.840"},
		{"GET", "/pacs/find", 400, "", "resource_unclear", "", ""},
		{"GET", "/pacs/find?study=1.2&Study=1.3", 400, "", "resource_unclear", "", ""},
		{"GET", "/pacs/find?study=1.02", 400, "", "resource_unclear", "", ""},
		{"PUT", "/pacs/studies/1.2.840", 405, "GET, HEAD, DELETE", "method_not_allowed", "", ""},
		{"POST", "/pacs/ui/x", 405, "GET, HEAD", "method_not_allowed", "", ""},
		{"GET", "/pacs/Studies/1.2.840", 400, "", "path_ambiguous", "", ""},
		{"GET", "/pacs/studies/1.2.840/", 400, "", "path_ambiguous", "", ""},
		{"GET", "/pacs/studies./1.2.840", 400, "", "path_ambiguous", "", ""},
		{"GET", "/pacs/studies;x/1.2.840", 400, "", "path_ambiguous", "", ""},
		{"GET", "/pacs//studies/1.2.840", 400, "", "path_ambiguous", "", ""},
		{"GET", "/pacs/%2573tudies/1.2.840", 400, "", "path_ambiguous", "", ""},
		{"GET", "/pacs/ui/../studies/1.2.840", 400, "", "path_ambiguous", "", ""},
		{"GET", "/pacs/ui%2F..%2Fstudies", 400, "", "path_ambiguous", "", ""},
		{"GET", "/pacs/ui/a%20b", 404, "", "route_unknown", "", ""},
		{"GET", "/Pacs/ui/x", 404, "", "route_unknown", "", ""},
		{"GET", "/pacs", 404, "", "route_unknown", "", ""},
	} {
		before := len(w.journal.of(pip.KindDecision))
		mu.Lock()
		asked = nil
		mu.Unlock()
		answers := w.send(request(tt.method, tt.target, ""))
		if len(answers) != 1 || answers[0].status != tt.status || answers[0].header.Get("Allow") != tt.allow || !strings.Contains(answers[0].body, tt.reason) {
			t.Errorf("%s %s: got %+v, want %d %s", tt.method, tt.target, answers, tt.status, tt.reason)
			continue
		}
		events := w.journal.of(pip.KindDecision)[before:]
		if len(events) != 1 {
			t.Errorf("%s %s: %d records", tt.method, tt.target, len(events))
			continue
		}
		e := &events[0]
		if e.Action != tt.action || tt.status != http.StatusOK && (e.Path != "" || e.Allow) {
			t.Errorf("%s %s: recorded as %+v", tt.method, tt.target, e)
		}
		mu.Lock()
		if (tt.status == 400 || tt.status == 405) != (len(asked) == 0) {
			t.Errorf("%s %s: the policy was asked %d times", tt.method, tt.target, len(asked))
		}
		if tt.status == 200 && (asked[0].Resource.ID != tt.id || asked[0].Action.Name != tt.action || asked[0].Action.Path != e.Path) {
			t.Errorf("%s %s: asked %+v", tt.method, tt.target, asked[0])
		}
		mu.Unlock()
	}
	w.drain()
	got, _ := w.backend.requests()
	want := []string{"/pacs/ui/App-1.2.js?v=%41", "/pacs/ui/", "/pacs/studies/1.2.840", "/pacs/studies/1.2.840", "/pacs/find?a=1&study=1.2.840"}
	for i, r := range got {
		if _, target, _ := strings.Cut(r.line, " "); i >= len(want) || target != want[i]+" HTTP/1.1" {
			t.Errorf("the application received %s", r.line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d requests arrived, want %d", len(got), len(want))
	}
	if e := w.journal.of(pip.KindDecision)[0]; e.QueryDigest != assertion.Digest([]byte("v=%41")) {
		t.Error("the query that was judged is not the one that was sent")
	}
}
