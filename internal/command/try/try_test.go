package try_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command/commandtest"
	"github.com/wardgate/wardgate/internal/command/try"
	"github.com/wardgate/wardgate/internal/points"
)

// What would become of requests under the built-in rule book, of which nothing runs.
func TestTry(t *testing.T) {
	for _, tt := range []struct {
		name string
		line string
		code int
		want []string
	}{
		{"allowed", "/api/patients/p-1 --as role:doctor", 0, []string{"allowed: it goes to records", "GET /api/patients/{patient}", "patient p-1", "Patient Health overview own",
			"only rows are touched of which patient.doctor is somebody", "treats, same_department", "no limit or quota is used up"}},
		{"a role without the right", "/api/patients/p-1/bills --as nurse", 1, []string{"403 Forbidden", "role_forbidden: Your role", "who has this right: patients"}},
		{"another patient", "/api/patients/p-1 --as doctor --set /context/care/treats=false", 1, []string{"403 Forbidden", "not_your_patient"}},
		{"no fresh factor", "DELETE /api/services/v-1 --as doctor", 1, []string{"401 Unauthorized", "step_up_required", "a fresh factor is asked for, not older than 300 seconds",
			"means nothing for a denial", "what would allow\n  a step-up"}},
		{"a method in small letters", "delete /api/services/v-1 --as doctor", 1, []string{"400", "method_refused", "refused before any row"}},
		{"a fresh factor", "DELETE /api/services/v-1 --as doctor --step-up", 0, nil},
		{"off-site without a fresh factor", "POST /api/patients/p-1/services --as doctor --place off_site", 1, []string{"step_up_required", "being on-site", "json, at most 1048576 bytes", `location.place is "off_site" (--place)`}},
		{"another device", "/api/patients/p-1 --as doctor --set /context/device/match=changed", 1, []string{"device_changed", "logging in again"}},
		{"from another site", "POST /api/patients/p-1/services --as doctor --by cookie --set /context/credential/site=foreign", 1, []string{"cross_site"}},
		{"from the own page", "POST /api/patients/p-1/services --as doctor --by cookie", 0, []string{"body         json", "the cookie of the origin"}},
		{"a machine", "POST /api/signals --as machine", 0, []string{"signal.report"}},
		{"without a session", "/login", 0, []string{"as a caller without a session", "page.show"}},
		{"without a session, not public", "/api/patients", 1, []string{"401 Unauthorized", "session_missing", "logging in"}},
		{"at night", "/api/patients --as doctor --time 2026-03-01T23:30:00Z --set /context/credential/factors=one", 1, []string{"denied"}},
		{"no row", "/api/pateints --as nurse", 1, []string{"404 Not Found", "the client is told: route_unknown", `GET /api/patients of records ("patients", not "pateints")`}},
		{"no row of the method", "PUT /api/patients --as doctor", 1, []string{"404", "GET /api/patients of records (GET, not PUT)", "POST /api/patients of records"}},
		{"no id", "/api/patients/P-1 --as doctor", 1, []string{`{patient} takes an id of up to 64 small letters, digits, - and _, and not "P-1"`}},
		{"nothing near", "/far/away/from/all --as doctor", 1, []string{"no row matches this request line\n\n"}},
		{"two readings", "/api/%2e%2e/patients --as doctor", 1, []string{"400 Bad Request", "path_ambiguous", "refused before any row"}},
		{"in Arabic", "/api/patients/p-1/bills --as nurse --language ar", 1, []string{"دورك"}},
		{"a wrong role", "/api/patients --as docter", 2, []string{`no role "docter"; was "doctor" meant?`, "--data or --config"}},
		{"a wrong role by its full name", "/api/patients --as role:nuse", 2, []string{`was "nurse" meant?`}},
		{"no address", "patients --as doctor", 2, []string{"a path that begins with /"}},
		{"too much", "GET /api/patients now --as doctor", 2, []string{"[METHOD] URL"}},
		{"a wrong place", "/api/patients --as doctor --place offsite", 2, []string{"--place", `was "off_site" meant?`}},
		{"a wrong member", "/api/patients --as doctor --set /context/devise/match=same", 2, []string{`was "/context/device/match" meant?`}},
		{"a wrong word", "/api/patients --as doctor --set /context/device/match=some", 2, []string{`was "same" meant?`}},
		{"no truth", "/api/patients/p-1 --as doctor --set /context/care/treats=no", 2, []string{"expected true or false"}},
		{"another question", "/api/patients --as doctor --set /action/name=patient.read", 2, []string{"ask for another URL"}},
		{"no setting", "/api/patients --as doctor --set match", 2, []string{"expected /pointer=value"}},
		{"no time", "/api/patients --as doctor --time noon", 2, []string{"expected day, night or a time"}},
		{"no book", "/api/patients --as doctor --policies /nowhere", 2, []string{"/nowhere"}},
		{"no data folder", "/api/patients --as u-1 --data /nowhere", 2, []string{"identity.db"}},
		{"help", "--help", 0, []string{"wardgate try DELETE /api/services/v-1 --as doctor", "Exit code 0: allowed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			commandtest.Run(append([]string{"try"}, strings.Fields(tt.line)...)...).Want(t, tt.code, tt.want...)
		})
	}
}

