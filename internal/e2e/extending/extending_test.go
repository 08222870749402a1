// Package extending_test applies the worked diffs of docs/extending to a copy of
// the repository, and runs what they add.
package extending_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }

// book is the rule book with a worked diff, which has no fault and passes its
// own tests.
func book(t *testing.T, diff string) string {
	t.Helper()
	policies := filepath.Join(changed(t, diff, "policies"), "policies")
	// What the delivered rules come to is written in scenarios, which a change changes.
	if err := os.RemoveAll(filepath.Join(policies, "authz", "scenarios")); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"check", "test"} {
		if code, said := rig.Command("policy", what, policies); code != 0 {
			t.Fatalf("policy %s: %d\n%s", what, code, said)
		}
	}
	return policies
}

func TestRole(t *testing.T) { book(t, "role.diff") }

func TestRule(t *testing.T) {
	w := rig.New(t, func(c *config.Config) { c.Policies = book(t, "rule.diff") })
	doctor := w.As("doctor").SteppedUp()
	order := "/api/patients/" + doctor.Items("/api/patients")[0].ID + "/services"
	doctor.Post(order, map[string]string{"treatment_details": "rest"}).Is(201)
	doctor.Via = "127.0.0.2" // no network of the hospital's
	doctor.Post(order, map[string]string{"treatment_details": "rest"}).Denied(403, "off_site_change")
}

func TestRoute(t *testing.T) {
	imaging := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "the model "+r.URL.Path)
	}))
	defer imaging.Close()
	w := rig.New(t, func(c *config.Config) {
		c.Policies, c.Applications = book(t, "route.diff"), rig.At("imaging", imaging.URL)
	})
	w.Anonymous().Get("/imaging/models/chest").Is(401)
	w.As("patient").Get("/imaging/models/chest").Denied(403, "role_forbidden")
	if a := w.As("doctor").Get("/imaging/models/chest").Is(200); string(a.Body) != "the model /imaging/models/chest" {
		t.Errorf("got %s", a.Body)
	}
}

// run writes what is generated, runs the Go tests that a worked diff adds, and
// builds the program with it, which finds no fault in the rule book.
func run(t *testing.T, diff string, packages ...string) {
	t.Helper()
	tree := changed(t, diff)
	for _, args := range [][]string{
		{"generate", "./internal/points"},
		append([]string{"vet"}, packages...),
		append([]string{"test"}, packages...),
		{"run", "./cmd/wardgate", "policy", "check", "policies"},
	} {
		c := exec.Command("go", args...)
		c.Dir = tree
		c.Env = append(os.Environ(), "GOFLAGS=-trimpath") // the cache of builds knows no folder then
		if said, err := c.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, said)
		}
	}
}

func TestInformationPoint(t *testing.T) {
	run(t, "information-point.diff", "./pip/duty", "./internal/points/...")
}

func TestObligation(t *testing.T) { run(t, "obligation.diff", "./pep/obligation") }

func TestSecondFactor(t *testing.T) {
	run(t, "second-factor.diff", "./pip/identity/otpserver")
}

func TestStore(t *testing.T) {
	run(t, "store.diff", "./pip/audit/webanchor", "./internal/config", "./internal/process")
}

// The page says of each diff which files it touches: as many as it does.
func TestThePageCountsTheFilesOfEachDiff(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs/extending.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| [^|]+ \| ([^|]+) \|.*\(extending/([a-z-]+\.diff)\)`).FindAllStringSubmatch(string(page), -1) {
		rows[m[2]] = m[1]
	}
	diffs, err := filepath.Glob(filepath.Join(root, "docs/extending/*.diff"))
	if err != nil || len(diffs) == 0 || len(rows) != len(diffs) {
		t.Fatalf("%d diffs, %d rows of the page: %v", len(diffs), len(rows), err)
	}
	for _, file := range diffs {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list, err := parse(string(raw))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := rows[filepath.Base(file)], fmt.Sprint(len(list)); got != want {
			t.Errorf("%s touches %s files, the page says %q", filepath.Base(file), want, got)
		}
	}
}
