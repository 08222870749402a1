package rulebook_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// A slip is one change of a book and the fault that it must be found as. FILE
// stands for the rule file that the slip is in.
type slip struct {
	name   string
	change func(t *testing.T, files fstest.MapFS, folder string)
	want   string
}

// rule is a folder whose rules begin on line 12, and whose rule's body on line 14.
func rule(text string) func(*testing.T, fstest.MapFS, string) {
	return func(_ *testing.T, files fstest.MapFS, folder string) {
		files[fileIn(folder)] = &fstest.MapFile{Data: []byte("# METADATA\n# title: Extra\n# custom:\n#   sp800_207: \"2.1\"\n#   hipaa: \"164.312\"\npackage authz.rules." + folder +
			"\n\nimport data.authz.ask\nimport data.authz.tables\n\n# METADATA\n# title: Extra\n" + text + "\n\n_unused if tables.rights[ask.right]\n")}
	}
}

func denying(body string) func(*testing.T, fstest.MapFS, string) {
	return rule("deny contains \"off_hours\" if {\n\t" + body + "\n}")
}

func obliging(id, properties string) func(*testing.T, fstest.MapFS, string) {
	return rule("oblige contains {\n\t\"id\": " + id + ",\n\t\"type\": \"x\",\n\t\"properties\": " + properties + ",\n} if ask.right == \"Console\"")
}

func edit(file, old, changed string) func(*testing.T, fstest.MapFS, string) {
	return func(t *testing.T, files fstest.MapFS, _ string) { enginetest.Edit(t, files, file, old, changed) }
}

func fileIn(folder string) string { return "authz/rules/" + folder + "/" + folder + ".rego" }

