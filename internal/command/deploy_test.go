package command_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/command/commandtest"
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
		example := commandtest.Write(t, role+".yaml", strings.ReplaceAll(string(raw), "dsn_file: /etc/wardgate/", "dsn_file: "+secrets+"/"))
		commandtest.Run("config", "check", "--no-files", example, "--role", role).Want(t, 0, "no fault found")
		without := commandtest.Write(t, role+"-apart.yaml", strings.ReplaceAll(string(raw), "key_file: ", "# key_file: "))
		commandtest.Run("config", "check", "--no-files", without, "--role", role).Want(t, 1)
	}
}

// The worked application is one that a server starts with, and its rows go with the book; that
// they prove, and do what they are for, is for the browser to see.
func TestTheWorkedApplicationIsWhole(t *testing.T) {
	const dir = "../../deploy/imaging/"
	commandtest.Run("config", "check", "--no-files", dir+"wardgate.yaml").Want(t, 0, "no fault found")
	commandtest.Run("policy", "assemble", "built-in", dir+"overlay", "--out", t.TempDir()+"/book").Want(t, 0)
}

func TestRolesOnTheCommandLine(t *testing.T) {
	commandtest.Run("run").Want(t, 2, "role")
	commandtest.Run("run", "doctor").Want(t, 1, `role "doctor"`)
	commandtest.Run("run", "engine").Want(t, 1, "no enforcement point could ask an engine alone")
	commandtest.Run("run", "pep", "--data", t.TempDir()).Want(t, 1, "pdp.url", "records.url", "inference.url", "certificates.folder", "assertion.key_file")
	commandtest.Run("config", "check", commandtest.Write(t, "x.yaml", "data: x\n"), "--role", "doctor").Want(t, 1, `role "doctor"`)
}
