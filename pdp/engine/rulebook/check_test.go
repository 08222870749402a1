package rulebook_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

func TestBuiltinBookHasNoFault(t *testing.T) {
	for _, f := range rulebook.Check(context.Background(), policies.FS, points.Sections()) {
		t.Errorf("%s (%s)", f, f.Hint)
	}
}

func TestCheckFindsFaults(t *testing.T) {
	const extra = "authz/rules/extra/extra.rego"
	const head = "# METADATA\n# title: Extra\n# custom:\n#   sp800_207: \"2.1\"\n#   hipaa: \"164.312\"\npackage authz.rules.extra\n\n"
	const rule = "# METADATA\n# title: Extra\n"
	tests := []struct {
		name   string
		change func(t *testing.T, files fstest.MapFS)
		want   string // file:line: part of the problem
		code   string
	}{
		{"syntax", replace("authz/rules/route/route.rego", "deny contains", "deny contains contains"),
			"authz/rules/route/route.rego:", "rego_parse_error"},
		{"misspelt input", replace("authz/rules/clock/clock.rego", "input.context.time.state", "input.context.tyme.state"),
			"authz/rules/clock/clock.rego:", "rego_type_error"},
		{"impure", add(extra, head+rule+"deny contains \"x\" if time.now_ns() > 0\n"), extra + ":10: undefined function", "rego_type_error"},
		{"unused import", add(extra, head+"import data.authz.ask\n\n"+rule+"deny contains \"x\" if input.action.name == \"x\"\n"), extra + ":8: ", "rego_compile_error"},
		{"no metadata", add(extra, "package authz.rules.extra\n\n"+rule+"deny contains \"x\" if input.action.name == \"x\"\n"), extra + ":1: the package has no METADATA", "metadata"},
		{"no paragraph", add(extra, strings.Replace(head, "#   hipaa: \"164.312\"\n", "", 1)+rule+"deny contains \"x\" if input.action.name == \"x\"\n"), extra + ":1: none of custom.hipaa", "metadata"},
		{"no title of a rule", add(extra, head+"deny contains \"x\" if input.action.name == \"x\"\n"), extra + ":8: this deny has no title", "metadata"},
		{"no test", add(extra, head+rule+"deny contains \"x\" if input.action.name == \"x\"\n"), extra + ":6: no test stands", "untested"},
		{"package elsewhere", add(extra, strings.Replace(head, "rules.extra", "rules.other", 1)+rule+"deny contains \"x\" if input.action.name == \"x\"\n"), extra + ":6: package authz.rules.other", "package_path"},
		{"two complete rules", add(extra, head+"_limit := 1 if input.action.name == \"patient.read\"\n\n_limit := 2 if input.subject.properties.role == \"doctor\"\n\n"+rule+"deny contains \"x\" if _limit > 3\n"), extra + ":10: rule data.authz.rules.extra._limit produced conflicting", "conflict"},
		{"failing builtin", add(extra, head+rule+"deny contains \"x\" if to_number(input.subject.id) > 3\n"), extra + ":10: ", "conflict"},
		{"missing folder", func(_ *testing.T, files fstest.MapFS) {
			delete(files, "authz/rules/revocation/revocation.rego")
			delete(files, "authz/rules/revocation/revocation_test.rego")
		}, "authz/authz.rego:1: floor check", "floor"},
		{"duplicate route", replace("authz/tables/routes.rego", `_row("GET", "/api/patients/{patient}", `, "_row(\"GET\", \"/api/patients/{id}\", \"records\", \"patient.read\", \"patient\", \"none\"),\n\t_row(\"GET\", \"/api/patients/{patient}\", "), "authz/tables/routes.rego:", "conflict"},
		{"route without an action", replace("authz/tables/routes.rego", `"records", "patient.read"`, `"records", "patient.reed"`), `names the action "patient.reed"`, "tables"},
		{"action without a route", replace("authz/tables/rights.rego", "actions := {", "actions := {\n\t\"patient.sing\": {\"right\": \"Add patient\", \"changes\": true},"), `no route asks for action "patient.sing"`, "unused_action"},
		{"right without an action", replace("authz/tables/rights.rego", "rights := {", "rights := {\n\t\"Sing\": {\"doctor\": \"own\"},"), `no action needs the right "Sing"`, "unused_right"},
		{"unused table", add("authz/tables/more.rego", "package authz.tables\n\nmore := {\"a\": 1}\n"), "authz/tables/more.rego:3: nothing reads the table more", "unused_table"},
		{"threshold", replace("authz/tables/thresholds.rego", `"elevation_seconds": 300`, `"elevation_seconds": -1`), "authz/tables/thresholds.rego:", "tables"},
		{"claim that no rule can read", replace("authz/tables/callers.rego", `"purpose": {"at"`, `"ward": {"at": "context.ward", "words": {"icu"}},
	"purpose": {"at"`), "authz/tables/callers.rego:14: claims.ward: the input's schema has no context.claims.ward", "tables"},
		{"claim in other words than the schema's", replace("authz/tables/callers.rego", `"words": {"fresh"}`, `"words": {"fresh", "stale"}`), "claims.elevation: the input's schema has other words", "tables"},
		{"misspelt column in a rule", add("records/columns/more.rego", "package records.columns\n\nmask contains \"diagnosis\" if input.subject.properties.role == \"nurse\"\n"), `records/columns/more.rego:3: "diagnosis" is no column of records; was "diagnoses" meant?`, "columns_error"},
		{"mask of no action", replace("authz/tables/masks.rego", "masks := {}", `masks := {"lab.read": {"nurse": {"pointers": ["/a"]}}}`), "masks.lab.read: stands in no row of actions", "tables"},
		{"mask of an element", replace("authz/tables/masks.rego", "masks := {}", `masks := {"bill.list": {"nurse": {"pointers": ["/items/*"]}}}`), "masks.bill.list: for nurse: expected pointers", "tables"},
		{"mask of nothing", replace("authz/tables/masks.rego", "masks := {}", `masks := {"bill.list": {"nurse": {"pass": ["image/png"]}}}`), "authz/tables/masks.rego:", "tables"},
		{"role as remedy", replace("authz/tables/remedies.rego", `{"/context/care/treats": true}`, `{"/subject/properties/role": "doctor"}`), "/subject/properties/role may not be changed", "remedies"},
		{"code without a row", replace("authz/tables/reasons.rego", "\t\"off_hours\":", "\t\"of_hours\":"), `authz/rules/working_hours/working_hours.rego:17: the code "off_hours" has no row in reasons; was "of_hours" meant?`, "reasons"},
		{"row without a code", replace("authz/tables/reasons.rego", "\t\"off_hours\":", "\t\"of_hours\":"), `authz/tables/reasons.rego:85: no rule denies with the code "of_hours"; was "off_hours" meant?`, "unused_reason"},
		{"code that is not text", add(extra, head+rule+"deny contains input.action.name if input.action.name == \"x\"\n"), extra + ":10: the code that this rule denies with is not written as text", "reasons"},
		{"status of success", replace("authz/tables/reasons.rego", `"role_forbidden": {"class": "right", "status": 403`, `"role_forbidden": {"class": "right", "status": 200`), "reasons.role_forbidden: status: expected one of 404, 401, 429, 503, 403", "tables"},
		{"unknown class", replace("authz/tables/reasons.rego", `"class": "right"`, `"class": "rihgt"`), "reasons.account_inactive: class: \"rihgt\" is none; was \"right\" meant?", "tables"},
		{"no sentence", replace("authz/tables/reasons.rego", `"ar": "هذا الحساب غير نشط."`, `"ar": " "`), `reasons.account_inactive: text: there is no sentence in "ar"`, "tables"},
		{"sentence that tells a patient exists", replace("authz/tables/reasons.rego", `"status": 403, "ask": _lead, "text": _not_yours},
	"not_your_record"`, `"status": 403, "ask": _lead, "text": _no_right},
	"not_your_record"`), "reasons.not_your_patient: text: codes of class relationship", "tables"},
		{"people who tell a patient exists", replace("authz/tables/reasons.rego", `"not_your_patient": {"class": "relationship", "status": 403, "ask": _lead`, `"not_your_patient": {"class": "relationship", "status": 403, "ask": _officer`), "codes of class relationship tell whether a record exists, and so name the same people", "tables"},
		{"nobody named in a language", replace("authz/tables/reasons.rego", `"ar": "إن كان عملك يحتاج إلى ذلك فاسأل مسؤول الأمن في المستشفى."`, `"ar": " "`), `reasons.account_inactive: ask: there is no sentence in "ar"`, "tables"},
		{"shown as a code that is none", replace("authz/tables/reasons.rego", `"not_your_record": {`, `"not_your_record": {"shown": "nothing", `), `reasons.not_your_record: shown: "nothing" is no code`, "tables"},
		{"right of an unknown role", replace("authz/tables/rights.rego", `"Add patient": {"doctor": "own"}`, `"Add patient": {"docter": "own"}`), `rights.Add patient: "docter" has no row in roles; was "doctor" meant?`, "tables"},
		{"hours of an unknown role", replace("authz/tables/hours.rego", `"Console": {"security"`, `"Console": {"secretary"`), `hours.Console: "secretary" has no row in roles`, "tables"},
		{"fragile for an unknown role", replace("authz/tables/predictions.rego", `"nurse"`, `"nures"`), `fragile_withheld.nures: "nures" has no row in roles; was "nurse" meant?`, "tables"},
		{"stale readings of an unknown role", replace("authz/tables/stale.rego", `"doctor": 5`, `"doktor": 5`), `stale_revocation_reads.doktor: "doktor" has no row in roles; was "doctor" meant?`, "tables"},
		{"goes on without signals by a wrong name", replace("authz/tables/freshness.rego", `"Add patient": "`, `"Add patients": "`), `goes_on_without_signals names "Add patients", which is no row of rights; was "Add patient" meant?`, "tables"},
		{"goes on without signals for no reason", replace("authz/tables/freshness.rego", `"Own account": "proving a fresh factor and ending the own session weaken nothing"`, `"Own account": " "`), `goes_on_without_signals: "Own account" has no reason`, "tables"},
		{"an emergency by a wrong name", replace("authz/tables/freshness.rego", `{"Edit clinical services"}`, `{"Edit clinical service"}`), `emergency_without_signals names "Edit clinical service"`, "tables"},
		{"reading that ends the session", replace("authz/tables/rights.rego", `"right": "Billing and Finance", "changes": false`, `"right": "Billing and Finance", "changes": false, "ends_session": true`), `action "bill.list" ends the session of who may not do it, and changes nothing`, "tables"},
		{"quota of another application", replace("authz/tables/quotas.rego", `"inference": thresholds`, `"inferenc": thresholds`), `quotas.inferenc: expected one of Wardgate's own services`, "tables"},
		{"quota of nothing", replace("authz/tables/quotas.rego", `"keys": thresholds.requests_many`, `"keys": 0`), `quotas.keys: expected a whole number of requests a minute`, "tables"},
		{"weight beyond the most", replace("authz/tables/routes.rego", `	"body": body,
}`, `	"body": body,
	"weight": 1001,
}`), `weight: expected a whole number from 1 to 1000`, "tables"},
		{"patients who reach the hospital", replace("authz/tables/rights.rego", `"Billing and Finance": {"patient": "self"}`, `"Billing and Finance": {"patient": "all"}`), `rights.Billing and Finance: a role like "patient" cannot reach "all"`, "tables"},
		{"officers with patients of their own", replace("authz/tables/rights.rego", `"Restore patient": {"security": "all"}`, `"Restore patient": {"security": "own"}`), `a role like "security" cannot reach "own"`, "tables"},
		{"unknown kind", replace("authz/tables/roles.rego", `"kind": "officer"`, `"kind": "offizer"`), "roles.security: kind: \"offizer\" is none; was \"officer\" meant?", "tables"},
		{"officers who sign up", replace("authz/tables/roles.rego", `"kind": "officer", "sign_up": false`, `"kind": "officer", "sign_up": true`), "roles.security: sign_up: people sign up as staff and as patients alone", "tables"},
		{"book without roles", drop("authz/tables/roles"), "roles is missing or empty: add authz/tables/roles.rego", "tables"},
		{"book without reasons", drop("authz/tables/reasons"), "reasons is missing or empty: add authz/tables/reasons.rego", "tables"},
		{"loose data", add("authz/data.json", "{}"), "data files are not read", "unreadable"},
	}
	// Faults of tables are looked for some at a time, but for those that change the same
	// words, or without which a table cannot be held against others.
	alone := []string{"threshold", "mask of an element", "mask of nothing", "officers who sign up", "book without roles", "book without reasons"}
	for len(tests) > 0 {
		together := 1
		for together < min(10, len(tests)) && tests[together-1].code == "tables" && tests[together].code == "tables" &&
			!slices.Contains(alone, tests[together-1].name) && !slices.Contains(alone, tests[together].name) {
			together++
		}
		files := enginetest.Book(t, policies.FS)
		for _, tt := range tests[:together] {
			tt.change(t, files)
		}
		found := rulebook.Check(context.Background(), files, points.Sections())
		for _, tt := range tests[:together] {
			if !slices.ContainsFunc(found, func(f rulebook.Finding) bool {
				return strings.Contains(f.String(), tt.want) && f.Code == tt.code
			}) {
				t.Errorf("%s: got %v, want %q with code %s", tt.name, found, tt.want, tt.code)
			}
		}
		tests = tests[together:]
	}
}

