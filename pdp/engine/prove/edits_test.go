package prove

import (
	"context"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/wardgate/wardgate/internal/longrun"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
)

// An anEdit is a change of a table or a rule by hand, and what refutes it: an invariant
// by kind and name, or else what is said of the tables when the book is loaded.
type anEdit struct{ name, file, old, changed, by string }

// openings are of the kind that opened the hospital, or hid what a treatment needs, while
// every test by example stayed green.
var openings = []anEdit{
	{"users are listed to strangers", "authz/tables/rights.rego", `"user.list": {"right": "Manage users"`, `"user.list": {"right": "Sign up"`, `never strangers`},
	{"bills of every patient", "authz/tables/rights.rego", `"Billing and Finance": {"patient": "self"}`, `"Billing and Finance": {"patient": "all"}`, `a role like "patient" cannot reach "all"`},
	{"bills of any account", "authz/tables/rights.rego", `"Billing and Finance": {"patient": "self"}`, `"Billing and Finance": {"patient": "account"}`, `never patients_of_others`},
	{"bills for nurses of all", "authz/tables/rights.rego", `"Billing and Finance": {"patient": "self"}`, `"Billing and Finance": {"patient": "self", "nurse": "all"}`, `never other_departments`},
	{"nurses read every patient", "authz/tables/rights.rego", `"Patient Health overview": {"doctor": "own", "nurse": "department"`, `"Patient Health overview": {"doctor": "own", "nurse": "all"`, `never other_departments`},
	{"half of the Internet is the hospital", "authz/tables/thresholds.rego", `"127.0.0.1/32"`, `"128.0.0.0/1"`, "never wide_networks"},
	{"a long elevation", "authz/tables/thresholds.rego", `"elevation_seconds": 300`, `"elevation_seconds": 30000`, "never long_elevation"},
	{"no step-up to edit", "authz/tables/thresholds.rego", "\t\"Edit clinical services\",\n", ``, "never changes_without_a_step_up"},
	{"a doctor edits for anybody", "authz/tables/rights.rego", `"Edit clinical services": {"doctor": "own"}`, `"Edit clinical services": {"doctor": "any"}`, "never changes_without_treating"},
	{"nights are closed to nurses", "authz/tables/rights.rego", `"Complete clinical services": {"nurse": "department"}`, `"Complete clinical services": {"doctor": "own"}`, "must nurses_record_doses"},
	{"stale is as good as fresh", "authz/rules/revocation/revocation.rego", `_known if input.context.revocation.state == "fresh"`, `_known if input.context.revocation.state in {"fresh", "stale"}`, "never old_revocations"},
	{"national ids are shown to nurses", "authz/tables/withheld.rego", `"nurse": {"national_id"}`, `"nurse": {"contact"}`, "never national_ids"},
	{"contacts are shown off-site", "authz/tables/withheld.rego", `withheld_off_site := {"contact", "national_id"}`, `withheld_off_site := {"national_id"}`, "never contacts_off_site"},
	{"allergies are hidden from nurses", "authz/tables/withheld.rego", `{"nurse": {"national_id"}}`, `{"nurse": {"national_id", "allergies"}}`, "allergies are never withheld"},
	{"allergies are masked", "authz/tables/masks.rego", `masks := {}`, `masks := {"patient.read": {"nurse": {"pointers": ["/allergies"]}}}`, "allergies are never withheld"},
	{"nurses reach rows by their staff number", "records/rows/rows.rego", `ask.reach == "own"`, `ask.reach in {"own", "department"}`, "never rows_of_other_departments"},
	{"no step-up from elsewhere", "authz/tables/thresholds.rego", "\t\"Add clinical services\",\n", ``, "never changes_from_elsewhere"},
	{"off-site shows more", "records/columns/columns.rego", `not input.context.location.place == "on_site"`, `input.context.location.place == "on_site"`, "monotone place"},
	{"many guesses", "authz/tables/limits.rego", `"wrong_passwords": 3`, `"wrong_passwords": 50`, "never guesses"},
}

