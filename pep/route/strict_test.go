package route_test

import (
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/route"
)

// archive is an application that is not written for Wardgate: its reading is open as a
// whole, and some of its paths have rows of their own.
func archive(t *testing.T, more ...pdp.Route) *route.Table {
	t.Helper()
	rows := append([]pdp.Route{
		of("archive", row("GET", "/{file...}", "archive.look", "page")),
		of("archive", row("GET", "/studies", "study.list", "study")),
		of("archive", row("POST", "/studies", "study.add", "study")),
		of("archive", row("GET", "/studies/{study:oid}", "study.read", "study")),
		of("archive", row("DELETE", "/studies/{study:oid}", "study.delete", "study")),
		of("archive", row("GET", "/instances/{instance:uuid}", "instance.read", "instance")),
		of("archive", row("GET", "/instances/{instance}", "instance.find", "instance")),
		of("archive", row("GET", "/instances/{name:segment}", "instance.name", "name")),
		of("archive", row("GET", "/admin/{file...}", "archive.rule", "page")),
		of("archive", row("GET", "/Admin.Jobs/", "archive.jobs", "page")),
	}, more...)
	table, err := route.New(&pdp.Tables{Revision: "r", Routes: rows}, "archive")
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// TestTheStrictestRowCounts: whatever its methods are, and in one spelling alone.
func TestTheStrictestRowCounts(t *testing.T) {
	table := archive(t)
	const id = "0f8fad5b-d9cb-469f-a165-70867728950e"
	for line, want := range map[string]string{
		"GET /": "archive.look", "GET /ui/app.js": "archive.look", "HEAD /ui/app/": "archive.look", "GET /Ui/~x/a..b.js": "archive.look",
		"GET /studies": "study.list", "POST /studies": "study.add", "GET /studies/1.2.840.10008": "study.read 1.2.840.10008",
		"HEAD /studies/1.2.840.10008": "study.read 1.2.840.10008", "DELETE /studies/1.2": "study.delete 1.2", "GET /studies/1.02": "archive.look",
		"GET /studies/12": "archive.look", "GET /studies/1.2/more": "archive.look", "GET /studies/1..2": "archive.look",
		"GET /instances/" + id: "instance.read " + id, "GET /instances/p-1": "instance.find p-1", "GET /instances/a.b~": "instance.name a.b~",
		"GET /instances/" + strings.Repeat("A", 128) + "x": "archive.look",
		"GET /admin/jobs": "archive.rule", "GET /admin/": "archive.rule", "GET /Admin.Jobs/": "archive.jobs",

		"POST /": "405 GET, HEAD", "DELETE /studies": "405 GET, HEAD, POST", "PUT /studies/1.2": "405 GET, HEAD, DELETE", "POST /ui/x": "405 GET, HEAD",
		"DELETE /admin/jobs": "405 GET, HEAD", "OPTIONS /instances/" + id: "405 GET, HEAD",

		"GET /Studies": "400", "GET /STUDIES/1.2": "400", "GET /studies/": "400", "GET /studies.": "400", "GET /studies./1.2": "400", "GET /studies/1.2/": "400",
		"GET /studies/1.2.": "400", "POST /Studies": "400", "GET /admin": "400", "GET /ADMIN/jobs": "400", "GET /admin./x": "400",
		"GET /instances/" + strings.ToUpper(id): "400", "GET /instances/P-1": "400", "GET /instances/p-1.": "400", "GET /instances/p-1/": "400", "GET /instances/a.b~/": "400",
		"GET /Admin.Jobs": "400", "GET /admin.jobs": "400", "GET /.Wardgate/session": "400", "GET /.WARDGATE": "400",

		"GET /.wardgate/session": "", "GET /.wardgate": "", "GET //studies": "", "GET /ui//x": "", "GET /ui//": "", "GET /ui/../studies": "", "GET /ui/./x": "",
		"GET /ui/...": "", "GET /ui/..": "", "GET /ui/%2e": "", "GET /ui/%2E%2E/x": "", "GET /ui%2Fx": "", "GET /ui/a;b": "", "GET /ui/a\\b": "", "GET /ui/a\x00": "",
		"GET /ui/ä": "", "GET /ui/a b": "", "GET ": "", "GET ui": "",
	} {
		method, path, _ := strings.Cut(line, " ")
		m := table.LookUp("archive", method, path, "")
		got := ""
		switch {
		case m.Flaw == code.MethodNotAllowed:
			got = "405 " + m.Allow
		case m.Flaw == code.PathAmbiguous:
			got = "400"
		case m.Flaw != "":
			got = m.Flaw
		case m.Route != nil:
			got = strings.TrimSpace(m.Route.Action + " " + m.Resource.ID)
		}
		if got != want || m.Flaw != "" && m.Route != nil {
			t.Errorf("%s: got %q, want %q", line, got, want)
		}
	}
}

// TestBehindAFileStandsNoOtherPath: servers run /admin.php for /admin.php/x too (PATH_INFO).
func TestBehindAFileStandsNoOtherPath(t *testing.T) {
	table := archive(t,
		of("archive", row("GET", "/admin.php", "archive.rule", "page")),
		of("archive", row("GET", "/tools/run.cgi", "archive.run", "page")),
		of("archive", row("GET", "/index.php", "archive.begin", "page")),
		of("archive", row("GET", "/index.php/{file...}", "archive.pages", "page")),
		of("archive", row("GET", "/Admin.Jobs/{page:segment}", "archive.second", "page")),
	)
	for path, want := range map[string]string{
		"/admin.php": "archive.rule", "/admin.php/x": "", "/admin.php/x/y": "", "/Admin.PHP/x": "", "/admin.php./x/": "", "/tools/run.cgi/x": "", "/tools/run.cgi/x/y.js": "",
		"/index.php": "archive.begin", "/index.php/x": "archive.pages", "/index.php/x/y": "archive.pages", "/index.phpx/y/z": "archive.look",
		"/Admin.Jobs/x": "archive.second", "/Admin.Jobs/x/y": "", "/ui/admin.php/x": "archive.look", "/studies/1.2/more": "archive.look",
	} {
		m := table.LookUp("archive", "GET", path, "")
		if got := m.Route; (got == nil) != (want == "") || got != nil && got.Action != want || got == nil && m.Flaw != code.PathAmbiguous {
			t.Errorf("%s: got %+v, want %q", path, m, want)
		}
	}
	// Not behind the rest of a path alone.
	looser := of("wiki", row("GET", "/{a:segment}/{page:segment}", "wiki.read", "page"))
	other, err := route.New(&pdp.Tables{Routes: []pdp.Route{looser, of("wiki", row("GET", "/admin.php", "wiki.rule", "page"))}}, "wiki")
	if err != nil {
		t.Fatal(err)
	}
	if m := other.LookUp("wiki", "GET", "/admin.php/x", ""); m.Flaw != code.PathAmbiguous {
		t.Errorf("got %+v", m)
	}
	if m := other.LookUp("wiki", "GET", "/ui.php/x", ""); m.Resource.ID != "x" {
		t.Errorf("got %+v", m)
	}
}

// TestWardgatesOwnKeepTheirAnswer: where no other row takes the path, a method without a
// row is for the policy to deny; it goes to no looser row either way.
func TestWardgatesOwnKeepTheirAnswer(t *testing.T) {
	table := hospital(t)
	if m := table.LookUp("", "POST", "/info", ""); m.Route != nil || m.Flaw != "" {
		t.Errorf("got %+v, want no row", m)
	}
	if m := table.LookUp("", "DELETE", "/api/patients/new", ""); m.Route != nil || m.Flaw != code.MethodNotAllowed || m.Allow != "GET, HEAD" {
		t.Errorf("got %+v, want another method", m)
	}
}

func TestTiesNameBothRows(t *testing.T) {
	look := of("lab", row("GET", "/ui/{file...}", "lab.look", "page"))
	info := of("lab", row("GET", "/{thing}/info", "lab.info", "thing"))
	for name, tt := range map[string]struct {
		rows []pdp.Route
		want []string // none: no fault
	}{
		"one line, twice":           {[]pdp.Route{look, look}, []string{"twice", "lab.look"}},
		"under other names":         {[]pdp.Route{info, of("lab", row("GET", "/{other:id}/info", "lab.other", "other"))}, []string{"twice", "/{thing}/info", "lab.info"}},
		"rests under other names":   {[]pdp.Route{look, of("lab", row("GET", "/ui/{all...}", "lab.other", "page"))}, []string{"twice", "lab.look"}},
		"each stricter somewhere":   {[]pdp.Route{look, info}, []string{"GET /ui/{file...} (lab, lab.look)", "GET /{thing}/info (lab, lab.info)", "/ui/info"}},
		"with another method too":   {[]pdp.Route{look, of("lab", row("POST", "/{thing}/info", "lab.info", "thing"))}, []string{"ties"}},
		"a row says which":          {[]pdp.Route{look, info, of("lab", row("GET", "/ui/info", "lab.both", "page"))}, nil},
		"parameters":                {[]pdp.Route{of("lab", row("GET", "/{a:oid}/{b:segment}", "x.y", "a")), of("lab", row("GET", "/{c:segment}/{d}", "x.z", "c"))}, []string{"ties", "/{a:oid}/{d}"}},
		"nothing in common":         {[]pdp.Route{of("lab", row("GET", "/{a:oid}/b", "x.y", "a")), of("lab", row("GET", "/{c}/{d:segment}", "x.z", "c"))}, nil},
		"one stricter everywhere":   {[]pdp.Route{of("lab", row("GET", "/{a:uuid}/b", "x.y", "a")), of("lab", row("GET", "/{c}/{d:segment}", "x.z", "c"))}, nil},
		"a rest of a longer path":   {[]pdp.Route{look, of("lab", row("GET", "/{file...}", "x.y", "page")), of("lab", row("GET", "/ui/{a}/{file...}", "x.z", "a"))}, nil},
		"a rest that crosses a row": {[]pdp.Route{of("lab", row("GET", "/{a}/x/{file...}", "x.y", "a")), of("lab", row("GET", "/ui/{file...}", "x.z", "page"))}, []string{"ties", "/ui/x/{file...}"}},
	} {
		_, err := route.New(&pdp.Tables{Routes: tt.rows}, "lab")
		if (err == nil) != (tt.want == nil) {
			t.Errorf("%s: got %v", name, err)
		}
		for _, want := range tt.want {
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q", name, err, want)
			}
		}
	}
}

