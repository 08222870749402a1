package overlay_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/overlay"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// base is the built-in book.
func base(t *testing.T) rulebook.Files {
	t.Helper()
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// digestOf is what the built-in table is called.
func digestOf(t *testing.T, table string) string {
	t.Helper()
	all, err := overlay.Digests(base(t))
	if err != nil {
		t.Fatal(err)
	}
	if all[table] == "" {
		t.Fatalf("the base has no table %s", table)
	}
	return all[table]
}

// replacing is a file with one table that replaces the built-in one.
func replacing(t *testing.T, name, value string) string {
	t.Helper()
	return "package authz.tables\n\n# METADATA\n# title: Ours\n# custom:\n#   replaces: \"" + digestOf(t, "authz.tables."+name) + "\"\n" +
		name + " := " + value + "\n"
}

const nightRule = `# METADATA
# title: No bill is read at night
# custom:
#   sp800_207: "2.1, tenet 4: environmental attributes"
package authz.rules.bills_by_day

# METADATA
# title: It is not day
deny contains "off_hours" if {
	input.action.name == "bill.list"
	not input.context.time.period == "day"
}
`

func folder(files map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// assemble reads an overlay and puts it on the built-in book.
func assemble(t *testing.T, files map[string]string) (rulebook.Files, []rulebook.Finding) {
	t.Helper()
	over, found := overlay.Read(folder(files))
	if len(found) > 0 {
		return nil, found
	}
	return overlay.Assemble(base(t), over)
}

func assembled(t *testing.T, files map[string]string) rulebook.Files {
	t.Helper()
	tree, found := assemble(t, files)
	if len(found) > 0 {
		t.Fatalf("refused: %v", found)
	}
	if _, err := rulebook.Load(tree, points.Sections()); err != nil {
		t.Fatalf("the tree does not load: %v", err)
	}
	return tree
}

// The overlay that the documentation shows goes with the built-in book. Where the
// table of rights changed, it is to be made from the new one, as the fault says.
func TestTheExampleGoesWithTheBuiltInBook(t *testing.T) {
	if _, err := rulebook.ReadFiles(overlay.New(policies.FS, os.DirFS("../../../deploy/overlay"), "deploy/overlay")); err != nil {
		t.Error(err)
	}
}

func TestATableIsReplacedWhole(t *testing.T) {
	quotas := `{"records": thresholds.requests_many * 10, "inference": 900}`
	tree := assembled(t, map[string]string{"authz/tables/quotas.rego": replacing(t, "quotas", quotas)})
	all, err := overlay.Digests(tree)
	if err != nil {
		t.Fatal(err)
	}
	before, err := overlay.Digests(base(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, digest := range before {
		if same := all[name] == digest; same == (name == "authz.tables.quotas") {
			t.Errorf("%s: is the same table: %v", name, same)
		}
	}
	if text := string(tree["authz/tables/quotas.rego"]); strings.Contains(text, `"console"`) || !strings.Contains(text, `"inference": 900`) {
		t.Errorf("got %s", text)
	}
}

// What is left of a file stays where it was, and keeps its comments.
func TestTheOtherTablesOfAFileStay(t *testing.T) {
	tree := assembled(t, map[string]string{
		"authz/tables/thresholds.rego":      "# METADATA\n# title: Ours\n" + replacing(t, "networks", `{"hospital": ["10.1.0.0/16"]}`),
		"authz/tables/thresholds_test.rego": "package authz.tables_test\n\nimport data.authz.tables\n\ntest_our_network if tables.networks.hospital == [\"10.1.0.0/16\"]\n",
	})
	left := string(tree["authz/tables/thresholds.rego"])
	if strings.Contains(left, "networks :=") || strings.Contains(left, "own networks") || !strings.Contains(left, "step_up := {") || !strings.Contains(left, "# how long a step-up counts") {
		t.Errorf("got %s", left)
	}
	if !strings.Contains(string(tree["authz/tables/thresholds_overlay.rego"]), "10.1.0.0/16") {
		t.Error("the overlay's file is missing")
	}
}

func TestRowsAreAdded(t *testing.T) {
	tree := assembled(t, map[string]string{
		"authz/tables/lab.rego": `package authz.tables

# METADATA
# custom:
#   adds_rows: true
rights := {"Laboratory": {"doctor": "own", "nurse": "department"}}

# METADATA
# custom: {adds_rows: true}
actions := {
	"lab.read": {"right": "Laboratory", "changes": false}, # one row
}

# METADATA
# custom: {adds_rows: true}
routes := [_imaging_row("GET", "/api/lab/{patient}", "lab.read")]

# METADATA
# custom: {adds_rows: true}
withheld_from := {"doctor": {"national_id"}}

# METADATA
# custom: {adds_rows: true}
step_up := {"Laboratory"}

_imaging_row(method, path, action) := {"method": method, "path": path, "application": "imaging", "action": action, "resource": "patient", "body": "none"}
`,
	})
	if _, there := tree["authz/tables/lab.rego"]; !there {
		t.Error("the helper is missing")
	}
	for file, want := range map[string]string{
		"rights": `"Laboratory": {"doctor": "own"`, "routes": `_imaging_row("GET"`, "withheld": `"doctor": {"national_id"}`, "thresholds": `"Laboratory",`,
	} {
		if text := string(tree["authz/tables/"+file+".rego"]); !strings.Contains(text, want) {
			t.Errorf("%s: %s is missing", file, want)
		}
	}
	if !strings.Contains(string(tree["authz/tables/rights.rego"]), "# one row") {
		t.Error("a comment is lost")
	}
	before, _ := overlay.Digests(base(t))
	after, _ := overlay.Digests(tree)
	changed := 0
	for name := range before {
		if before[name] != after[name] {
			changed++
		}
	}
	if changed != 5 || len(before) != len(after) {
		t.Errorf("%d tables changed, of %d then and %d now", changed, len(before), len(after))
	}
}

func TestWhatAnOverlayMayHave(t *testing.T) {
	tree := assembled(t, map[string]string{
		"README.md": "# Ours",
		"authz/rules/bills_by_day/bills_by_day.rego":      nightRule,
		"authz/rules/bills_by_day/bills_by_day_test.rego": "package authz.rules.bills_by_day_test\n\nimport data.authz.rules.bills_by_day\n\ntest_empty_input_is_silent if bills_by_day.deny == set() with input as {}\n",
		"authz/rules/ward_round/ward_round.rego":          "# METADATA\n# title: A round\n# custom: {sp800_207: tenet 3}\npackage authz.rules.ward_round\n\nimport data.authz.ask\n\n# METADATA\n# title: On a round\ngrant contains \"ward_round\" if ask.treating\n",
		"invariants/never/bills_at_night.rego":            "# METADATA\n# title: Bills at night\npackage invariants.never.bills_at_night\n\nviolated if {\n\tdata.authz.answer.decision\n\tinput.action.name == \"bill.list\"\n\tinput.context.time.period == \"night\"\n}\n",
		"sentinel/tables/external.rego": "package sentinel.tables\n\n# METADATA\n# custom: {replaces: \"" + digestOf(t, "sentinel.tables.external") +
			"\"}\nexternal := {\"failed_log_in\": 5, \"malware\": 2}\n",
	})
	book, faults := rulebook.Gate{Points: points.Sections()}.Examine(context.Background(), tree)
	if book == nil {
		t.Errorf("the gate finds %v", faults)
	}
}

// Scenarios are about the delivered book as a whole: an assembled tree has those of
// the overlay, or none.
func TestScenariosAreTheOverlaysOwn(t *testing.T) {
	const usual, own = "authz/scenarios/usual_test.rego", "package authz.scenarios_test\n\nimport data.authz\n\ntest_nothing_without_an_input if not authz.allow with input as {}\n"
	if len(base(t)[usual]) == 0 {
		t.Fatalf("the base has no %s", usual)
	}
	rule := map[string]string{"authz/rules/bills_by_day/bills_by_day.rego": nightRule}
	for name := range assembled(t, rule) {
		if strings.HasPrefix(name, "authz/scenarios/") {
			t.Errorf("%s is in the tree, which it is not about", name)
		}
	}
	rule[usual] = own
	rule["authz/recorded/colleague_test.rego"] = strings.ReplaceAll(own, "scenarios_test", "recorded_test")
	tree := assembled(t, rule)
	if !strings.Contains(string(tree[usual]), "test_nothing_without_an_input") || len(tree["authz/recorded/colleague_test.rego"]) == 0 {
		t.Errorf("got %q", tree[usual])
	}
}
