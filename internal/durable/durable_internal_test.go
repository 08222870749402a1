package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
)

var errPower = errors.New("the power is cut")

// A fragile disk keeps what was forced to it. Of all else a power cut may leave
// anything: an old or a new name, and a file's old content, nothing, or half.
type fragile struct {
	names, forcedNames map[string]int // path -> file
	text, forcedText   map[int]string
	next               int
	left               int // steps until the power is cut
}

func newFragile(path, text string, left int) *fragile {
	d := &fragile{
		names: map[string]int{}, forcedNames: map[string]int{},
		text: map[int]string{}, forcedText: map[int]string{}, left: left,
	}
	if text != "" {
		d.names[path], d.forcedNames[path], d.text[0], d.forcedText[0], d.next = 0, 0, text, text, 1
	}
	return d
}

func (d *fragile) step() error {
	if d.left == 0 {
		return errPower
	}
	d.left--
	return nil
}

func (d *fragile) Temporary(folder string, _ fs.FileMode) (string, error) {
	if err := d.step(); err != nil {
		return "", err
	}
	path := filepath.Join(folder, fmt.Sprint(".half-", d.next))
	d.names[path] = d.next
	d.next++
	return path, nil
}

func (d *fragile) Write(path string, data []byte) error {
	if err := d.step(); err != nil {
		return err
	}
	d.text[d.names[path]] = string(data)
	return nil
}

func (d *fragile) Sync(path string) error {
	if err := d.step(); err != nil {
		return err
	}
	d.forcedText[d.names[path]] = d.text[d.names[path]]
	return nil
}

func (d *fragile) SyncFolder(string) error {
	if err := d.step(); err != nil {
		return err
	}
	d.forcedNames = map[string]int{}
	for path, file := range d.names {
		d.forcedNames[path] = file
	}
	return nil
}

func (d *fragile) Rename(from, to string) error {
	if err := d.step(); err != nil {
		return err
	}
	d.names[to] = d.names[from]
	delete(d.names, from)
	return nil
}

func (d *fragile) Link(from, to string) error {
	if err := d.step(); err != nil {
		return err
	}
	if _, there := d.names[to]; there {
		return fs.ErrExist
	}
	d.names[to] = d.names[from]
	return nil
}

func (d *fragile) Remove(path string) error {
	if err := d.step(); err != nil {
		return err
	}
	if _, there := d.names[path]; !there {
		return fs.ErrNotExist
	}
	delete(d.names, path)
	return nil
}

// after lists what a reader may find at path when the power comes back.
func (d *fragile) after(path string) []string {
	var found []string
	for _, names := range []map[string]int{d.names, d.forcedNames} {
		file, there := names[path]
		if !there {
			found = append(found, "nothing")
			continue
		}
		if d.forcedText[file] != d.text[file] {
			found = append(found, "half")
		}
		found = append(found, d.forcedText[file])
	}
	return found
}

func TestAPowerCutLeavesTheOldOrTheNew(t *testing.T) {
	const path = "/keys/a"
	tests := []struct {
		name   string
		before string
		put    func(d disk) error
	}{
		{"replaced", "old", func(d disk) error { return put(d, path, []byte("new"), 0o600, d.Rename) }},
		{"first", "", func(d disk) error { return put(d, path, []byte("new"), 0o600, d.Rename) }},
		{"created", "", func(d disk) error { return create(d, path, []byte("new"), 0o600) }},
		{"not created over", "old", func(d disk) error { return create(d, path, []byte("new"), 0o600) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for left := 0; ; left++ {
				d := newFragile(path, tt.before, left)
				err := tt.put(d)
				old := tt.before
				if old == "" {
					old = "nothing"
				}
				for _, found := range d.after(path) {
					if found != old && found != "new" {
						t.Errorf("cut after %d steps: found %q", left, found)
					}
					if err == nil && found != "new" {
						t.Errorf("after success: found %q", found)
					}
				}
				if err == nil {
					break
				}
				if errors.Is(err, fs.ErrExist) && !errors.Is(err, errPower) {
					if len(d.names) != 1 || d.text[d.names[path]] != "old" {
						t.Errorf("got %v", d.names)
					}
					break
				}
				if left > 20 {
					t.Fatalf("it never succeeds: %v", err)
				}
			}
		})
	}
}
