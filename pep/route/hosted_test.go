package route_test

import (
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/route"
)

func of(application string, r pdp.Route) pdp.Route {
	r.Application = application
	return r
}

// two applications, and Wardgate's own, with rows for the same paths.
func sharedPaths() *pdp.Tables {
	return &pdp.Tables{Revision: "r1", Routes: []pdp.Route{
		of("lab", row("GET", "/", "lab.list", "report")),
		of("lab", row("GET", "/{report}", "lab.read", "report")),
		of("lab", row("GET", "/x/{report}", "lab.look", "report")),
		of("pacs", row("GET", "/", "pacs.list", "study")),
		of("pacs", row("GET", "/{study}", "pacs.read", "study")),
		of("admin", row("GET", "/", "page.show", "page")),
		of("admin", row("GET", "/info", "info.read", "info")),
		of("admin", row("GET", "/.wardgate/session", "session.redeem", "session")),
	}}
}

// TestRowsOfDifferentHostsNeverTie: nor is one found at a host that is not its
// application's.
func TestRowsOfDifferentHostsNeverTie(t *testing.T) {
	table, err := route.New(sharedPaths(), "lab", "pacs", "idle")
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		" /": "page.show", "lab /": "lab.list", "pacs /": "pacs.list", "idle /": "", "other /": "", "admin /": "",
		" /info": "info.read", "lab /info": "lab.read", "pacs /info": "pacs.read", "idle /info": "",
		" /r-1": "", "lab /r-1": "lab.read", "pacs /r-1": "pacs.read", " /x/r-1": "", "lab /x/r-1": "lab.look", "pacs /x/r-1": "",
		" /.wardgate/session": "session.redeem", "lab /.wardgate/session": "session.redeem", "idle /.wardgate/session": "session.redeem",
		"lab /.wardgate": "", "lab /.wardgate/": "", "lab /.wardgate/info": "", "lab /.wardgate/session/": "",
	} {
		application, path, _ := strings.Cut(line, " ")
		for _, method := range []string{"GET", "HEAD"} {
			m, ok := table.MatchAt(application, method, path)
			if ok != (want != "") || ok && m.Route.Action != want {
				t.Errorf("%s %q: got %t %+v, want %q", method, line, ok, m.Route, want)
			}
		}
		if !strings.Contains(path, "r-1") && (want == "lab.list" || want == "page.show" || want == "session.redeem") {
			if !table.Could(application, "HEAD", assertion.Digest([]byte(path))) {
				t.Errorf("%q: its digest is not known", line)
			}
		}
	}
	if table.Could("idle", "GET", assertion.Digest([]byte("/"))) || table.Could("pacs", "GET", assertion.Digest([]byte("/info"))) {
		t.Error("a digest is known at another host")
	}
}

func TestRowsOfOneHostTie(t *testing.T) {
	for name, hosted := range map[string][]string{"none has a host": nil, "one has": {"lab"}, "the other has": {"pacs"}} {
		if _, err := route.New(sharedPaths(), hosted...); err == nil || !strings.Contains(err.Error(), "routes: GET /") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTheOwnCornerIsNobodyElses(t *testing.T) {
	for _, path := range []string{"/.wardgate", "/.wardgate/", "/.wardgate/session", "/.wardgate/{report}"} {
		for _, hosted := range [][]string{nil, {"lab"}} {
			tables := &pdp.Tables{Routes: []pdp.Route{of("lab", row("GET", path, "lab.read", "report"))}}
			if _, err := route.New(tables, hosted...); err == nil || !strings.Contains(err.Error(), "Wardgate's own") {
				t.Errorf("%s: got %v", path, err)
			}
			if _, err := route.Recorded(tables); err == nil {
				t.Errorf("%s, recorded: it was accepted", path)
			}
		}
	}
}

// TestWhatWasRecorded: who does not know which applications have hosts finds what was
// recorded with its application, and Wardgate's own first without.
func TestWhatWasRecorded(t *testing.T) {
	table, err := route.Recorded(sharedPaths())
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		" /": "page.show", "lab /": "lab.list", "pacs /r-1": "pacs.read", " /x/r-1": "lab.look", " /r-1": "lab.read", "lab /.wardgate/session": "session.redeem",
	} {
		application, path, _ := strings.Cut(line, " ")
		if action, _, _ := table.Means(application, "GET", path); action != want {
			t.Errorf("%q: got %q, want %q", line, action, want)
		}
	}
	double := sharedPaths()
	double.Routes = append(double.Routes, of("lab", row("GET", "/{report}", "lab.other", "report")))
	if _, err := route.Recorded(double); err == nil {
		t.Error("two rows of one application for one request line were accepted")
	}
	for _, application := range []string{"lab", "records"} {
		crossing := sharedPaths()
		crossing.Routes = append(crossing.Routes, of(application, row("GET", "/x/{a}/y", "a.read", "a")), of(application, row("GET", "/{b}/x/y", "b.read", "b")))
		if _, err := route.Recorded(crossing); err == nil || !strings.Contains(err.Error(), "ties") {
			t.Errorf("rows of %s that cross: got %v", application, err)
		}
	}
}