// Every literal of a rule is held against the words that can be there.
func TestLiteralsOfRulesAreHeldAgainstTheWordsThatCanBeThere(t *testing.T) {
	findsAll(t, []slip{
		{"a place", denying(`input.context.location.place == "onsite"`), `FILE:14: input.context.location.place is never "onsite": the schema of the input has no such word; was "on_site" meant?`},
		{"turned around", denying(`"onsite" == input.context.location.place`), `FILE:14: input.context.location.place is never "onsite"`},
		{"not it", denying(`input.context.location.place != "onsite"`), `FILE:14: input.context.location.place is never "onsite"`},
		{"negated", denying(`not input.context.location.place == "onsite"`), `FILE:14: input.context.location.place is never "onsite"`},
		{"one of several", denying(`input.context.location.place in {"on_site", "offsite"}`), `FILE:14: input.context.location.place is never "offsite"`},
		{"under another name", denying(`place := input.context.location.place; place == "onsite"`), `FILE:14: input.context.location.place is never "onsite"`},
		{"running through a list", denying(`some place in ["on_site", "onsite"]; input.context.location.place == place`), `FILE:14: input.context.location.place is never "onsite"`},
		{"in a comprehension", denying(`count([1 | input.context.time.period == "nigth"]) > 0`), `FILE:14: input.context.time.period is never "nigth": the schema of the input has no such word; was "night" meant?`},
		{"a claim", denying(`input.context.claims.purpose == "treatmant"`), `FILE:14: input.context.claims.purpose is never "treatmant"`},
		{"an action", denying(`input.action.name == "patient.raed"`), `FILE:14: input.action.name is never "patient.raed": actions has no such word; was "patient.read" meant?`},
		{"a role", denying(`input.subject.properties.role == "docter"`), `FILE:14: input.subject.properties.role is never "docter": roles has no such word; was "doctor" meant?`},
		{"a right", denying(`ask.right == "Add pateint"`), `FILE:14: data.authz.ask.right is never "Add pateint": rights has no such word; was "Add patient" meant?`},
		{"a reach", denying(`ask.reach == "departmnt"`), `FILE:14: data.authz.ask.reach is never "departmnt": rights has no such word; was "department" meant?`},
		{"a type of resource", denying(`input.resource.type == "patients"`), `FILE:14: input.resource.type is never "patients": routes has no such word; was "patient" meant?`},
		{"a list of its own", rule("deny contains \"off_hours\" if input.action.name in _all\n\n_all := {\"patient.raed\"}"), `FILE:15: input.action.name is never "patient.raed"`},
		{"two things at once", denying("input.context.time.period == \"day\"\n\tinput.context.time.period == \"night\""), `FILE:15: input.context.time.period cannot be "day" and "night" at once`},
		{"no word left", denying("input.action.name in {\"patient.read\", \"patient.list\"}\n\tinput.action.name == \"patient.add\""), `FILE:15: input.action.name cannot be "patient.list" or "patient.read" and "patient.add" at once`},
		{"denny", rule("denny contains \"off_hours\" if ask.right == \"Console\""), `FILE:13: "denny" is none of grant, deny, oblige, so that nothing hears what it says; was "deny" meant?`},
		{"a private deny", rule("_deny contains \"off_hours\" if ask.right == \"Console\""), `FILE:13: _deny is private, and says nothing: was "deny" meant?`},
		{"a deny that is no set", rule("deny := \"off_hours\" if ask.right == \"Console\""), `FILE:13: deny is a set: this rule gives it another value`},
		{"an unknown obligation", obliging(`"withold"`, `{"fields": ["contact"]}`), `FILE:14: no enforcement point knows the obligation "withold"; was "withhold" meant?`},
		{"an unknown property", obliging(`"withhold"`, `{"feilds": ["contact"]}`), `FILE:16: the obligation withhold has no property "feilds"; was "fields" meant?`},
		{"an obligation's column", obliging(`"withhold"`, `{"fields": ["contct"]}`), `FILE:16: "contct" is no column of records; was "contact" meant?`},
		{"an obligation that hides allergies", obliging(`"withhold"`, `{"fields": ["allergies"]}`), `FILE:16: the obligation withhold would withhold allergies: "allergies"`},
		{"a mask that hides allergies", obliging(`"mask_response"`, `{"pointers": ["/items/*/Allergies/0"]}`), `FILE:16: the obligation mask_response would withhold allergies: "/items/*/Allergies/0"`},
		{"a mask of everything", obliging(`"mask_response"`, `{"pointers": [""]}`), `FILE:16: the obligation mask_response would withhold allergies: ""`},
		{"behaviour", edit("sentinel/rules/flood/flood.rego", `input.signals.requests == "many"`, `input.signals.requests == "mny"`), `sentinel/rules/flood/flood.rego:14: input.signals.requests is never "mny"`},
		{"a misspelt verdict", edit("sentinel/rules/spraying/spraying.rego", "verdict contains", "verdicts contains"), `"verdicts" is none of verdict`},
		{"a column rule", edit("records/columns/columns.rego", `place == "on_site"`, `place == "onsite"`), `records/columns/columns.rego:22: input.context.location.place is never "onsite"`},
		{"a verdict without a row", edit("sentinel/rules/reported/reported.rego", `sentence.named.reported if`, `sentence.named.reportd if`), `sentinel/rules/reported/reported.rego:12: the verdict "reportd" has no row in verdicts; was "reported" meant?`},
		{"a column rule that hides allergies", func(_ *testing.T, files fstest.MapFS, _ string) {
			files["records/columns/more.rego"] = &fstest.MapFile{Data: []byte("package records.columns\n\nmask contains \"allergies\" if input.subject.properties.role == \"nurse\"\n")}
		}, `records/columns/more.rego:3: this rule would withhold allergies`},
		{"tests without a test", func(_ *testing.T, files fstest.MapFS, _ string) {
			files["authz/rules/clock/clock_test.rego"] = &fstest.MapFile{Data: []byte("package authz.rules.clock_test\n\nimport data.authz.rules.clock\n\ntets_it if clock.deny == set() with input as {}\n")}
		}, `authz/rules/clock/clock_test.rego:5: no rule here is a test; is tets_it one?`},
	})
}

