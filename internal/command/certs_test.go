package command_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command/commandtest"
	"github.com/wardgate/wardgate/internal/mtls"
)

func TestCertsMakeWhatEveryRoleNeeds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	got := commandtest.Run("certs", "--out", dir, "--name", "pdp=pdp.hospital.test,192.0.2.7", "--name", "pep=ward.hospital.test", "--output", "json")
	if got.Code != 0 {
		t.Fatalf("got %d: %s", got.Code, got.Err)
	}
	var files []struct{ File, For string }
	if err := json.Unmarshal([]byte(got.Out), &files); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		info, err := os.Stat(f.File)
		if err != nil || info.Mode().Perm() != 0o600 || f.For == "" {
			t.Errorf("%s: mode %v, %q, %v, want 0600 and whom it is for", f.File, info.Mode(), f.For, err)
		}
	}
	for _, role := range []string{"pep", "pdp", "records", "inference"} {
		if _, err := mtls.Load(role, mtls.In(dir, role)); err != nil {
			t.Errorf("%s: %v", role, err)
		}
	}
	pdp, err := mtls.Load("pdp", mtls.In(dir, "pdp"))
	if err != nil {
		t.Fatal(err)
	}
	svid, err := pdp.GetX509SVID()
	if err != nil {
		t.Fatal(err)
	}
	if leaf := svid.Certificates[0]; !slices.Equal(leaf.DNSNames, []string{"pdp.hospital.test"}) || leaf.VerifyHostname("192.0.2.7") != nil {
		t.Errorf("got names %v %v", leaf.DNSNames, leaf.IPAddresses)
	}
	secret, err := os.ReadFile(filepath.Join(dir, "assertion.key"))
	if err != nil || len(secret) != 32 {
		t.Errorf("assertion key: %d bytes, %v, want 32", len(secret), err)
	}
}

func TestCertsOverwriteNothing(t *testing.T) {
	dir := t.TempDir()
	theirs := filepath.Join(dir, "records.key")
	if err := os.WriteFile(theirs, []byte("theirs"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := commandtest.Run("certs", "--out", dir)
	if got.Code != 1 || !strings.Contains(got.Err, "records.key exists and is not overwritten") {
		t.Errorf("got %d: %s", got.Code, got.Err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("%d files, %v: a refused run left files behind", len(left), err)
	}
	if raw, err := os.ReadFile(theirs); err != nil || string(raw) != "theirs" {
		t.Errorf("the file is %q, %v", raw, err)
	}
}

// Renewed certificates are believed by those that hold the earlier authority.
func TestCertsAreRenewedUnderTheSameAuthority(t *testing.T) {
	first, second := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	for _, args := range [][]string{{"certs", "--out", first}, {"certs", "--out", second, "--authority", first}} {
		if got := commandtest.Run(args...); got.Code != 0 {
			t.Fatalf("%v: got %d: %s", args, got.Code, got.Err)
		}
	}
	mixed := mtls.In(second, "records")
	mixed.Authority = filepath.Join(first, "ca.pem")
	if _, err := mtls.Load("records", mixed); err != nil {
		t.Error(err)
	}
	for _, secret := range []string{"ca.key", "assertion.key"} {
		if _, err := os.Stat(filepath.Join(second, secret)); err == nil {
			t.Errorf("a renewal made another %s", secret)
		}
	}
}

func TestCertsRefuseWhatMakesNoSense(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "certs")
	got := commandtest.Run("certs", "--out", dir, "--name", "records=a b", "--name", "doctor=x", "--days", "0")
	for _, want := range []string{`--name records: "a b" is neither`, "--name doctor: expected one of", "--days: expected"} {
		if !strings.Contains(got.Err, want) {
			t.Errorf("got %d: %s, want it to say %q", got.Code, got.Err, want)
		}
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("a refused run made the folder")
	}
	if got := commandtest.Run("certs"); got.Code != 2 {
		t.Errorf("without --out: got %d, want 2", got.Code)
	}
}