// Programs get the same as JSON.
func TestTryAsJSON(t *testing.T) {
	ran := commandtest.Run("try", "/api/patients/p-1", "--as", "nurse", "--set", "/context/care/same_department=false", "--output", "json")
	var got struct {
		Decision bool
		Status   int
		Reasons  []struct{ Code, Text string }
		Route    struct{ Application, Action, Resource, ID, Body string }
		Assumed  []string
	}
	if err := json.Unmarshal([]byte(ran.Out), &got); err != nil || ran.Code != 1 {
		t.Fatalf("got %v, exit code %d\n%s", err, ran.Code, ran.Out)
	}
	if got.Decision || got.Status != 403 || len(got.Reasons) != 1 || got.Reasons[0].Code != "not_your_department" || got.Reasons[0].Text == "" ||
		got.Route.Action != "patient.read" || got.Route.ID != "p-1" || len(got.Assumed) == 0 {
		t.Errorf("got %+v", got)
	}
}

// imaging is a rule book with rows of an application, and a configuration in which it has a
// host of its own.
func imaging(t *testing.T, members string) (book, file string) {
	t.Helper()
	book = commandtest.BookFolder(t)
	commandtest.Edit(t, book, "authz/tables/routes.rego", "routes := [\n", "routes := [\n"+
		`	_row("GET", "/studies", "imaging", "patient.list", "patient", "none"),`+"\n"+
		`	_row("GET", "/studies/{model}", "imaging", "model.read", "model", "none"),`+"\n")
	return book, commandtest.Write(t, "wardgate.yaml", fmt.Sprintf(
		"policies: %s\ndata: %s\npep:\n  home: https://gate.hospital.example\n  hosts: [gate.hospital.example]\napplications:\n  - name: imaging\n    upstreams: [https://pacs.hospital.example]\n%s",
		book, filepath.Join(t.TempDir(), "none"), members))
}

// A host leads to its application alone, and what cannot be kept there denies.
func TestTryAtAHost(t *testing.T) {
	_, file := imaging(t, "    hosts: [imaging.hospital.example]\n")
	try := func(args ...string) commandtest.Ran {
		return commandtest.Run(append([]string{"try", "--config", file, "--as", "doctor"}, args...)...)
	}
	at := "https://imaging.hospital.example"
	try(at+"/studies/m-1").Want(t, 0, "it goes to imaging", "by the cookie of "+at)
	try(at+"/studies/m-1", "--by", "cookie").Want(t, 0)
	try(at+"/studies").Want(t, 1, "403 Forbidden", "obligation_unmet: A condition of this answer cannot be kept here.", "cannot be kept on the way external")
	try(at+"/studees/m-1").Want(t, 1, "404", `GET /studies/{model} of imaging ("studies", not "studees")`)
	try("/studies/m-1").Want(t, 1, "404", "GET /studies/{model} of imaging (at the own host of imaging)")
	try(at+"/api/patients/p-1").Want(t, 1, "404", "GET /api/patients/{patient} of records (at the home, and not at a host of an application)")
	try("/api/patients/p-1").Want(t, 0, "gate.hospital.example/api/patients/p-1", "by the cookie of https://gate.hospital.example")
	try("https://imaging.hospital.example:8443/studies/m-1").Want(t, 1, "421 Misdirected Request", "host_unknown")
	try("https://elsewhere.example/api/patients").Want(t, 1, "421 Misdirected Request")
	try("https://elsewhere.example/api/%2e%2e/patients").Want(t, 1, "421 Misdirected Request") // before its path is read
	try("https://a..b/api/patients").Want(t, 1, "400 Bad Request", "host_ambiguous")
}

