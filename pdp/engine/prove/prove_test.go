package prove

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

func proved(t *testing.T, files rulebook.Files) Report {
	t.Helper()
	report, err := Prove(t.Context(), files, points.Sections(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// Every invariant that the built-in book comes with is proved of it.
func TestBuiltInBookIsProved(t *testing.T) {
	report := proved(t, builtIn(t))
	count := map[string]int{}
	for _, r := range report.Invariants {
		count[r.Kind]++
		if r.Outcome != Proved {
			t.Errorf("%s:%d: %s: %s %s\n%s\n%s\nOPA says %s", r.File, r.Line, r.Outcome, r.Problem, r.Title, r.Input, r.After, r.Shown)
		}
	}
	if !report.OK || len(report.Assumptions) == 0 || count[KindNever] < 25 || count[KindMust] < 10 || count[KindMonotone] < 10 {
		t.Errorf("proved: %t, of %v", report.OK, count)
	}
	t.Log(report.Duration, count)
}

// What refutes an invariant is confirmed by the stock opa program.
func TestOPAConfirmsRefutations(t *testing.T) {
	files := edited(t, "authz/tables/rights.rego", `"user.list": {"right": "Manage users"`, `"user.list": {"right": "Sign up"`)
	files["records/columns/columns.rego"] = []byte(strings.Replace(string(files["records/columns/columns.rego"]),
		`not input.context.location.place == "on_site"`, `input.context.location.place == "on_site"`, 1))
	dir := t.TempDir()
	for name, content := range files {
		name = filepath.Join(dir, "book", name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	eval := func(query string, input []byte) string {
		name := filepath.Join(dir, "input.json")
		if err := os.WriteFile(name, input, 0o600); err != nil {
			t.Fatal(err)
		}
		said, err := exec.CommandContext(t.Context(), "go", "tool", "opa", "eval", "--format", "raw", "--data", filepath.Join(dir, "book"), "--input", name, query).CombinedOutput()
		if err != nil {
			t.Fatalf("opa eval: %v\n%s", err, said)
		}
		return strings.TrimSpace(string(said))
	}
	confirmed := map[string]bool{}
	for _, r := range proved(t, files).Invariants {
		switch {
		case r.Outcome != Refuted || confirmed[r.Kind]:
		case r.Kind == KindNever:
			confirmed[r.Kind] = true
			if got := eval(r.Query+".violated", r.Input); got != "true" {
				t.Errorf("%s: opa says %s of %s", r.Name, got, r.Input)
			}
		case r.Kind == KindMonotone:
			confirmed[r.Kind] = true
			if before, after := eval(r.Query, r.Input), eval(r.Query, r.After); before == after {
				t.Errorf("%s: opa answers %s before and after", r.Name, before)
			}
		}
	}
	if !confirmed[KindNever] || !confirmed[KindMonotone] {
		t.Errorf("confirmed: %v", confirmed)
	}
}

// Invariants that say something of tables, of properties and of several members: they
// hold, and something could break each.
var saying = map[string]string{
	"never row":      "violated if {\n\tsome row in data.authz.tables.freshness\n\trow.stale_after > 300\n}",
	"never cell":     "violated if data.authz.tables.limits.session_seconds > 86400",
	"never equal":    "violated if data.authz.tables.pass_acr == data.authz.tables.step_up_acr",
	"never all":      "violated if {\n\tevery verdict in data.sentinel.tables.verdicts {\n\t\tverdict.alert_only\n\t}\n}",
	"never element":  "violated if \"ban\" in data.sentinel.tables.by_machine.staff",
	"never missing":  "violated if not \"log_in.attempt\" in data.authz.tables.costly",
	"never sum":      "violated if sum([n | some n in data.authz.tables.quotas]) > 1000000000",
	"never network":  "violated if net.cidr_contains(data.authz.tables.networks.hospital[_], \"198.51.100.0/24\")",
	"never numbers":  "violated if {\n\tsome duty in data.authz.answer.context.obligations\n\tduty.properties.max_age > 3600\n}",
	"never two":      "violated if {\n\tsome duty in data.authz.answer.context.obligations\n\tduty.id == \"bar_log_in\"\n\tduty.properties.reason == \"wrong_codes\"\n\tduty.properties.seconds > 3600\n}",
	"never fields":   "violated if {\n\tsome duty in data.authz.answer.context.obligations\n\tduty.id == \"withhold\"\n\t\"allergies\" in duty.properties.fields\n}",
	"never mixed":    "violated if {\n\tdata.authz.answer.decision\n\tinput.action.name in {\"factor.add\"}\n\tnot input.context.credential.elevation == \"fresh\"\n\tnot input.context.claims.elevation == \"fresh\"\n\tinput.context.credential.acr != data.authz.tables.pass_acr\n}",
	"must kept":      "when if data.authz.tables.limits.resends\n\nthen if data.authz.tables.limits.resends < 50",
	"monotone two":   "order := [{\"context.device.state\": \"fresh\"}, {\"context.device.state\": \"unknown\", \"context.device.match\": \"\", \"context.device.workstation\": \"\", \"context.device.tap\": \"\"}]",
	"monotone three": "order := [{\"context.care.state\": \"fresh\"}, {\"context.care.state\": \"stale\"}, {\"context.care.state\": \"unknown\", \"context.care.treats\": false, \"context.care.same_department\": false, \"context.care.own\": false}]",
}

// What says nothing, or reads what it may not, is refused by its line.
func TestInvariantsThatSayNothingAreRefused(t *testing.T) {
	tests := []struct {
		name, file, text string
		line             int
		says             string
	}{
		{"vacuous", "never", "violated if {\n\tdata.authz.answer.decision\n\tnot data.authz.answer.decision\n}", 3, "vacuous"},
		{"impossible input", "never", "violated if {\n\tdata.authz.answer.decision\n\tinput.context.time.state == \"fresh\"\n\tinput.context.time.state == \"unknown\"\n}", 3, "vacuous"},
		{"too wide", "never", "violated if {\n\t_any\n}\n\n_any if data.authz.answer.decision\n\n_any if not data.authz.answer.decision", 3, "too wide"},
		{"asks for no answer", "never", "violated if input.subject.type == \"user\"", 3, "nothing of the answer"},
		{"when never holds", "must", "when if {\n\tinput.context.time.state == \"fresh\"\n\tinput.context.time.state == \"unknown\"\n}\n\nthen if data.authz.answer.decision", 3, "no possible input"},
		{"then always holds", "must", "when if input.subject.type == \"user\"\n\nthen if {\n\tinput.subject.type == \"user\"\n}", 5, "nothing of the answer"},
		{"reads a rule", "never", "violated if {\n\tdata.authz.answer.decision\n\tnot data.authz.ask.public\n}", 5, "data.authz.ask.public"},
		{"reads the grounds", "never", "violated if {\n\tdata.authz.answer.context.grounds.reach == \"all\"\n}", 4, "of the answer an invariant reads"},
		{"reads the whole answer", "never", "violated if {\n\tanswer := data.authz.answer\n\tanswer.decision\n}", 4, "of the answer an invariant reads"},
		{"misspelt member", "never", "violated if {\n\tdata.authz.answer.decision\n\tinput.subjct.type == \"user\"\n}", 5, "no member subjct.type"},
		{"with another input", "never", "violated if {\n\tdata.authz.answer.decision with input as {}\n}", 4, "`with`"},
		{"no such rule", "never", "violation if data.authz.answer.decision", 1, "expected a rule `violated`"},
		{"another package", "never", "", 1, "stands in a file of package"},
		{"no member", "monotone", "member := \"context.nothing\"\n\norder := [\"a\", \"b\"]", 1, "no member context.nothing"},
		{"no word", "monotone", "member := \"context.time.state\"\n\norder := [\"fresh\", \"rotten\"]", 1, "rotten never stands at context.time.state"},
		{"action of no table", "never", "violated if {\n\tdata.authz.answer.decision\n\tinput.action.name == \"patient.destroy\"\n}", 5, "vacuous"},
		{"action of no table among others", "never", "violated if {\n\tdata.authz.answer.decision\n\tinput.action.name in _those\n}\n\n_those := {\"patient.add\", \"patient.destroy\"}", 5, `"patient.destroy" has no row in the table actions`},
		{"role of no table", "must", "when if input.subject.properties.role == \"docter\"\n\nthen if data.authz.answer.decision", 3, `"docter" has no row in the table roles`},
		{"no such table", "never", "violated if data.authz.tables.limitz.session_seconds > 86400", 3, "data.authz.tables.limitz"},
		{"no such row", "never", "violated if data.authz.tables.limits.session_secondz > 86400", 3, "data.authz.tables.limits.session_secondz"},
		{"no such member of any row", "never", "violated if {\n\tsome name\n\tdata.sentinel.tables.verdicts[name].secondz > 86400\n}", 5, "secondz"},
		{"no such member of a row", "never", "violated if {\n\tsome row in data.authz.tables.freshness\n\trow.stale_aftr > 300\n}", 5, "undefined ref: row.stale_aftr"},
		{"tables that contradict", "never", "violated if {\n\tdata.authz.tables.thresholds.day_begins < 0\n\tdata.authz.tables.thresholds.day_begins > 24\n}", 3, "vacuous"},
		{"then that every table keeps", "must", "when if data.authz.tables.limits.resends > 1\n\nthen if data.authz.tables.limits.resends > 0", 5, "vacuous"},
		{"no such property", "never", "violated if {\n\tsome duty in data.authz.answer.context.obligations\n\tduty.id == \"step_up\"\n\tduty.properties.max_agee > 3600\n}", 3, "vacuous"},
		{"property of another duty", "never", "violated if {\n\tsome duty in data.authz.answer.context.obligations\n\tduty.id == \"withhold\"\n\tduty.properties.max_age > 3600\n}", 3, "vacuous"},
		{"a table and an answer that never meet", "never", "violated if {\n\tdata.authz.answer.decision\n\tdata.authz.tables.limits.resends < 0\n}", 3, "vacuous"},
		{"a step to what cannot be", "monotone", "order := [{\"context.device.state\": \"fresh\", \"context.device.match\": \"same\"}, {\"context.device.state\": \"unknown\"}]", 1, "name every member that moves along"},
		{"several members and one", "monotone", "member := \"context.device.state\"\n\norder := [{\"context.device.state\": \"fresh\"}, {\"context.device.state\": \"stale\"}]", 1, "expected the path of a member"},
		{"a step of nothing", "monotone", "order := [{\"context.device.state\": \"fresh\"}, {}]", 1, "expected the path of a member"},
		{"no word of several", "monotone", "order := [{\"context.device.state\": \"fresh\"}, {\"context.device.state\": \"stale\", \"context.device.match\": \"rotten\"}]", 1, "rotten never stands at context.device.match"},
		{"no member of several", "monotone", "order := [{\"context.device.state\": \"fresh\"}, {\"context.device.state\": \"stale\", \"context.device.mtch\": \"\"}]", 1, "no member context.device.mtch"},
		{"twice the same step", "monotone", "order := [{\"context.device.state\": \"fresh\"}, {\"context.device.state\": \"fresh\"}]", 1, "twice"},
		{"when that never is", "monotone", "when if {\n\tinput.context.time.state == \"fresh\"\n\tinput.context.time.state == \"unknown\"\n}\n\norder := [{\"context.device.state\": \"fresh\"}, {\"context.device.state\": \"stale\"}]", 1, "nothing ever moves"},
		{"looks into an id", "never", "violated if {\n\tdata.authz.answer.decision\n\tstartswith(input.context.location.country, \"D\")\n}", 5, "startswith is given input.context.location.country"},
	}
	files := rulebook.Files{}
	for name, content := range builtIn(t) {
		if !strings.HasPrefix(name, below) {
			files[name] = content
		}
	}
	if _, err := Prove(t.Context(), files, points.Sections(), nil); err == nil {
		t.Error("a book without invariants is proved")
	}
	file := func(i int) string {
		return below + tests[i].file + "/" + strings.ReplaceAll(tests[i].name, " ", "_") + ".rego"
	}
	for i, tt := range tests {
		pkg := strings.ReplaceAll(strings.TrimSuffix(file(i), ".rego"), "/", ".")
		if tt.text == "" {
			pkg, tt.text = "invariants.never.elsewhere", "violated if data.authz.answer.decision"
		}
		files[file(i)] = []byte("package " + pkg + "\n\n" + tt.text + "\n")
	}
	for name, text := range saying {
		kind, name, _ := strings.Cut(name, " ")
		files[below+kind+"/"+name+".rego"] = []byte("package invariants." + kind + "." + name + "\n\n" + text + "\n")
	}
	found := map[string]Result{}
	for _, r := range proved(t, files).Invariants {
		found[r.File] = r
		if _, good := saying[r.Kind+" "+r.Name]; good && r.Outcome != Proved {
			t.Errorf("%s %s: %s %s", r.Kind, r.Name, r.Outcome, r.Problem)
		}
		if r.Outcome == Undecided {
			found[below+r.Kind+"/"+r.Name+".rego"] = r
		}
	}
	for i, tt := range tests {
		r := found[file(i)]
		if r.Outcome != Refused && r.Outcome != Undecided || r.Line != tt.line || !strings.Contains(r.Problem, tt.says) {
			t.Errorf("%s: got %s, line %d: %s; want line %d: … %s …", tt.name, r.Outcome, r.Line, r.Problem, tt.line, tt.says)
		}
	}
}