func TestRowsThatMayNotBe(t *testing.T) {
	for name, tt := range map[string]struct {
		row  pdp.Route
		want string
	}{
		"a rest that writes":          {of("lab", row("POST", "/{file...}", "x.y", "page")), "takes GET and HEAD alone"},
		"a rest before the end":       {of("lab", row("GET", "/{file...}/x", "x.y", "page")), "the last segment alone"},
		"a rest as the id":            {of("lab", row("GET", "/{page...}", "x.y", "page")), "a rest is no id"},
		"a rest with a grammar":       {of("lab", row("GET", "/{file:id...}", "x.y", "page")), "grammar"},
		"an unknown grammar":          {of("lab", row("GET", "/{page:number}", "x.y", "page")), "uuid, oid, id, segment"},
		"a rest without the resource": {of("lab", row("GET", "/{other}/{file...}", "x.y", "page")), "{page}"},
		"a rest of Wardgate's own":    {row("GET", "/api/{file...}", "x.y", "page"), "Wardgate's own"},
		"a grammar of them":           {row("GET", "/api/{page:segment}", "x.y", "page"), "Wardgate's own"},
		"a dot segment":               {of("lab", row("GET", "/a/../b", "x.y", "page")), "no request has it"},
		"parameters of a segment":     {of("lab", row("GET", "/a;b", "x.y", "page")), "no request has it"},
		"a blank":                     {of("lab", row("GET", "/a b", "x.y", "page")), "no request has it"},
		"the own corner":              {of("lab", row("GET", "/.wardgate/{file...}", "x.y", "page")), "Wardgate's own"},
	} {
		for _, hosted := range [][]string{{"lab"}, {}} {
			if _, err := route.New(&pdp.Tables{Routes: []pdp.Route{tt.row}}, hosted...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: got %v, want %q", name, err, tt.want)
			}
		}
	}
	own := row("GET", "/api/patients/{patient}", "patient.read", "patient")
	for path, fine := range map[string]bool{"/{file...}": false, "/api/{file...}": false, "/api/patients/{file...}": false, "/lab/{file...}": true} {
		_, err := route.New(&pdp.Tables{Routes: []pdp.Route{own, of("lab", row("GET", path, "x.y", "page"))}})
		if (err == nil) != fine || err != nil && !strings.Contains(err.Error(), "/api/patients/{patient}") {
			t.Errorf("%s at the home: got %v", path, err)
		}
	}
}

