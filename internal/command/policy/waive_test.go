package policy_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/command/commandtest"
)

// Two people waive an invariant that an overlay breaks, each by a command line.
func TestPolicyWaive(t *testing.T) {
	officerKey, officer := keyPair(t)
	headKey, head := keyPair(t)
	dir := t.TempDir()
	threshold, err := os.ReadFile("../../../policies/authz/tables/thresholds.rego")
	if err != nil {
		t.Fatal(err)
	}
	text := string(threshold)
	text = text[strings.Index(text, "thresholds := {"):]
	text = strings.Replace(text[:strings.Index(text, "\n}\n")+3], `"elevation_seconds": 300,`, `"elevation_seconds": 30000,`, 1)
	refused := "package authz.tables\n\n# METADATA\n# custom: {replaces: \"DIGEST\"}\n" + text
	all := commandtest.Run("policy", "assemble", "built-in", "--digests").Out
	digest := strings.Fields(all[:strings.Index(all, "  authz.tables.thresholds")])
	commandtest.Put(t, dir, "authz/tables/thresholds.rego", strings.Replace(refused, "DIGEST", digest[len(digest)-1], 1))

	book := "+" + dir
	end := time.Now().AddDate(0, 1, 0).Format(time.DateOnly)
	names := []string{"never/long_elevation", "never/old_step_up"}
	for _, name := range names {
		sign := []string{"policy", "waive", name, "--overlay", dir}
		commandtest.Run(append(sign, "--signing-key", headKey, "--key-id", "head")...).Want(t, 1, "expected --reason and --until")
		commandtest.Run(append(sign, "--signing-key", officerKey, "--key-id", "officer", "--reason", "slow tokens", "--until", end)...).
			Want(t, 0, "signed by 1 of 2: slow tokens")
	}
	keys := []string{"--waiver-key", "officer=" + officer, "--waiver-key", "head=" + head}
	commandtest.Run(append([]string{"policy", "prove", book}, keys...)...).Want(t, 1, "refuted: never long_elevation", "it has 1 of 2 signatures")
	for _, name := range names {
		commandtest.Run("policy", "waive", name, "--overlay", dir, "--signing-key", headKey, "--key-id", "head").
			Want(t, 0, "signed by 2 of 2: slow tokens")
	}
	commandtest.Run(append([]string{"policy", "prove", book}, keys...)...).Want(t, 0, "waived until "+end+", signed by head, officer: slow tokens")
	commandtest.Run(append([]string{"policy", "check", book}, keys...)...).Want(t, 0, filepath.Join("invariants", "never", "long_elevation.rego"), "waived until "+end, "no fault")
	commandtest.Run("policy", "check", book).Want(t, 1, "does not count", `no key is known by the id "head"`)
	commandtest.Run("policy", "waive", "never/mine", "--overlay", dir, "--signing-key", headKey, "--key-id", "head", "--reason", "x", "--until", end).
		Want(t, 1, "no invariant never/mine comes with Wardgate")
}
