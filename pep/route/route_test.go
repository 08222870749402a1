package route_test

import (
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/route"
)

func row(method, path, action, resource string) pdp.Route {
	return pdp.Route{Method: method, Path: path, Application: "records", Action: action, Resource: resource, Body: "none"}
}

func hospital(t *testing.T) *route.Table {
	t.Helper()
	table, err := route.New(&pdp.Tables{Revision: "r1", Routes: []pdp.Route{
		row("GET", "/info", "info.read", "info"),
		row("GET", "/api/patients", "patient.list", "patient"),
		row("GET", "/api/patients/new", "patient.form", "form"),
		row("GET", "/api/patients/{patient}", "patient.read", "patient"),
		row("DELETE", "/api/patients/{patient}", "patient.delete", "patient"),
		row("GET", "/api/patients/{patient}/services", "service.list", "patient"),
		row("GET", "/api/patients/{patient}/services/{service}", "service.read", "service"),
		row("GET", "/api/patients/new/help", "help.read", "help"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestMatch(t *testing.T) {
	table := hospital(t)
	if table.Revision() != "r1" {
		t.Errorf("revision %q", table.Revision())
	}
	for _, test := range []struct {
		line, action, id string // no action: no match
	}{
		{"GET /info", "info.read", ""},
		{"GET /api/patients", "patient.list", ""},
		{"GET /api/patients/new", "patient.form", ""},
		{"GET /api/patients/p-1", "patient.read", "p-1"},
		{"GET /api/patients/0", "patient.read", "0"},
		{"DELETE /api/patients/p_1", "patient.delete", "p_1"},
		{"GET /api/patients/p-1/services", "service.list", "p-1"},
		{"GET /api/patients/new/services", "service.list", "new"},
		{"GET /api/patients/new/help", "help.read", ""},
		{"GET /api/patients/p-1/services/s-2", "service.read", "s-2"},
		{"GET /api/patients/" + strings.Repeat("a", 64), "patient.read", strings.Repeat("a", 64)},
		{line: "POST /info"},
		{line: "DELETE /api/patients/new"}, // which has a row of its own, of another method
		{line: "get /info"},
		{line: " /info"},
		{line: "GET "},
		{line: "GET info"},
		{line: "GET /"},
		{line: "GET //info"},
		{line: "GET /info/"},
		{line: "GET /Info"},
		{line: "GET /info/x"},
		{line: "GET /api"},
		{line: "GET /api/patients/"},
		{line: "GET /api/patients//services"},
		{line: "GET /api/patients/p-1/services/"},
		{line: "GET /api/patients/{patient}"},
		{line: "GET /api/patients/P-1"},
		{line: "GET /api/patients/-1"},
		{line: "GET /api/patients/_1"},
		{line: "GET /api/patients/p.1"},
		{line: "GET /api/patients/p%201"},
		{line: "GET /api/patients/ä"},
		{line: "GET /api/patients/p\x00"},
		{line: "GET /api/patients/" + strings.Repeat("a", 65)},
	} {
		method, path, _ := strings.Cut(test.line, " ")
		m, ok := table.Match(method, path)
		if ok != (test.action != "") || ok && (m.Route.Action != test.action || m.Resource.ID != test.id) {
			t.Errorf("%q: got %t %+v, want %q %q", test.line, ok, m, test.action, test.id)
		}
		if ok && m.Resource.Type != m.Route.Resource {
			t.Errorf("%q: resource of type %q", test.line, m.Resource.Type)
		}
	}
}

func TestFaultyRowsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*pdp.Route){
		"no method":                func(r *pdp.Route) { r.Method = "" },
		"no application":           func(r *pdp.Route) { r.Application = "" },
		"no action":                func(r *pdp.Route) { r.Action = "" },
		"no resource":              func(r *pdp.Route) { r.Resource = "" },
		"no body":                  func(r *pdp.Route) { r.Body = "" },
		"unknown body":             func(r *pdp.Route) { r.Body = "any" },
		"relative path":            func(r *pdp.Route) { r.Path = "info" },
		"empty path":               func(r *pdp.Route) { r.Path = "" },
		"empty segment":            func(r *pdp.Route) { r.Path = "/a//b" },
		"two trailing slashes":     func(r *pdp.Route) { r.Path = "/a//" },
		"escape in the path":       func(r *pdp.Route) { r.Path = "/a%2Fb" },
		"brace within a segment":   func(r *pdp.Route) { r.Path = "/a{x}" },
		"brace that does not end":  func(r *pdp.Route) { r.Path = "/{x" },
		"nameless parameter":       func(r *pdp.Route) { r.Path = "/{}" },
		"parameter with a pattern": func(r *pdp.Route) { r.Path = "/{x:.*}" },
		"wildcard parameter":       func(r *pdp.Route) { r.Path = "/{x...}" },
		"parameter twice":          func(r *pdp.Route) { r.Path = "/a/{x}/b/{x}" },
		"five parameters":          func(r *pdp.Route) { r.Path = "/{a}/{b}/{c}/{d}/{e}" },
		"other name in one place":  func(r *pdp.Route) { r.Path = "/api/{person}" },
		"the same line again":      func(r *pdp.Route) { r.Path = "/api/{patient}" },
	} {
		t.Run(name, func(t *testing.T) {
			faulty := row("GET", "/info", "info.read", "info")
			change(&faulty)
			rows := []pdp.Route{row("GET", "/api/{patient}", "patient.read", "patient"), faulty}
			if _, err := route.New(&pdp.Tables{Revision: "r", Routes: rows}); err == nil {
				t.Errorf("%+v was accepted", faulty)
			}
		})
	}
}

func TestAllFaultsAreReportedTogether(t *testing.T) {
	_, err := route.New(&pdp.Tables{Routes: []pdp.Route{row("GET", "one", "a", "b"), row("GET", "two", "a", "b")}})
	if err == nil || !strings.Contains(err.Error(), "GET one") || !strings.Contains(err.Error(), "GET two") {
		t.Errorf("got %v, want both rows", err)
	}
}

// FuzzMatch: what matches has only ids that are ids, and nothing panics.
func FuzzMatch(f *testing.F) {
	f.Add("GET", "/api/patients/p-1/services/s-1")
	f.Add("DELETE", "/api/patients/new")
	f.Fuzz(func(t *testing.T, method, path string) {
		m, ok := hospital(t).Match(method, path)
		if !ok {
			return
		}
		if strings.Trim(m.Resource.ID, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || len(m.Resource.ID) > 64 {
			t.Errorf("%s %q: id %q", method, path, m.Resource.ID)
		}
		if m.Route.Method != method || strings.Count(path, "/") != strings.Count(m.Route.Path, "/") {
			t.Errorf("%s %q matched %s %s", method, path, m.Route.Method, m.Route.Path)
		}
	})
}

// TestASlashAtTheEndIsAPathOfItsOwn: neither stands for the other.
func TestASlashAtTheEndIsAPathOfItsOwn(t *testing.T) {
	row := func(path, action string) pdp.Route {
		return pdp.Route{Method: "GET", Path: path, Application: "admin", Action: action, Resource: "page", Body: pdp.BodyNone}
	}
	table, err := route.New(&pdp.Tables{Routes: []pdp.Route{row("/", "home"), row("/account/", "account"), row("/info", "info")}})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/": "home", "/account/": "account", "/info": "info", "/account": "", "/info/": "", "//": "", "/account//": "", "": "",
	} {
		m, ok := table.Match("GET", path)
		if ok != (want != "") || ok && m.Route.Action != want {
			t.Errorf("%q: got %t %+v, want %q", path, ok, m, want)
		}
	}
}