// TestAQueryNamesTheResourceOnce: whatever some program takes for the same name.
func TestAQueryNamesTheResourceOnce(t *testing.T) {
	page := of("wiki", row("GET", "/doku.php", "page.read", "page"))
	page.Query = "id={page:segment}"
	table, err := route.New(&pdp.Tables{Routes: []pdp.Route{page}}, "wiki")
	if err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]string{
		"id=start": "start", "id=Ward.7&do=edit": "Ward.7", "rev=1&id=a": "a", "idx=1&id=a": "a", "id=a&d=id": "a", "id=a&&": "a",
		"": "", "id": "", "id=": "", "id=a&id=a": "", "id=a&ID=b": "", "ID=a": "", "id=a&id": "", "id=a&id[]=b": "", "id[]=a": "", "id=a&id%5B0%5D=b": "",
		"%69d=a": "", "id=a&%49d=b": "", "id=a&+id=b": "", "id=a&id%20=b": "", "id=%61": "", "id=a+b": "", "id=a%2Fb": "", "id=..": "", "id=a;id=b": "", "id=a/b": "", "id=a=b": "",
		"id=a&\u0131d=b": "", "id=a&%zz": "", "id=" + strings.Repeat("a", 129): "",
	} {
		m := table.LookUp("wiki", "GET", "/doku.php", query)
		if (m.Route != nil) != (want != "") || m.Resource.ID != want || m.Route == nil && m.Flaw != code.ResourceUnclear {
			t.Errorf("%q: got %+v, want %q", query, m, want)
		}
	}
	if _, found := table.MatchAt("wiki", "GET", "/doku.php"); found {
		t.Error("without its query the line has a row")
	}
	if action, of, found := table.Means("wiki", "GET", "/doku.php"); !found || action != "page.read" || of.Type != "page" || of.ID != "" {
		t.Errorf("recorded: got %q %+v %t", action, of, found)
	}
	study := page
	study.Query = "study_id={page:segment}"
	if table, err = route.New(&pdp.Tables{Routes: []pdp.Route{study}}, "wiki"); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{
		"study.id", "study+id", "study%20id", "study[id", "study%5Bid", "STUDY.ID", "+study_id", "study_id[", "study_id]", "study_id[0]", // PHP
		"?study_id", "%3Fstudy_id", "%EF%BB%BFstudy_id", "study_id%C2%A0", // URLSearchParams, and what has no look
		"[study_id]", "[study_id][0]", "]study_id", "%5B%5Dstudy_id", // qs, Rack
	} {
		if m := table.LookUp("wiki", "GET", "/doku.php", "study_id=1.2&"+other+"=9.9"); m.Route != nil {
			t.Errorf("%s: got %+v", other, m)
		}
	}
	if m := table.LookUp("wiki", "GET", "/doku.php", "?study_id=9.9&study_id=1.2"); m.Route != nil {
		t.Errorf("a second question mark: got %+v", m)
	}
	for _, other := range []string{"study", "id", "study-id", "id[study_id]", "xstudy_id", "_", "method"} {
		if m := table.LookUp("wiki", "GET", "/doku.php", "study_id=1.2&"+other+"=9.9"); m.Resource.ID != "1.2" {
			t.Errorf("%s: got %+v", other, m)
		}
	}
	for name, change := range map[string]func(*pdp.Route){
		"a name alone":          func(r *pdp.Route) { r.Query = "id" },
		"another name":          func(r *pdp.Route) { r.Query = "id={study}" },
		"a rest":                func(r *pdp.Route) { r.Query = "id={page...}" },
		"a text":                func(r *pdp.Route) { r.Query = "id=page" },
		"an odd name":           func(r *pdp.Route) { r.Query = "id[]={page}" },
		"no name":               func(r *pdp.Route) { r.Query = "={page}" },
		"in the path too":       func(r *pdp.Route) { r.Path = "/{page}" },
		"beside a form":         func(r *pdp.Route) { r.Method, r.Body = "POST", "form" },
		"beside JSON":           func(r *pdp.Route) { r.Method, r.Body = "POST", "json" },
		"of Wardgate's own":     func(r *pdp.Route) { r.Application = "records" },
		"with an odd grammar":   func(r *pdp.Route) { r.Query = "id={page:x}" },
		"with a second segment": func(r *pdp.Route) { r.Query = "id={page}&x={y}" },
	} {
		odd := page
		change(&odd)
		if _, err := route.New(&pdp.Tables{Routes: []pdp.Route{odd}}, "wiki"); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
