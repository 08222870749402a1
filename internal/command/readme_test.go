package command_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
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
	env := append(os.Environ(), "WARDGATE_LIMITS_DECISION_MILLISECONDS=10000") // a busy machine decides as an idle one
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
	out, err := walked(t, script, dir, env)
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

// walked runs a script whose loops wait for a server, and ends both where one of them
// waits for a server that is not there any more.
func walked(t *testing.T, script, dir string, env []string) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	run := exec.CommandContext(ctx, "bash", "-c", script)
	run.Dir, run.Env = dir, env
	run.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	run.Cancel = func() error { return syscall.Kill(-run.Process.Pid, syscall.SIGKILL) }
	return run.CombinedOutput()
}

// freeAddress has a port below those that a system gives to connections: one of them
// could take it before the program that is built meanwhile does.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000)))
		if err != nil {
			continue
		}
		defer l.Close()
		return fmt.Sprint(l.Addr())
	}
	t.Fatal("no port is free")
	return ""
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
