package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// dataFormat is the version of the data folder's layout.
const dataFormat = 1

// A dataFolder holds everything that a process keeps, locked for it alone.
type dataFolder struct {
	dir   string
	lock  *os.File
	fresh bool // it was made just now
}

type marker struct {
	Format int  `json:"format"`
	Demo   bool `json:"demo"`
}

// openData locks the folder, makes it when there is none, and refuses one of
// another version, of another kind, or in use.
func openData(dir string, demo bool) (*dataFolder, error) {
	d, err := claimData(dir)
	if err != nil {
		return nil, err
	}
	if err := d.readMarker(demo); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// claimData locks the folder, whatever its kind, and makes it when there is none.
func claimData(dir string) (*dataFolder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := refuseForeign(dir); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	d := &dataFolder{dir: dir, lock: lock}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("data folder %s is in use by another wardgate; stop it, or name another folder with --data", dir), lock.Close())
	}
	return d, nil
}

func (d *dataFolder) readMarker(demo bool) error {
	file := d.path("wardgate.json")
	raw, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return d.begin(file, demo)
	}
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	var m marker
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("data folder %s: wardgate.json is not readable; restore it from a backup", d.dir)
	}
	switch {
	case m.Format != dataFormat:
		return fmt.Errorf("data folder %s has format %d, and this program reads format %d; use the program that wrote it, or name another folder with --data",
			d.dir, m.Format, dataFormat)
	case m.Demo && !demo:
		return fmt.Errorf("data folder %s holds the demo hospital; start with --demo, or name another folder with --data", d.dir)
	case !m.Demo && demo:
		return fmt.Errorf("data folder %s does not hold the demo hospital; start without --demo, or name another folder with --data", d.dir)
	}
	return nil
}

// refuseForeign leaves a folder alone that holds something, but no marker of
// ours.
func refuseForeign(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "wardgate.json")); err == nil {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	for _, e := range entries {
		if e.Name() != "lock" {
			return fmt.Errorf("folder %s is not empty and is no data folder of Wardgate; name an empty one with --data", dir)
		}
	}
	return nil
}

// begin marks a new folder.
func (d *dataFolder) begin(file string, demo bool) error {
	raw, err := json.Marshal(marker{Format: dataFormat, Demo: demo})
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	d.fresh = true
	if err := os.WriteFile(file, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// whole refuses a folder that has served and has lost a part since. A part that
// was silently begun anew would forget revocations, or deny what was done.
func (d *dataFolder) whole(kept []string) error {
	if d.fresh {
		return nil
	}
	var lost []string
	for _, name := range kept {
		if found, err := filepath.Glob(d.path(filepath.FromSlash(name))); err != nil || len(found) == 0 {
			lost = append(lost, name)
		}
	}
	if len(lost) > 0 {
		return fmt.Errorf("data folder %s has lost %s; restore it from a backup, or, if it never served, delete the folder and start again",
			d.dir, strings.Join(lost, ", "))
	}
	return nil
}

// keyPath is where a secret key lies.
func (a *Process) keyPath(elements ...string) string {
	if a.config.Keys.Folder != "" {
		return filepath.Join(append([]string{a.config.Keys.Folder}, elements...)...)
	}
	return a.data.path(append([]string{"keys"}, elements...)...)
}

func (d *dataFolder) path(elements ...string) string {
	return filepath.Join(append([]string{d.dir}, elements...)...)
}

// Close gives the folder free.
func (d *dataFolder) Close() error { return d.lock.Close() }
