package version_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/version"
)

func TestAProgramThatIsNotStampedIsADevelopersBuild(t *testing.T) {
	if got := version.Get(); os.Getenv(stampedVariable) == "" && (got.Version != version.Devel || got.Go != runtime.Version() || got.Commit == "") {
		t.Errorf("got %+v", got)
	}
}

// stampedVariable has the test binary say what it was stamped with.
const stampedVariable = "WARDGATE_VERSION_STAMPED"

// The linker sets a variable by its name, and says nothing where there is none
// of that name: the flag of the Makefile is tried out.
func TestTheBuildStampsTheVersion(t *testing.T) {
	if want := os.Getenv(stampedVariable); want != "" {
		if got := version.Get(); got.Version != want || got.Commit != want {
			t.Errorf("got %+v, want %s", got, want)
		}
		return
	}
	recipe, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, flags, found := strings.Cut(string(recipe), "\nSTAMP := ")
	flags, _, _ = strings.Cut(flags, "\n")
	if !found {
		t.Fatal("the Makefile stamps nothing")
	}
	flags = strings.NewReplacer("$(VERSION)", "v9.8.7", "$(COMMIT)", "v9.8.7").Replace(flags)
	c := exec.Command("go", "test", "-count=1", "-ldflags", flags, "-run", "^"+t.Name()+"$", ".")
	c.Env = append(os.Environ(), stampedVariable+"=v9.8.7")
	if said, err := c.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", flags, err, said)
	}
}

func ExampleInfo() {
	fmt.Println(version.Info{Version: "v1.2.3", Commit: "0123abc", Go: "go1.26"})
	// Output: wardgate v1.2.3 (commit 0123abc, go1.26)
}
