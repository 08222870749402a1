package command_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestReadmeWalk runs the walk's commands as the README has them, in a copy of
// the repository, on free ports.
func TestReadmeWalk(t *testing.T) {
	for _, program := range []string{"bash", "curl", "make"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("NOT RUN: the README's walk needs %s", program)
		}
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	script := "set -eu\n"
	for _, block := range shellBlock.FindAllStringSubmatch(string(readme), -1) {
		script += block[1]
	}
	env := os.Environ()
	for _, p := range []struct{ key, address string }{
		{"WARDGATE_PEP_LISTEN", "127.0.0.1:8080"},
		{"WARDGATE_PDP_LISTEN", "127.0.0.1:8181"},
		{"WARDGATE_EXTAUTH_LISTEN", "127.0.0.1:9191"},
		{"WARDGATE_OPERATIONS_LISTEN", "127.0.0.1:9464"},
	} {
		free := freeAddress(t)
		script = strings.ReplaceAll(script, p.address, free)
		env = append(env, p.key+"="+free)
	}
	dir := copyRepository(t)
	run := exec.Command("bash", "-c", script)
	run.Dir, run.Env = dir, env
	out, err := run.CombinedOutput()
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "wardgate.log"))
		t.Fatalf("%v\n%s\n%s", err, out, log)
	}
	for _, want := range []string{
		`"items":[`, `"allergies"`, `"reasons":["not_your_patient"]`, `"reasons":["role_forbidden"]`,
		`"payments"`, "no fault", "revision", "patient.read", "the chain is whole",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the walk does not show %s:\n%s", want, out)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr())
}

// copyRepository copies what a build needs.
func copyRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"Makefile", "go.mod", "go.sum"} {
		raw, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"cmd", "deploy", "internal", "inference", "pdp", "pep", "pip", "policies", "records"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("../..", name))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