// slips are what an architect could write by mistake. Most of them no invariant noticed,
// nor a test, before those that are named here were written.
var slips = []anEdit{
	{"nurses use the console", "authz/tables/rights.rego", `"Console": {"security": "any"}`, `"Console": {"security": "any", "nurse": "any"}`, "never consoles"},
	{"auditors use the console", "authz/tables/rights.rego", `"Console": {"security": "any"}`, `"Console": {"security": "any", "auditor": "any"}`, "never consoles"},
	{"patients report signals", "authz/tables/rights.rego", `"Report signals": {"machine": "any"}`, `"Report signals": {"machine": "any", "patient": "any"}`, "never reporting"},
	{"nurses restore patients", "authz/tables/rights.rego", `"Restore patient": {"security": "all"}`, `"Restore patient": {"security": "all", "nurse": "all"}`, "never restoring"},
	{"patients predict", "authz/tables/rights.rego", `"Predictions": {"doctor": "any"`, `"Predictions": {"doctor": "any", "patient": "any"`, "never fragile_predictions"},
	{"patients vouch", "authz/tables/rights.rego", `"Vouch for colleagues": {"doctor": "any"`, `"Vouch for colleagues": {"doctor": "any", "patient": "any"`, "never vouching"},
	{"passes by those who vouch", "authz/tables/rights.rego", `"user.issue_pass": {"right": "Manage users"`, `"user.issue_pass": {"right": "Vouch for colleagues"`, "never administration"},
	{"factors without a step-up", "authz/tables/rights.rego", `"factor.add": {"right": "Second factors"`, `"factor.add": {"right": "Own account"`, "never factors_without_a_step_up"},
	{"sessions are a right of accounts", "authz/tables/rights.rego", `"session.create": {"right": "Log in"`, `"session.create": {"right": "Own account"`, "must logging_in"},
	{"refreshing is a right of accounts", "authz/tables/rights.rego", `"session.continue": {"right": "Log in"`, `"session.continue": {"right": "Own account"`, "must continuing"},
	{"resetting is a right of accounts", "authz/tables/rights.rego", `"account.reset": {"right": "Reset password"`, `"account.reset": {"right": "Own account"`, "must public_ways"},
	{"log-in attempts are a right of accounts", "authz/tables/rights.rego", `"log_in.attempt": {"right": "Log in"`, `"log_in.attempt": {"right": "Own account"`, "must public_ways"},
	{"ending sessions is public", "authz/tables/rights.rego", `"session.end": {"right": "Own account"`, `"session.end": {"right": "Log in"`, "never strangers"},
	{"deleting changes nothing", "authz/tables/rights.rego", `"patient.delete": {"right": "Delete patient", "changes": true, "ends_session": true}`, `"patient.delete": {"right": "Delete patient", "changes": false}`, "never unwatched_administration"},
	{"vouching changes nothing", "authz/tables/rights.rego", `"pass.confirm": {"right": "Vouch for colleagues", "changes": true}`, `"pass.confirm": {"right": "Vouch for colleagues", "changes": false}`, "never unwatched_administration"},
	{"a slip of a nurse ends the session", "authz/tables/rights.rego", `"service.add": {"right": "Add clinical services", "changes": true}`, `"service.add": {"right": "Add clinical services", "changes": true, "ends_session": true}`, "never revoking_slips"},
	{"services by bills' right", "authz/tables/rights.rego", `"bill.list": {"right": "Billing and Finance"`, `"bill.list": {"right": "Patient clinical services"`, "never bills_for_treatment"},
	{"deleting patients by adding's right", "authz/tables/rights.rego", `"patient.delete": {"right": "Delete patient"`, `"patient.delete": {"right": "Add patient"`, "never unwatched_administration"},
	{"orders are deleted by completing's right", "authz/tables/rights.rego", `"service.delete": {"right": "Delete clinical services"`, `"service.delete": {"right": "Complete clinical services"`, "never unwatched_administration"},
	{"officers sign up", "authz/tables/roles.rego", `"security": {"kind": "officer", "sign_up": false`, `"security": {"kind": "staff", "sign_up": true`, "never self_made_officers"},
	{"auditors are patients", "authz/tables/roles.rego", `"auditor": {"kind": "auditor", "sign_up": false, "record": "none"`, `"auditor": {"kind": "staff", "sign_up": true, "record": "none"`, "never self_made_officers"},
	{"console without step-up", "authz/tables/thresholds.rego", "\t\"Console\",\n", ``, "never administration_without_a_step_up"},
	{"second factors without step-up", "authz/tables/thresholds.rego", "\t\"Second factors\",\n", ``, "never factors_without_a_step_up"},
	{"approving without step-up", "authz/tables/thresholds.rego", "\t\"user.approve\",\n\t\"user.change\"", "\t\"user.change\"", "never administration_without_a_step_up"},
	{"passes without step-up", "authz/tables/thresholds.rego", "\t\"pass.confirm\",\n", ``, "never administration_without_a_step_up"},
	{"machines remove factors", "authz/tables/thresholds.rego", `"user.link": {"machine"},`, "\"user.link\": {\"machine\"},\n\t\"user.remove_factor\": {\"machine\"},", "never administration_without_a_step_up"},
	{"officers approve without step-up", "authz/tables/thresholds.rego", `"user.approve": {"machine"}`, `"user.approve": {"machine", "security"}`, "never administration_without_a_step_up"},
	{"apps are removed by mail", "authz/tables/thresholds.rego", `"factor.remove": {"otp", "pop"}`, `"factor.remove": {"otp", "email"}`, "never factors_by_mail"},
	{"apps are removed by anything", "authz/tables/thresholds.rego", `step_up_by := {"factor.remove": {"otp", "pop"}}`, `step_up_by := {}`, "never factors_by_mail"},
	{"a pass changes accounts", "authz/tables/thresholds.rego", `pass_opens := {"factor.add"}`, `pass_opens := {"factor.add", "user.change"}`, "never administration_without_a_step_up"},
	{"a pass is a step-up", "authz/tables/thresholds.rego", `pass_acr := "urn:wardgate:acr:pass"`, `pass_acr := "urn:wardgate:acr:stepped-up"`, "never passes_as_step_ups"},
	{"old revocations", "authz/tables/freshness.rego", `"revocation": {"stale_after": 2,`, `"revocation": {"stale_after": 200,`, "never old_revocation_lists"},
	{"no stale readers", "authz/tables/stale.rego", "\"doctor\": 5,\n", ``, "must stale_reading"},
	{"officers read stale", "authz/tables/stale.rego", `"doctor": 5`, "\"security\": 5,\n\t\"doctor\": 5", "never old_revocations"},
	{"administration unwatched", "authz/tables/freshness.rego", `"Own account": "proving`, "\"Manage users\": \"officers do not wait\",\n\t\"Own account\": \"proving", "never unwatched_administration"},
	{"deleting unwatched", "authz/tables/freshness.rego", `"Own account": "proving`, "\"Delete patient\": \"doctors do not wait\",\n\t\"Own account\": \"proving", "never unwatched_administration"},
	{"orders wait for telemetry", "authz/tables/freshness.rego", "\t\"Add clinical services\": \"an order that waits is a treatment that waits\",\n", ``, "must doctors_order"},
	{"doses withheld from nurses", "authz/tables/withheld.rego", `{"nurse": {"national_id"}}`, `{"nurse": {"national_id", "dosage_instructions"}}`, "must treatment_is_shown"},
	{"medication withheld from doctors", "authz/tables/withheld.rego", `{"nurse": {"national_id"}}`, `{"nurse": {"national_id"}, "doctor": {"medication_name"}}`, "must treatment_is_shown"},
	{"a boundless budget", "authz/tables/predictions.rego", `"rows": 300`, `"rows": 3000000`, "never loose_predictions"},
	{"a budget for a day", "authz/tables/predictions.rego", `"seconds": 600`, `"seconds": 60000`, "never loose_predictions"},
	{"no predictions", "authz/tables/predictions.rego", `"rows": 300`, `"rows": 1`, "never loose_predictions"},
	{"guesses are forgotten", "authz/tables/limits.rego", `"wrong_passwords_seconds": 180`, `"wrong_passwords_seconds": 1`, "never short_bars"},
	{"bars of a week", "authz/tables/limits.rego", `"wrong_passwords_bar_seconds": 900`, `"wrong_passwords_bar_seconds": 604800`, "never long_bars"},
	{"bars of codes of a second", "authz/tables/limits.rego", `"code_bar_seconds": 120`, `"code_bar_seconds": 1`, "never short_bars"},
	{"known devices guess freely", "authz/tables/limits.rego", `"known_device_bar_seconds": 900`, `"known_device_bar_seconds": 1`, "never short_bars"},
	{"known devices guesses forgotten", "authz/tables/limits.rego", `"known_device_wrong_passwords_seconds": 900`, `"known_device_wrong_passwords_seconds": 1`, "never short_bars"},
	{"idle sessions of half a day", "authz/tables/limits.rego", `"refresh_idle_seconds": 900`, `"refresh_idle_seconds": 43200`, "never idle_sessions"},
	{"sessions move anywhere", "authz/tables/limits.rego", `"drift_kilometres": 5`, `"drift_kilometres": 20000`, "never boundless_travel"},
	{"travel is never impossible", "authz/tables/limits.rego", `"travel_kilometres_an_hour": 900`, `"travel_kilometres_an_hour": 90000`, "never boundless_travel"},
	{"countries change at once", "authz/tables/limits.rego", `"travel_country_seconds": 1800`, `"travel_country_seconds": 1`, "never boundless_travel"},
	{"hashing is cheap", "authz/tables/limits.rego", "\t\"log_in.attempt\",\n", ``, "never cheap_hashing"},
	{"no flood is noticed", "authz/tables/thresholds.rego", `"requests_many": 3000`, `"requests_many": 3000000`, "never unnoticed_failures"},
	{"many patients are few", "authz/tables/thresholds.rego", `"patients_many": 120`, `"patients_many": 900`, "never unnoticed_reading"},
	{"far more patients are few", "authz/tables/thresholds.rego", `"patients_far_more": 400`, `"patients_far_more": 4000`, "never unnoticed_reading"},
	{"habits allow all", "authz/tables/thresholds.rego", `"patients_far_more_times": 10`, `"patients_far_more_times": 1000`, "never unnoticed_reading"},
	{"habits many", "authz/tables/thresholds.rego", `"patients_many_times": 3`, `"patients_many_times": 300`, "never unnoticed_reading"},
	{"denials are few", "authz/tables/thresholds.rego", `"denials_many": 20`, `"denials_many": 20000`, "never unnoticed_failures"},
	{"failed log-ins are few", "authz/tables/thresholds.rego", `"failed_log_ins_many": 10`, `"failed_log_ins_many": 10000`, "never unnoticed_failures"},
	{"predictions are few", "authz/tables/thresholds.rego", `"predictions_many": 300`, `"predictions_many": 300000`, "never unnoticed_failures"},
	{"there is no night", "authz/tables/thresholds.rego", "\"day_begins\": 6, # hour of the hospital's clock\n\t\"day_ends\": 22", "\"day_begins\": 0, # hour of the hospital's clock\n\t\"day_ends\": 24", "never endless_days"},
	{"a short elevation", "authz/tables/thresholds.rego", `"elevation_seconds": 300`, `"elevation_seconds": 1`, "never short_elevation"},
	{"a deaf sentinel of requests", "sentinel/tables/verdicts.rego", `"requests": 6000`, `"requests": 6000000`, "never deaf_sentinel"},
	{"a deaf sentinel of sprays", "sentinel/tables/verdicts.rego", `"sprayed_accounts": 12`, `"sprayed_accounts": 1200`, "never deaf_sentinel"},
	{"a deaf sentinel of patients", "sentinel/tables/verdicts.rego", `"patients": 600`, `"patients": 60000`, "never deaf_sentinel"},
	{"a deaf sentinel of malware", "sentinel/tables/verdicts.rego", `"malware": 1`, `"malware": 1000`, "never deaf_sentinel"},
	{"a nervous sentinel", "sentinel/tables/verdicts.rego", `"denials": 60`, `"denials": 1`, "never nervous_sentinel"},
	{"a nervous sentinel of sprays", "sentinel/tables/verdicts.rego", `"sprayed_accounts": 12`, `"sprayed_accounts": 1`, "never nervous_sentinel"},
	{"staff is banned by machine", "sentinel/tables/verdicts.rego", `"staff": {"step_up", "alert"}`, `"staff": {"ban", "step_up", "alert"}`, "never banning_by_machine"},
	{"officers are banned by machine", "sentinel/tables/verdicts.rego", `"officer": {"step_up", "alert"}`, `"officer": {"ban", "step_up", "alert"}`, "never banning_by_machine"},
	{"staff is revoked by machine", "sentinel/tables/verdicts.rego", `"staff": {"step_up", "alert"}`, `"staff": {"revoke", "step_up", "alert"}`, "never banning_by_machine"},
	{"verdicts of a second", "sentinel/tables/verdicts.rego", `"spraying": {"do": "bar", "seconds": 1800`, `"spraying": {"do": "bar", "seconds": 1`, "never short_verdicts"},
	{"verdicts of a week", "sentinel/tables/verdicts.rego", `"spraying": {"do": "bar", "seconds": 1800`, `"spraying": {"do": "bar", "seconds": 604800`, "never long_verdicts"},
	{"rule book read as own account", "authz/tables/routes.rego", `"/api/audit/policy/{file}", "console", "policy.read"`, `"/api/audit/policy/{file}", "console", "account.read"`, "never borrowed_lines"},
	{"a step-up ends a session", "authz/tables/routes.rego", `"/auth/step-up/verify", "admin", "session.elevate"`, `"/auth/step-up/verify", "admin", "session.end"`, "never borrowed_lines"},
	{"logging in is fetching keys", "authz/tables/routes.rego", `"POST", "/auth/login", "admin", "log_in.attempt"`, `"POST", "/auth/login", "admin", "key.list"`, "never borrowed_lines"},
	{"predictions are reading models", "authz/tables/routes.rego", `"/v2/models/{model}/infer", "inference", "model.predict"`, `"/v2/models/{model}/infer", "inference", "model.read"`, "never borrowed_lines"},
	{"an app is removed like a page", "authz/tables/routes.rego", `"/account/app/remove", "admin", "factor.remove", "account"`, `"/account/app/remove", "admin", "page.show", "account"`, "never borrowed_lines"},
	{"deleting a patient is logging in", "authz/tables/routes.rego", `"records", "patient.delete", "patient"`, `"records", "session.create", "patient"`, "never borrowed_lines"},
	{"one request of records a minute", "authz/tables/quotas.rego", `"records": thresholds.requests_many * 10`, `"records": 1`, "never starving_quotas"},
	{"a patient's route bears another resource", "authz/tables/routes.rego", `"GET", "/api/patients/{patient}", "records", "patient.read", "patient"`, `"GET", "/api/patients/{patient}", "records", "patient.read", "service"`, "no parameter is named as the resource"},
	{"a patient's parameter by another name", "authz/tables/routes.rego", `"GET", "/api/patients/{patient}", "records"`, `"GET", "/api/patients/{id}", "records"`, "no parameter is named as the resource"},
	{"everything masked", "authz/tables/masks.rego", `masks := {}`, `masks := {"patient.read": {"anyone": {"pointers": ["/*"]}}}`, "expected pointers to members"},
}

