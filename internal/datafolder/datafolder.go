// Package datafolder is the folder that holds everything that a process keeps:
// locked for it alone, of a known layout, and whole.
package datafolder

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// format is the version of the data folder's layout.
const format = 1

// A Folder holds everything that a process keeps, locked for it alone.
type Folder struct {
	dir   string
	lock  *os.File
	Fresh bool // it was made just now
}

type marker struct {
	Format int  `json:"format"`
	Demo   bool `json:"demo"`
}

// Open locks the folder, makes it when there is none, and refuses one of
// another version, of another kind, or in use.
func Open(dir string, demo bool) (*Folder, error) {
	d, err := Claim(dir)
	if err != nil {
		return nil, err
	}
	if err := d.readMarker(demo); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Claim locks the folder, whatever its kind, and makes it when there is none.
func Claim(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := refuseOthers(dir); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	d := &Folder{dir: dir, lock: lock}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("data folder %s is in use by another wardgate; stop it, or name another folder with --data", dir), lock.Close())
	}
	return d, nil
}

func (d *Folder) readMarker(demo bool) error {
	file := d.Path("wardgate.json")
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
	case m.Format != format:
		return fmt.Errorf("data folder %s has format %d, and this program reads format %d; use the program that wrote it, or name another folder with --data",
			d.dir, m.Format, format)
	case m.Demo && !demo:
		return fmt.Errorf("data folder %s holds the demo hospital; start with --demo, or name another folder with --data", d.dir)
	case !m.Demo && demo:
		return fmt.Errorf("data folder %s does not hold the demo hospital; start without --demo, or name another folder with --data", d.dir)
	}
	return nil
}

// refuseOthers leaves a folder alone that holds something, but no marker of
// ours.
func refuseOthers(dir string) error {
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
func (d *Folder) begin(file string, demo bool) error {
	raw, err := json.Marshal(marker{Format: format, Demo: demo})
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	d.Fresh = true
	if err := os.WriteFile(file, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// Whole refuses a folder that has served and has lost a part since. A part that
// was silently begun anew would forget revocations, or deny what was done.
func (d *Folder) Whole(kept []string) error {
	if d.Fresh {
		return nil
	}
	var lost []string
	for _, name := range kept {
		if found, err := filepath.Glob(d.Path(filepath.FromSlash(name))); err != nil || len(found) == 0 {
			lost = append(lost, name)
		}
	}
	if len(lost) > 0 {
		return fmt.Errorf("data folder %s has lost %s; restore it from a backup, or, if it never served, delete the folder and start again",
			d.dir, strings.Join(lost, ", "))
	}
	return nil
}

// Path is where something lies in the folder.
func (d *Folder) Path(elements ...string) string {
	return filepath.Join(append([]string{d.dir}, elements...)...)
}

// Close gives the folder free.
func (d *Folder) Close() error { return d.lock.Close() }
