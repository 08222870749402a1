package policy_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/command/commandtest"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/bundle/bundletest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// Two books are compared in all forms, from folders, bundles and the program; what a
// person meant is no failure.
func TestPolicyDiff(t *testing.T) {
	commandtest.Run("policy", "diff", "--help").Want(t, 0, "every possible input", "Exit code 0")
	commandtest.Run("policy", "diff", "built-in").Want(t, 2)
	commandtest.Run("policy", "diff", "built-in", "/no/such").Want(t, 1, "/no/such")
	commandtest.Run("policy", "diff", "built-in", commandtest.Write(t, "a.txt", "x")).Want(t, 1, "is not a folder")

	dir := commandtest.BookFolder(t)
	same := commandtest.Run("policy", "diff", "built-in", dir)
	same.Want(t, 0, "equal for every possible input")
	var all, equal int
	_, counts, _ := strings.Cut(same.Out, "\nof ")
	if _, err := fmt.Sscanf(counts, "%d actions and roles: %d equal", &all, &equal); err != nil || all == 0 || equal != all {
		t.Errorf("got %s, want as many equal as there are", same.Out)
	}
	commandtest.Edit(t, dir, "authz/tables/rights.rego", `"Predictions": {"doctor": "any", "nurse": "any"}`, `"Predictions": {"doctor": "any", "auditor": "any"}`)
	commandtest.Edit(t, dir, "authz/tables/limits.rego", `"wrong_passwords": 3,`, `"wrong_passwords": 4,`)
	allow := filepath.Join(t.TempDir(), "allow.yaml")
	reports := t.TempDir()
	commandtest.Run("policy", "diff", "built-in", dir, "--report", "pdf=x").Want(t, 2, "expected FORM=FILE")
	commandtest.Run("policy", "diff", "built-in", dir, "--report", "json").Want(t, 2, "expected FORM=FILE")
	commandtest.Run("policy", "diff", "built-in", dir, "--write-allow", allow,
		"--report", "json="+filepath.Join(reports, "diff.json"), "--report", "sarif="+filepath.Join(reports, "diff.sarif")).
		Want(t, 1, "looser        model.predict, model.read: auditor", "newly denied", "-reason role_forbidden", "changed", "authz/tables/rights.rego:3", "authz.tables.limits[wrong_passwords]: 3 becomes 4", "not allowed")
	text := string(read(t, allow))
	commandtest.Run("policy", "diff", "built-in", dir, "--allow", allow).Want(t, 1, "reason: say why it is meant")
	commandtest.Put(t, filepath.Dir(allow), "allow.yaml", strings.ReplaceAll(text, `reason: ""`, "reason: agreed"))
	commandtest.Run("policy", "diff", "built-in", dir, "--allow", allow, "--output", "markdown", "--report", "text="+filepath.Join(reports, "diff.txt")).
		Want(t, 0, "### ✅ Rule book", "| looser | model.predict, model.read: auditor |", "<details>")
	if text := string(read(t, filepath.Join(reports, "diff.txt"))); !strings.Contains(text, "[meant: agreed]") || !strings.Contains(text, "0 of ") {
		t.Errorf("got %s", text)
	}
	out := filepath.Join(reports, "same.json")
	commandtest.Run("policy", "diff", dir, dir, "--allow", allow, "--output", "json", "--out", out).Want(t, 0, "equal for every possible input")
	if text := string(read(t, out)); !strings.Contains(text, `"stale_allowances": [`) || strings.Contains(text, `"stale_allowances": []`) {
		t.Errorf("what meets no change is not told: %s", text)
	}

	var report struct {
		OK, Equal bool
		Actions   []struct{ Action, Role, Change string }
		Classes   []struct {
			ID, Effect string
			Example    struct {
				Old, New struct{ Answer struct{ Decision bool } }
			}
		}
	}
	if err := json.Unmarshal(read(t, filepath.Join(reports, "diff.json")), &report); err != nil {
		t.Fatal(err)
	}
	if report.OK || report.Equal || len(report.Actions) != all || report.Classes[0].Effect != "newly_allowed" ||
		report.Classes[0].Example.Old.Answer.Decision || !report.Classes[0].Example.New.Answer.Decision {
		t.Errorf("got %+v", report)
	}
	checkSARIF(t, read(t, filepath.Join(reports, "diff.sarif")))
}

// checkSARIF holds a log against what the schema of SARIF 2.1.0 requires.
func checkSARIF(t *testing.T, raw []byte) {
	t.Helper()
	var log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID               string
						ShortDescription struct{ Text string }
					}
				}
			}
			Results []struct {
				RuleID    string `json:"ruleId"`
				RuleIndex int    `json:"ruleIndex"`
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(raw, &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || !strings.Contains(log.Schema, "sarif-schema-2.1.0.json") || len(log.Runs) != 1 || log.Runs[0].Tool.Driver.Name == "" {
		t.Fatalf("got version %q, schema %q, %d runs", log.Version, log.Schema, len(log.Runs))
	}
	run := &log.Runs[0]
	if len(run.Results) == 0 {
		t.Fatal("there are no results")
	}
	placed := false
	for i := range run.Results {
		r := &run.Results[i]
		if r.Message.Text == "" || run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || run.Tool.Driver.Rules[r.RuleIndex].ShortDescription.Text == "" ||
			(r.Level != "error" && r.Level != "warning" && r.Level != "note") || len(r.Locations) == 0 {
			t.Errorf("result %d: %+v", i, r)
		}
		for _, l := range r.Locations {
			if l.PhysicalLocation.Region.StartLine < 1 || l.PhysicalLocation.ArtifactLocation.URI == "" {
				t.Errorf("result %d is nowhere: %+v", i, l)
			}
			placed = placed || strings.HasSuffix(l.PhysicalLocation.ArtifactLocation.URI, "authz/tables/rights.rego")
		}
	}
	if !placed {
		t.Error("no result is at the row that was changed")
	}
}

// Bundles are compared as folders are, and verified where a key is named.
func TestPolicyDiffReadsBundles(t *testing.T) {
	keys := bundletest.NewPair(t)
	_, public := keys.Files(t)
	_, stranger := keyPair(t)
	dir := commandtest.BookFolder(t)
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := bundle.Write(files, nil, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), keys.Signer(t, "h", ""))
	if err != nil {
		t.Fatal(err)
	}
	file := commandtest.Write(t, "book.tar.gz", string(packed))
	commandtest.Run("policy", "diff", file, dir).Want(t, 0, "who signed it was not looked at", "equal")
	commandtest.Run("policy", "diff", file, dir, "--verification-key", public, "--key-id", "h").Want(t, 0, "equal")
	commandtest.Run("policy", "diff", file, dir, "--verification-key", stranger, "--key-id", "h").Want(t, 1, "signature")
}