// Words of tables that only rules read.
func TestWordsOfTablesAreHeldAgainstTheRules(t *testing.T) {
	findsAll(t, []slip{
		{"a row of hours", edit("authz/tables/hours.rego", `"Console": {"security": "step_up"}`, `"Consol": {"security": "stepup"}`), `authz/tables/hours.rego:16: data.authz.ask.right is never "Consol"`},
		{"a need", edit("authz/tables/hours.rego", `"Restore patient": {"security": "on_site"}`, `"Restore patient": {"security": "onsite"}`), `hours.Restore patient: no rule knows "onsite", which stands for "security"; was "on_site" meant?`},
		{"a right that needs a factor", edit("authz/tables/thresholds.rego", `"Delete patient",`, `"Delete patients",`), `"Delete patients"`},
		{"a purpose", edit("authz/tables/callers.rego", `"Billing and Finance": {"payment"}`, `"Billing and Finance": {"paymant"}`), `is never "paymant"`},
		{"a reach", edit("authz/tables/rights.rego", `"Add patient": {"doctor": "own"}`, `"Add patient": {"doctor": "onw"}`), `rights.Add patient: no rule knows how far "onw" reaches`},
		{"a remedy", edit("authz/tables/remedies.rego", `"/context/location/place": "on_site"`, `"/context/location/place": "onsite"`), `remedies: /context/location/place is never "onsite"; was "on_site" meant?`},
		{"a path of a remedy", edit("authz/tables/remedies.rego", `"/subject/properties/role": ["doctor"`, `"/subject/propperties/role": ["doctor"`), `remedies: when: the input has no "/subject/propperties/role"; was "/subject/properties/role" meant?`},
		{"a method", edit("authz/tables/routes.rego", `_row("GET", "/api/patients",`, `_row("GTE", "/api/patients",`), `authz/tables/routes.rego:12: GTE /api/patients: "GTE" is no method; was "GET" meant?`},
		{"a method of several", edit("authz/tables/routes.rego", `_row("GET", "/api/sessions",`, `_row(["GET", "PSOT"], "/api/sessions",`), `PSOT /api/sessions: "PSOT" is no method; was "POST" meant?`},
		{"a body", edit("authz/tables/routes.rego", `"bill.list", "patient", "none"`, `"bill.list", "patient", "non"`), `/bills: "non" is no class of body; was "none" meant?`},
		{"a stream", edit("authz/tables/routes.rego", `"patient.restore", "patient", "none"`, `"patient.restore", "patient", "steam"`), `"steam" is no class of body; was "stream" meant?`},
		{"an application", edit("authz/tables/routes.rego", `"/api/patients", "records", "patient.list"`, `"/api/patients", "recrods", "patient.list"`), `the application "recrods"; was "records" meant?`},
	})
}

// Tables that no server would take.
func TestTablesThatMakeNoSenseAreFoundWithTheirLines(t *testing.T) {
	findsAll(t, []slip{
		{"a limit of no body", edit("authz/tables/routes.rego", `_row("GET", "/api/patients", "records", "patient.list", "patient", "none"),`, `object.union(_row("GET", "/api/patients", "records", "patient.list", "patient", "none"), {"limit": 4}),`), `routes: GET /api/patients: limit: a row whose body is "none" has none`},
		{"a limit beyond the most", edit("authz/tables/routes.rego", "routes := [", "routes := [\n\tobject.union(_row(\"POST\", \"/imaging\", \"imaging\", \"patient.add\", \"patient\", \"any\"), {\"limit\": 16777217}),"), `POST /imaging: limit: expected bytes from 1 to 16777216, the most of a body of the class "any" here, or none, which is 1048576`},
		{"a limit beyond what records take", edit("authz/tables/routes.rego", `_row("POST", "/api/patients", "records", "patient.add", "patient", "json"),`, `object.union(_row("POST", "/api/patients", "records", "patient.add", "patient", "json"), {"limit": 1048577}),`), `POST /api/patients: limit: expected bytes from 1 to 1048576`},
		{"a stream to records", edit("authz/tables/routes.rego", `"PUT", "/api/services/{service}", "records", "service.edit", "service", "json"`, `"PUT", "/api/services/{service}", "records", "service.edit", "service", "stream"`), `PUT /api/services/{service}: body: Wardgate's own services take no "stream", but none, json, form`},
		{"a body that records do not judge", edit("authz/tables/routes.rego", `"service.complete", "service", "json"`, `"service.complete", "service", "any"`), `POST /api/services/{service}/done: body: Wardgate's own services take no "any", but none, json, form`},
		{"a method twice", edit("authz/tables/routes.rego", `_row("GET", "/api/me", "admin"`, `_row(["GET", "GET"], "/api/me", "admin"`), `/api/me: method: GET stands in the list twice`},
		{"no method", edit("authz/tables/routes.rego", `_row("GET", "/api/me/notices"`, `_row([], "/api/me/notices"`), `/api/me/notices: method: expected a method, or a list of methods`},
		{"allergies off-site", edit("authz/tables/withheld.rego", `withheld_off_site := {"contact"`, `withheld_off_site := {"allergies", "contact"`), `authz/tables/withheld.rego:6: withheld_off_site.allergies: allergies are never withheld`},
		{"allergies from nurses", edit("authz/tables/withheld.rego", `{"nurse": {"national_id"}}`, `{"nurse": {"allergies"}}`), `authz/tables/withheld.rego:10: withheld_from.nurse: allergies are never withheld`},
		{"masks that hide allergies", edit("authz/tables/masks.rego", "masks := {}", `masks := {"bill.list": {
	"nures": {"pointers": ["/a"]},
	"anyone": {"pointers": ["/items/*/AllergyIntolerance", "/patient/~1allergies", "", "/*"]},
	"patient": {"pointers": ["/own/allergies"]},
}}`), `masks.bill.list: for anyone: "/patient/~1allergies": allergies are never withheld`},
		{"the name of another application", nothing, `for anyone: "/items/*/AllergyIntolerance": allergies are never withheld`},
		{"the whole answer", nothing, `for anyone: "": allergies are never withheld`},
		{"every member", nothing, `for anyone: "/*": allergies are never withheld`},
		{"a mask for a role that is none", nothing, `authz/tables/masks.rego:14: masks.bill.list: "nures" has no row in roles; was "nurse" meant?`},
		{"an unknown member of a role", edit("authz/tables/roles.rego", `"security": {"kind": "officer", "sign_up": false, "record": "none"}`, `"security": {"kind": "officer", "sign_u": false, "record": "none"}`), `authz/tables/roles.rego:20: roles.security: there is no member "sign_u"; was "sign_up" meant?`},
		{"an action that says nothing of changes", edit("authz/tables/rights.rego", `"console.read": {"right": "Console", "changes": false}`, `"console.read": {"right": "Console", "change": false}`), `actions.console.read: expected right as a text, and changes as true or false`},
		{"an action of a verdict", edit("sentinel/tables/verdicts.rego", `"do": "bar", "seconds": 900`, `"do": "bra", "seconds": 900`), `sentinel.tables: verdicts.stranger_flood: do: "bra" is no action; was "bar" meant?`},
		{"an unknown member of a verdict", edit("sentinel/tables/verdicts.rego", `"reported_address": {"do": "bar", "seconds": 3600, "tell"`, `"reported_address": {"do": "bar", "seconds": 3600, "telll"`), `verdicts.reported_address: there is no member "telll"; was "tell" meant?`},
		{"an address for a network", edit("authz/tables/thresholds.rego", `"::1/128"`, `"fd00::1/12"`), `networks.hospital: "fd00::1/12" is an address in a network: write "fd00::/12"`},
		{"everybody on-site", edit("authz/tables/thresholds.rego", `"127.0.0.1/32"`, `"0.0.0.0/0"`), `networks.hospital: "0.0.0.0/0" holds every address`},
	})
}

