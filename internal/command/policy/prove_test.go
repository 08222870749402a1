package policy_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command/commandtest"
)

// A book is proved, or refuted by an input; a fault of the command line is neither.
func TestPolicyProve(t *testing.T) {
	commandtest.Run("policy", "prove", "--help").Want(t, 0, "invariants/never/NAME.rego", "Exit code 0")
	commandtest.Run("policy", "prove", "--depth", "3").Want(t, 2, "unknown flag")
	dir := commandtest.BookFolder(t)
	if err := os.RemoveAll(filepath.Join(dir, "invariants")); err != nil {
		t.Fatal(err)
	}
	commandtest.Run("policy", "prove", dir, "--policies", filepath.Join(dir, "authz")).Want(t, 2, "two folders are named")
	add := func(name, text string) {
		file := filepath.Join(dir, "invariants", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	add("never/nights.rego", `# METADATA
# title: Nothing is decided at an hour that is not known
package invariants.never.nights

violated if {
	data.authz.answer.decision
	input.context.time.period == ""
}
`)
	commandtest.Run("policy", "prove", "--policies", dir, "-v").Want(t, 0, " proved in ", "never nights", "never strangers",
		"invariants come with Wardgate and do not stand in the rule book", "for every input of which this is so")
	add("never/logins.rego", `# METADATA
# title: No account logs in
package invariants.never.logins

violated if {
	data.authz.answer.decision
	input.action.name == "session.create"
}
`)
	commandtest.Run("policy", "prove", dir).Want(t, 1, filepath.Join(dir, "invariants/never/logins.rego")+":3: refuted", "No account logs in",
		`action.name = "session.create"`, `opa eval says {"violated":true}`, " proved, 1 refuted")
	commandtest.Run("policy", "check", dir).Want(t, 1, filepath.Join(dir, "invariants/never/logins.rego")+":3: refuted: never logins: No account logs in",
		"that come with Wardgate do not stand here", "1 fault", "invariants proved")
	got := commandtest.Run("policy", "prove", dir, "--output", "json")
	var report struct {
		OK         bool `json:"ok"`
		Invariants []struct {
			Name, Outcome, Query string
			Input                json.RawMessage
		} `json:"invariants"`
	}
	if err := json.Unmarshal([]byte(got.Out), &report); err != nil || got.Code != 1 || report.OK || len(report.Invariants) < 50 {
		t.Fatalf("got %d %v\n%s", got.Code, err, got.Out)
	}
	for _, i := range report.Invariants {
		if i.Name == "logins" && (i.Outcome != "refuted" || !strings.Contains(string(i.Input), `"session.create"`) || i.Query == "") {
			t.Errorf("got %+v", i)
		}
	}
}
