// Package datafolder is the folder that holds everything that a process keeps:
// locked for it alone, of a known layout, and whole. A signed manifest in it says
// what must be there; a file that is on it and is lost, emptied or another one is
// refused by its name, and never made anew.
package datafolder

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/wardgate/wardgate/internal/durable"
)

// format is the version of the data folder's layout.
const format = 1

// A Folder holds everything that a process keeps, locked for it alone.
type Folder struct {
	dir    string
	lock   *os.File
	marker marker
	listed *manifest // nil before the first start was complete
	begun  bool      // it was made just now, or its first start was cut short
}

// Begun reports whether the folder was made just now, or its first start was cut
// short: nothing in it has served.
func (d *Folder) Begun() bool { return d.begun }

const markerName = "wardgate.json"

// A marker says what a folder is. A folder with neither Begun nor Key was made
// before there were manifests.
type marker struct {
	Format int    `json:"format"`
	Demo   bool   `json:"demo"`
	Begun  bool   `json:"begun,omitempty"` // its first start is not complete
	Key    string `json:"manifest_key,omitempty"`
}

// Open locks the folder, makes it when there is none, and refuses one of
// another version, of another kind, or in use.
func Open(dir string, demo bool) (*Folder, error) {
	d, err := Claim(dir)
	if err != nil {
		return nil, err
	}
	err = d.readMarker()
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = d.begin(demo)
	case err == nil:
		err = errors.Join(d.refuseKind(demo), d.giveRoom())
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Examine locks a folder that is there, whatever its kind.
func Examine(dir string) (*Folder, error) {
	if _, err := os.Stat(filepath.Join(dir, markerName)); err != nil {
		return nil, fmt.Errorf("%s is no data folder of Wardgate; name one with --data", dir)
	}
	d, err := Claim(dir)
	if err != nil {
		return nil, err
	}
	if err := d.readMarker(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// Demo reports whether the folder holds the invented hospital.
func (d *Folder) Demo() bool { return d.marker.Demo }

// HoldsDemo reports whether dir is a data folder with the invented hospital. It locks
// nothing: a server may use the folder.
func HoldsDemo(dir string) bool {
	d := &Folder{dir: dir}
	return d.readMarker() == nil && d.Demo()
}

// Claim locks the folder, whatever its kind, and makes it when there is none.
func Claim(dir string) (*Folder, error) {
	if err := durable.MkdirAll(dir, 0o700); err != nil {
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
	if err := durable.Sweep(dir); err != nil {
		return nil, errors.Join(fmt.Errorf("data folder: %w", err), d.Close())
	}
	return d, nil
}

func (d *Folder) readMarker() error {
	raw, err := os.ReadFile(d.Path(markerName))
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	var m marker
	if err := json.Unmarshal(raw, &m); err != nil {
		return fmt.Errorf("data folder %s: wardgate.json is not readable; restore it from a backup", d.dir)
	}
	if m.Format != format {
		return fmt.Errorf("data folder %s has format %d, and this program reads format %d; use the program that wrote it, or name another folder with --data",
			d.dir, m.Format, format)
	}
	d.marker, d.begun = m, m.Begun
	return nil
}

func (d *Folder) refuseKind(demo bool) error {
	switch {
	case d.marker.Demo && !demo:
		return fmt.Errorf("data folder %s holds the demo hospital; start with --demo, or name another folder with --data", d.dir)
	case !d.marker.Demo && demo:
		return fmt.Errorf("data folder %s does not hold the demo hospital; start without --demo, or name another folder with --data", d.dir)
	}
	return nil
}

// refuseOthers leaves a folder alone that holds something, but no marker of
// ours. A first start that was cut at its beginning has left a lock, and half of a
// marker.
func refuseOthers(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, markerName)); err == nil {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	for _, e := range entries {
		switch {
		case e.Name() == manifestName:
			return fmt.Errorf("data folder %s has lost %s; restore it from a backup", dir, markerName)
		case e.Name() != "lock" && !durable.IsHalf(e.Name()):
			return fmt.Errorf("folder %s is not empty and is no data folder of Wardgate; name an empty one with --data", dir)
		}
	}
	return nil
}

// begin marks a new folder.
func (d *Folder) begin(demo bool) error {
	d.begun = true
	return d.mark(marker{Format: format, Demo: demo, Begun: true})
}

func (d *Folder) mark(m marker) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := durable.WriteFile(d.Path(markerName), append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	d.marker = m
	return nil
}

// Path is where something lies in the folder.
func (d *Folder) Path(elements ...string) string {
	return filepath.Join(d.dir, filepath.FromSlash(strings.Join(elements, "/")))
}

// Close gives the folder free. What others gave back before it is kept for the next
// start first.
func (d *Folder) Close() error {
	if d.marker.Key != "" {
		_ = d.keepRoom(0) // a disk that is full is no fault of closing
	}
	return d.lock.Close()
}