// EditsAreRefused holds that each of n edits, in a long run of all, is refuted by what it
// names. check is how the rest of the house refuses tables.
func EditsAreRefused(t *testing.T, check func(*pdp.Tables) error, n int) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	all := longrun.Some(append(openings[:len(openings):len(openings)], slips...), n)
	next := make(chan anEdit)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for e := range next {
				if problem := e.problem(t, check); problem != "" {
					t.Errorf("%s: %s", e.name, problem)
				}
			}
		})
	}
	for _, e := range all {
		next <- e
	}
	close(next)
	wg.Wait()
}

// problem is "" when the edit is refuted by what it names.
func (e *anEdit) problem(t *testing.T, check func(*pdp.Tables) error) string {
	files := builtIn(t)
	text := string(files[e.file])
	if !strings.Contains(text, e.old) {
		return e.file + " does not contain " + e.old
	}
	files[e.file] = []byte(strings.Replace(text, e.old, e.changed, 1))
	p, err := newProver(t.Context(), files, points.Sections(), Invariants(files), nil)
	if err == nil {
		err = check(p.book.loaded.Tables.House)
	}
	if err != nil {
		if strings.Contains(err.Error(), e.by) {
			return ""
		}
		return "it is refused otherwise: " + err.Error()
	}
	return p.unlessRefuted(t.Context(), e.by)
}

// unlessRefuted says what an invariant comes to where that is no refutation.
func (p *prover) unlessRefuted(ctx context.Context, by string) string {
	p.known = true
	for _, i := range p.invariants {
		if i.Kind+" "+i.Name != by {
			continue
		}
		if r := p.prove(ctx, i); r.Outcome != Refuted {
			return by + " is " + string(r.Outcome) + " " + r.Problem
		}
		return ""
	}
	return "it is loaded, and there is no invariant " + by
}
