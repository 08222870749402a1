package policy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/wardgate/wardgate/internal/command/commandtest"
)

// A workflow of the example of a policy repository, as far as it is run here.
type workflow struct {
	Permissions map[string]string
	Env         map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Steps       []struct {
			Name, Run, Uses, If string
			Env                 map[string]string
		}
	}
}

// A repository is a hospital's, with the built wardgate on the path.
type repository struct {
	t    *testing.T
	dir  string
	env  []string
	flow workflow
}

func newRepository(t *testing.T) *repository {
	t.Helper()
	r := &repository{t: t, dir: filepath.Join(t.TempDir(), "repository")}
	if err := os.CopyFS(r.dir, os.DirFS("../../../deploy/policy-repository")); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(r.dir, "policies"), os.DirFS(commandtest.LeanFolder(t))); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(read(t, filepath.Join(r.dir, ".github/workflows/policy.yml")), &r.flow); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "wardgate"), "github.com/wardgate/wardgate/cmd/wardgate")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	commandtest.Put(t, bin, "gh", "#!/bin/sh\necho \"$@\" >>\"$GH_CALLS\"\n")
	if err := os.Chmod(filepath.Join(bin, "gh"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+t.TempDir(), "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org",
		"GH_CALLS="+filepath.Join(bin, "calls"))
	for name, value := range r.flow.Env {
		r.env = append(r.env, name+"="+value)
	}
	r.shell(0, "git init -q -b main && git add -A && git commit -q -m base && git checkout -q -b change")
	return r
}

// shell runs a command in the repository, with more of the environment.
func (r *repository) shell(want int, command string, env ...string) string {
	r.t.Helper()
	c := exec.Command("bash", "-e", "-c", command)
	c.Dir, c.Env = r.dir, append(append([]string{}, r.env...), env...)
	out, err := c.CombinedOutput()
	if err != nil && c.ProcessState == nil || c.ProcessState.ExitCode() != want {
		r.t.Fatalf("%s: got %v, want exit code %d\n%s", command, err, want, out)
	}
	return string(out)
}

// step runs the shell part of a step of the workflow, with its expressions filled in.
func (r *repository) step(job, name string, want int, values map[string]string) string {
	r.t.Helper()
	for _, s := range r.flow.Jobs[job].Steps {
		if s.Name != name {
			continue
		}
		var env []string
		for key, value := range s.Env {
			for expression, known := range values {
				value = strings.ReplaceAll(value, "${{ "+expression+" }}", known)
			}
			if strings.Contains(value, "${{") {
				r.t.Fatalf("%s: %s is unknown: %s", name, key, value)
			}
			env = append(env, key+"="+value)
		}
		return r.shell(want, s.Run, env...)
	}
	r.t.Fatalf("job %s has no step %q", job, name)
	return ""
}

// The example does what it says: a change that is not meant fails, is commented on and
// found at its line; one that is meant passes; main is bundled with the key.
func TestThePolicyRepositoryWorks(t *testing.T) {
	r := newRepository(t)
	for job := range r.flow.Jobs {
		for _, s := range r.flow.Jobs[job].Steps {
			if strings.Contains(s.Run, "${{") {
				t.Errorf("%s: an expression stands in a shell: %s", s.Name, s.Run)
			}
		}
	}
	if r.flow.Permissions["contents"] != "read" || len(r.flow.Permissions) != 1 {
		t.Errorf("permissions: %v", r.flow.Permissions)
	}
	values := map[string]string{
		"github.base_ref": "main", "github.token": "t", "github.repository": "hospital/policy", "github.event.pull_request.number": "7",
	}
	r.shell(0, "git update-ref refs/remotes/origin/main main")
	commandtest.Edit(t, filepath.Join(r.dir, "policies"), "authz/tables/limits.rego", `"wrong_passwords": 3,`, `"wrong_passwords": 4,`)
	commandtest.Edit(t, filepath.Join(r.dir, "policies"), "authz/tables/limits.rego", `"resends": 5,`, `"resends": 4,`)
	r.step("review", "Install", 0, values)
	for _, name := range []string{"Check", "Prove", "Test"} {
		r.step("review", name, 0, values)
	}
	said := r.step("review", "Compare with the base branch", 1, values)
	if !strings.Contains(said, "Changes are not allowed") || !strings.Contains(said, "authz.tables.limits[resends]: 5 becomes 4") {
		t.Errorf("got %s", said)
	}
	if text := string(read(t, filepath.Join(r.dir, "reports/diff.md"))); !strings.Contains(text, "1 of 2 changes not allowed") {
		t.Errorf("got %s", text)
	}
	if text := string(read(t, filepath.Join(r.dir, "reports/diff.sarif"))); !strings.Contains(text, `"uri": "policies/authz/tables/limits.rego"`) {
		t.Errorf("got %s", text)
	}
	r.step("review", "Comment", 0, values)
	if calls := r.shell(0, `cat "$GH_CALLS"`); !strings.Contains(calls, "pr comment 7 --body-file reports/diff.md") {
		t.Errorf("gh was called with %s", calls)
	}
	commandtest.Put(t, r.dir, "allowed.yaml", string(read(t, filepath.Join(r.dir, "allowed.yaml")))+
		"  - {table: authz.tables.limits, row: resends, reason: Fewer mails}\n")
	r.step("review", "Compare with the base branch", 0, values)
	if left := r.shell(0, "git worktree list | wc -l"); strings.TrimSpace(left) != "1" {
		t.Errorf("%s worktrees are left", left)
	}

	private, public := keyPair(t)
	secret := map[string]string{"secrets.POLICY_SIGNING_KEY": string(read(t, private)), "vars.POLICY_KEY_ID": "hospital", "vars.POLICY_SCOPE": "production"}
	r.step("bundle", "Bundle", 0, secret)
	commandtest.Run("policy", "bundle", "--verify", filepath.Join(r.dir, "reports/policy.tar.gz"), "--verification-key", public, "--key-id", "hospital", "--scope", "production").
		Want(t, 0, "signed by  hospital")
	secret["secrets.POLICY_SIGNING_KEY"] = ""
	if said := r.step("bundle", "Bundle", 1, secret); !strings.Contains(said, "SIGNING_KEY") {
		t.Errorf("got %s", said)
	}
	r.shell(2, "ci/policy.sh nonsense")
}
