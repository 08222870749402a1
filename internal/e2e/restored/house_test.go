package restored_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

var template string

// filled is a data folder with the demo's hospital, which is made once.
func filled(t *testing.T) string {
	t.Helper()
	if template == "" {
		dir, err := os.MkdirTemp("", "wardgate-filled-")
		if err != nil {
			t.Fatal(err)
		}
		template = filepath.Join(dir, "var")
		rig.New(t, func(c *config.Config) { c.Data = template }).Stop()
	}
	return template
}

// keepSecrets gives files the modes that copying took from them.
func keepSecrets(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return errors.Join(err, os.Chmod(path, 0o700))
		}
		return os.Chmod(path, 0o600)
	})
}

// A house is one data folder that Wardgate is started on again and again.
type house struct {
	t      *testing.T
	config config.Config
	*rig.World
}

func newHouse(t *testing.T, change func(*config.Config)) *house {
	t.Helper()
	h := &house{t: t, config: rig.Config(filepath.Join(t.TempDir(), "var"))}
	if err := errors.Join(os.CopyFS(h.config.Data, os.DirFS(filled(t))), keepSecrets(h.config.Data)); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&h.config)
	}
	h.start()
	return h
}

func (h *house) start() {
	h.t.Helper()
	h.World = rig.New(h.t, func(c *config.Config) { *c = h.config })
}

// A copy is what stood in files at one moment.
type copied map[string][]byte

// copyOf takes a copy of databases with their logs.
func (h *house) copyOf(databases ...string) copied {
	h.t.Helper()
	c := copied{}
	for _, name := range databases {
		for _, file := range []string{name, name + "-wal"} {
			raw, err := os.ReadFile(filepath.Join(h.config.Data, file))
			if err == nil {
				c[file] = raw
			} else if !errors.Is(err, os.ErrNotExist) {
				h.t.Fatal(err)
			}
		}
	}
	return c
}

// putBack puts a copy in the place of what is there now. Nothing may run.
func (h *house) putBack(c copied) {
	h.t.Helper()
	for file := range c {
		name := strings.TrimSuffix(file, "-wal")
		for _, old := range []string{name, name + "-wal", name + "-shm"} {
			if err := os.Remove(filepath.Join(h.config.Data, old)); err != nil && !errors.Is(err, os.ErrNotExist) {
				h.t.Fatal(err)
			}
		}
	}
	for file, raw := range c {
		if err := os.WriteFile(filepath.Join(h.config.Data, file), raw, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
}

// journalled are the actions of the journal's records about databases.
func (h *house) journalled() []string {
	h.t.Helper()
	var actions []string
	for r, err := range reader.Query(h.t.Context(), filepath.Join(h.config.Data, "journal"), reader.Filter{Kind: pip.KindSystem}) {
		if err != nil {
			h.t.Fatal(err)
		}
		if strings.HasPrefix(r.Event.Action, "database.") && r.Event.Action != "database.digest" {
			actions = append(actions, r.Event.Action)
		}
	}
	return actions
}

// wantSaid checks that what happened to the databases is said everywhere.
func (h *house) wantSaid() {
	h.t.Helper()
	if h.Condition("databases") != "restored" || !h.Degraded("databases") {
		h.t.Errorf("readyz says %s", h.Condition("databases"))
	}
	if n := h.Metric("wardgate_databases_restored_total"); n != "1" {
		h.t.Errorf("the metric says %q", n)
	}
	if !strings.Contains(h.Logs.String(), "databases lie behind") {
		h.t.Error("the log says nothing")
	}
	if got := h.journalled(); !slices.Contains(got, "database.behind") || !slices.Contains(got, "database.restored") {
		h.t.Errorf("the journal has %v", got)
	}
}

// wantUnsaid checks that nothing was found wrong.
func (h *house) wantUnsaid() {
	h.t.Helper()
	if h.Condition("databases") != "current" || h.Metric("wardgate_databases_restored_total") != "0" || len(h.journalled()) > 0 {
		h.t.Errorf("something is said about databases that are whole: %s %v", h.Condition("databases"), h.journalled())
	}
}
