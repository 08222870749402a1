package operations_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/longrun"
	"github.com/wardgate/wardgate/internal/process"
)

var errPower = errors.New("the power is cut")

// A cut ends the power before the n-th step, and knows what was not forced to the
// disk until then.
type cut struct {
	mu      sync.Mutex
	left    int
	content map[string]bool   // written, and not forced
	names   map[string][]byte // given in folders that were not forced; what was there before, nil for nothing
	last    string
}

func (c *cut) step(step, path string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 {
		return errPower
	}
	c.left--
	c.last = step + " " + path
	switch step {
	case "write":
		c.content[path] = true
	case "sync":
		delete(c.content, path)
	case "rename", "link":
		before, err := os.ReadFile(path)
		if err != nil {
			before = nil
		}
		c.names[path] = before
	case "sync folder":
		for name := range c.names {
			if filepath.Dir(name) == path {
				delete(c.names, name)
			}
		}
	}
	return nil
}

// lose leaves what a power cut leaves: no content that was not forced, and of
// names either the new or the old.
func (c *cut) lose(t *testing.T, names bool) {
	t.Helper()
	for path := range c.content {
		if err := os.Truncate(path, 0); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if !names {
		return
	}
	for path, before := range c.names {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if before != nil {
			if err := os.WriteFile(path, before, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Wherever the power is cut in the first start, the next one completes it, and
// what it made must be there from then on.
func TestAFirstStartThatIsCutIsCompleted(t *testing.T) {
	every := longrun.Times(13, 1) // a write has five or six steps: each is met
	for n := 0; ; n += every {
		c := rig.Config(filepath.Join(t.TempDir(), "var"))
		c.Demo = false
		power := &cut{left: n, content: map[string]bool{}, names: map[string][]byte{}}
		undo := durable.CutPower(power.step)
		err := start(c)
		undo()
		if err == nil {
			if n < 60 {
				t.Errorf("the first start takes %d steps, and was expected to make more files", n)
			}
			return
		}
		if !strings.Contains(err.Error(), errPower.Error()) {
			t.Fatalf("cut after %d steps: got %v", n, err)
		}
		power.lose(t, n/every%2 == 0)
		if err := start(c); err != nil {
			t.Fatalf("after a cut behind step %d (%s): %v", n, power.last, err)
		}
		if err := process.VerifyData(&c); err != nil {
			t.Fatalf("after a cut behind step %d (%s): %v", n, power.last, err)
		}
	}
}

// The invented hospital that was filled in, and not marked as such, is taken up.
func TestADemoThatIsCutIsCompleted(t *testing.T) {
	c := rig.Config(filepath.Join(t.TempDir(), "var"))
	undo := durable.CutPower(func(_, path string) error {
		if filepath.Base(path) == "demo-filled" {
			return errPower
		}
		return nil
	})
	err := start(c)
	undo()
	if err == nil || !strings.Contains(err.Error(), errPower.Error()) {
		t.Fatalf("got %v, want the cut", err)
	}
	for range 2 {
		if err := start(c); err != nil {
			t.Fatal(err)
		}
	}
	w := rig.New(t, func(fresh *config.Config) { *fresh = c })
	if got := w.As("doctor").Items("/api/patients"); len(got) == 0 {
		t.Error("the doctor has no patients")
	}
}