func TestValuesOfAnotherKindAreFoundWithTheirLines(t *testing.T) {
	findsAll(t, []slip{
		{"a number that is a list", edit("authz/tables/thresholds.rego", `"elevation_seconds": 300`, `"elevation_seconds": [300]`), `authz/tables/thresholds.rego:7: thresholds.elevation_seconds: expected a whole number, got a list or a set`},
		{"a row that is a text", edit("authz/tables/rights.rego", `"Add patient": {"doctor": "own"}`, `"Add patient": "doctor"`), `rights.Add patient: expected an object, got the text "doctor"`},
		{"remedies that are a text", edit("authz/tables/remedies.rego", `{"/context/location/place": "on_site"}`, `["on_site"]`), `remedies[5].set: expected an object, got a list or a set`},
	})
}

func TestFilesInAnotherEncodingAreNamed(t *testing.T) {
	findsAll(t, []slip{
		{"a byte order mark", func(_ *testing.T, files fstest.MapFS, _ string) {
			const name = "authz/rules/clock/clock.rego"
			files[name] = &fstest.MapFile{Data: append([]byte("\ufeff"), files[name].Data...)}
		}, `authz/rules/clock/clock.rego:1: the file begins with a byte order mark`},
		{"Latin 1", func(_ *testing.T, files fstest.MapFS, _ string) {
			files["authz/rules/care/care.rego"] = &fstest.MapFile{Data: []byte("package authz.rules.care\n# caf\xe9\n")}
		}, `authz/rules/care/care.rego:2: the file is not UTF-8`},
	})
}

func nothing(*testing.T, fstest.MapFS, string) {}

// findsAll makes all slips in one book, and wants each to be found.
func findsAll(t *testing.T, slips []slip) {
	t.Helper()
	files := enginetest.Book(t, policies.FS)
	for i, s := range slips {
		s.change(t, files, "extra"+strconv.Itoa(i))
	}
	var found []string
	for _, f := range rulebook.Check(context.Background(), files, points.Sections()) {
		if text := f.String(); strings.Contains(text, "json:") || strings.Contains(text, "Go struct") {
			t.Errorf("a fault speaks of Go: %s", text)
		}
		found = append(found, f.String())
	}
	for i, s := range slips {
		want := strings.Replace(s.want, "FILE", fileIn("extra"+strconv.Itoa(i)), 1)
		if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, want) }) {
			t.Errorf("%s: %q was not found", s.name, want)
		}
	}
	if t.Failed() {
		t.Logf("found:\n%s", strings.Join(found, "\n"))
	}
}