// Where browsers have no session a cookie is not read: who has one asks as a stranger.
func TestTryWhereNoCookieIsRead(t *testing.T) {
	_, file := imaging(t, "")
	commandtest.Edit(t, filepath.Dir(file), "wardgate.yaml", "[gate.hospital.example]", "[gate.hospital.example, other.hospital.example]")
	try := func(args ...string) commandtest.Ran {
		return commandtest.Run(append([]string{"try", "--config", file, "--by", "cookie"}, args...)...)
	}
	const at = "https://other.hospital.example"
	try(at+"/login", "--as", "doctor").Want(t, 0, "rule role/public", "no session: browsers have none at this host")
	try(at+"/api/patients", "--as", "doctor").Want(t, 1, "401 Unauthorized", "session_missing")
	try("/login", "--as", "doctor").Want(t, 0, "a session by cookie that has not ended")
	try(at+"/studies/m-1", "--as", "doctor").Want(t, 1, "session_missing")
	try("/studies/m-1").Want(t, 1, "session_missing", "there is no session")
}

// The demo answers at loopback hosts alone, as its data folder says.
func TestTryInADemo(t *testing.T) {
	dir := t.TempDir()
	commandtest.Put(t, dir, "wardgate.json", `{"format":1,"demo":true}`)
	try := func(url string) commandtest.Ran { return commandtest.Run("try", url, "--data", dir) }
	try("http://elsewhere.example/login").Want(t, 1, "421 Misdirected Request", "host_unknown")
	try("http://127.0.0.1:8080/login").Want(t, 0, "page.show", "the demo answers at loopback hosts alone")
	commandtest.Put(t, dir, "wardgate.json", `{"format":1,"demo":false}`)
	try("http://elsewhere.example/login").Want(t, 0, "hosts were not looked at")
}

// What stands in for information points is one for each of them.
func TestTryAsksEveryInformationPoint(t *testing.T) {
	if got, want := try.Sources(), points.Names(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A block with which no server would start is said, and nothing is answered for it.
func TestTryOfAFaultyApplication(t *testing.T) {
	_, file := imaging(t, "    cookies: seald\n    weight: 5000\n")
	commandtest.Run("try", "/studies/m-1", "--config", file, "--as", "doctor").Want(t, 2,
		`applications: imaging: cookies: expected none, sealed`, "applications: imaging: weight: expected a number of requests", "wardgate config check")
}

// Without a host of its own an application takes tokens alone.
func TestTryByPath(t *testing.T) {
	_, file := imaging(t, "")
	commandtest.Run("try", "/studies/m-1", "--config", file, "--as", "doctor").Want(t, 0, "it goes to imaging", "by token alone")
	commandtest.Run("try", "/studies/m-1", "--config", file, "--as", "doctor", "--by", "cookie").Want(t, 1, "401 Unauthorized", "cookie_misplaced")
	commandtest.Run("try", "/studies/m-1", "--config", file, "--by", "cookie").Want(t, 1, "401 Unauthorized", "session_missing") // there is none that could come

	other := strings.Replace(file, "wardgate.yaml", "other.yaml", 1)
	commandtest.Put(t, filepath.Dir(file), "other.yaml", "pep:\n  home: https://gate.hospital.example\n")
	book, _ := imaging(t, "")
	commandtest.Run("try", "/studies/m-1", "--config", other, "--policies", book, "--as", "doctor").Want(t, 1, "503 Service Unavailable", "application_unavailable")
}
