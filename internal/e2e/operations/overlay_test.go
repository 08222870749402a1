package operations_test

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pdp/engine/bundle/bundletest"
)

// example is the overlay that the documentation shows: nurses see bills.
const example = "../../../deploy/overlay"

// An overlay serves on the built-in book, and is followed as it is edited. One that
// does not go with its base changes nothing.
func TestAnOverlayServesAndIsFollowed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "overlay")
	if err := os.CopyFS(dir, os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	w := rig.New(t, func(c *config.Config) { c.Policy.Overlay = dir })
	nurse := w.As("nurse")
	bills := "/api/patients/" + nurse.Items("/api/patients")[0].ID + "/bills"
	nurse.Get(bills).Is(200)
	_, first := w.Ready()

	rights := filepath.Join(dir, "authz", "tables", "rights.rego")
	good, err := os.ReadFile(rights)
	if err != nil {
		t.Fatal(err)
	}
	rig.EditFile(t, rights, "sha256:", "sha256:0")
	rig.Until(t, "the refusal is told", func() bool { _, r := w.Ready(); return r.Policy.Refused != nil })
	status, r := w.Ready()
	if status != 200 || !strings.Contains(r.Policy.Refused.Error, "authz/tables/rights.rego:8: the base's table rights is not the one") {
		t.Errorf("got %d %+v", status, r.Policy.Refused)
	}
	nurse.Get(bills).Is(200)

	write(t, rights, bytes.Replace(good, []byte(`"Billing and Finance": {"nurse": "department", `), []byte(`"Billing and Finance": {`), 1))
	if err := os.Remove(filepath.Join(dir, "authz", "tables", "rights_test.rego")); err != nil {
		t.Fatal(err)
	}
	rig.Until(t, "the edit is in force", func() bool {
		_, r := w.Ready()
		return r.Policy.Refused == nil && r.Policy.Revision != first.Policy.Revision
	})
	nurse.Get(bills).Denied(403, "role_forbidden")
}

// A start with an overlay that does not go with its base names everything that is wrong
// with it, and leaves no data folder.
func TestAStartRefusesAnOverlayWithAllOfItsFaults(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "overlay")
	if err := os.CopyFS(dir, os.DirFS(example)); err != nil {
		t.Fatal(err)
	}
	rig.EditFile(t, filepath.Join(dir, "authz", "tables", "rights.rego"), "sha256:", "sha256:0")
	write(t, filepath.Join(dir, "authz", "authz.rego"), []byte("package authz\n"))
	write(t, filepath.Join(dir, "authz", "tables", "more.rego"), []byte("package authz.tables\n\nhours := {\n"))
	c := rig.Config(filepath.Join(t.TempDir(), "var"))
	c.Policy.Overlay = dir
	_, err := process.New(t.Context(), c, slog.New(slog.DiscardHandler))
	for _, want := range []string{"authz/authz.rego: ", "authz/tables/more.rego: ", "authz/tables/rights.rego:8: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := os.Stat(c.Data); !os.IsNotExist(err) {
		t.Errorf("there is a data folder: %v", err)
	}
}

// From the folder to the ward: assembled, tested by the stock program, checked,
// proved, signed, delivered, and a nurse sees bills.
func TestAnOverlayIsShipped(t *testing.T) {
	dir := t.TempDir()
	ours := filepath.Join(dir, "ours")
	wardgate(t, "policy", "assemble", "built-in", example, "--out", ours)
	if out, err := exec.Command("go", "tool", "opa", "test", ours).CombinedOutput(); err != nil {
		t.Fatalf("opa test: %v\n%s", err, out)
	}
	signing, verifying := bundletest.NewPair(t).Files(t)
	packed := filepath.Join(dir, "bundle.tar.gz")
	// It checks, tests and proves what it signs.
	wardgate(t, "policy", "bundle", "--policies", "built-in+"+example, "--signing-key", signing, "--key-id", "hospital", "--out", packed)

	w := rig.New(t, func(c *config.Config) {
		c.Policy.BundleFile, c.Policy.VerificationKeys = packed, []string{"hospital=" + verifying}
	})
	nurse := w.As("nurse")
	nurse.Get("/api/patients/" + nurse.Items("/api/patients")[0].ID + "/bills").Is(200)
}

// wardgate runs a command line that succeeds.
func wardgate(t *testing.T, args ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := command.Run(args, &out, &errs, nil); code != 0 {
		t.Fatalf("wardgate %s: exit code %d\n%s%s", strings.Join(args, " "), code, out.String(), errs.String())
	}
}