func TestCheckReportsAllFaultsAtOnce(t *testing.T) {
	files := enginetest.Book(t, policies.FS)
	replace("authz/rules/route/route.rego", "deny contains", "deny contains contains")(t, files)
	replace("authz/rules/clock/clock.rego", "deny contains", "deny contains contains")(t, files)
	add("authz/rules/extra/extra.rego", "package authz.rules.extra\n")(t, files)
	places := map[string]bool{}
	for _, f := range rulebook.Check(context.Background(), files, points.Sections()) {
		places[f.File] = true
	}
	if !places["authz/rules/route/route.rego"] || !places["authz/rules/clock/clock.rego"] || !places["authz/rules/extra/extra.rego"] {
		t.Errorf("got faults in %v, want three files", places)
	}
}

func replace(file, old, changed string) func(*testing.T, fstest.MapFS) {
	return func(t *testing.T, files fstest.MapFS) { enginetest.Edit(t, files, file, old, changed) }
}

func add(file, text string) func(*testing.T, fstest.MapFS) {
	return func(_ *testing.T, files fstest.MapFS) { files[file] = &fstest.MapFile{Data: []byte(text)} }
}

// drop removes a table and its tests, and leaves who reads it alone.
func drop(name string) func(*testing.T, fstest.MapFS) {
	return func(_ *testing.T, files fstest.MapFS) {
		delete(files, name+"_test.rego")
		files[name+".rego"] = &fstest.MapFile{Data: []byte("package authz.tables\n\n" + name[strings.LastIndex(name, "/")+1:] + " := {}\n")}
	}
}
