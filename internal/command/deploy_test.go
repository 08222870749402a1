package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The examples are checked as they stand, but for the secrets that they name.
func TestExampleConfigurationsAreWhole(t *testing.T) {
	secrets := t.TempDir()
	for _, name := range []string{"identity", "sessions", "records", "register", "care"} {
		secret := "wardgate:secret@tcp(127.0.0.1:3306)/" + name + "\n"
		if err := os.WriteFile(filepath.Join(secrets, name+".dsn"), []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob("../../deploy/apart/*.yaml")
	if err != nil || len(files) != 4 {
		t.Fatalf("got %v, %v, want one example for each role", files, err)
	}
	for _, file := range files {
		role := strings.TrimSuffix(filepath.Base(file), ".yaml")
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		example := write(t, role+".yaml", strings.ReplaceAll(string(raw), "dsn_file: /etc/wardgate/", "dsn_file: "+secrets+"/"))
		run("config", "check", example, "--role", role).want(t, 0, "no fault found")
		without := write(t, role+"-apart.yaml", strings.ReplaceAll(string(raw), "key_file: ", "# key_file: "))
		run("config", "check", without, "--role", role).want(t, 1)
	}
}

func TestRolesOnTheCommandLine(t *testing.T) {
	run("run").want(t, 2, "role")
	run("run", "doctor").want(t, 1, `role "doctor"`)
	run("run", "engine").want(t, 1, "nobody could ask an engine alone")
	run("run", "pep", "--data", t.TempDir()).want(t, 1, "pdp.url", "records.url", "inference.url", "certificates.folder", "assertion.key_file")
	run("config", "check", write(t, "x.yaml", "data: x\n"), "--role", "doctor").want(t, 1, `role "doctor"`)
}
