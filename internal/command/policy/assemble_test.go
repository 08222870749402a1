package policy_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command/commandtest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// What a command is told to write is what it takes.
func TestPolicyAssemble(t *testing.T) {
	commandtest.Run("policy", "assemble", "--help").Want(t, 0, "custom: {adds_rows: true}", "Exit code 0")
	commandtest.Run("policy", "assemble", "built-in").Want(t, 2, "expected BASE OVERLAY --out DIR")
	commandtest.Run("policy", "assemble", "built-in", "x", "--digests").Want(t, 2, "with a base alone")
	dir, out := t.TempDir(), filepath.Join(t.TempDir(), "ours")
	text := "package authz.tables\n\n# METADATA\n# title: Ours\n# custom:\n#   replaces: \"sha256:0\"\nquotas := {\"records\": 30000}\n"
	commandtest.Put(t, dir, "authz/tables/quotas.rego", text)
	refused := commandtest.Run("policy", "assemble", "built-in", dir, "--out", out)
	refused.Want(t, 1, filepath.Join(dir, "authz/tables/quotas.rego")+":7: the base's table quotas is not the one", "nothing is written")
	if _, err := os.Stat(out); err == nil {
		t.Error("a refused tree was written")
	}
	commandtest.Run("policy", "check", "+"+dir).Want(t, 1, filepath.Join(dir, "authz/tables/quotas.rego")+":7: the base's table")
	digest := regexp.MustCompile(`sha256:[0-9a-f]{64}`).FindString(refused.Out)
	commandtest.Run("policy", "assemble", "built-in", "--digests").Want(t, 0, digest+"  authz.tables.quotas")
	commandtest.Put(t, dir, "authz/tables/quotas.rego", strings.Replace(text, "sha256:0", digest, 1))
	commandtest.Run("policy", "assemble", "built-in", dir, "--out", out).Want(t, 0, out+": ", "revision")
	commandtest.Run("policy", "assemble", "built-in", dir, "--out", out).Want(t, 1, "is not empty")
	commandtest.Run("policy", "check", "built-in+"+dir).Want(t, 0, "the built-in rule book with the overlay "+dir+": no fault")
	written, err := rulebook.ReadFiles(os.DirFS(out))
	if err != nil {
		t.Fatal(err)
	}
	before, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	for name := range before {
		// What the delivered tables and rules come to says nothing of this tree.
		told := strings.HasPrefix(name, "authz/scenarios/") || name == "authz/tables/quotas_test.rego"
		if (written[name] == nil) != told {
			t.Errorf("%s: written %t", name, written[name] != nil)
		}
	}
	if written.Revision() == before.Revision() {
		t.Errorf("got the base's own revision %s", written.Revision())
	}
	// On an assembled tree another overlay may stand.
	second := t.TempDir()
	commandtest.Put(t, second, "authz/tables/masks.rego", strings.Replace(text, "sha256:0", digest, 1))
	commandtest.Run("policy", "assemble", out, second, "--out", filepath.Join(second, "out")).Want(t, 1, "the base's table quotas is not the one")
}
