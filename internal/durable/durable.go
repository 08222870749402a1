// Package durable writes files that must be whole after a power cut: keys,
// marks, manifests. A file is written beside its place, forced to the disk,
// renamed, and the folder that names it is forced to the disk as well. A reader of
// the path finds the old content or the new one, and never half of one or
// an empty file.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// disk is what this package asks of a file system. Tests cut its power.
type disk interface {
	// Temporary makes a new file in a folder and returns its path.
	Temporary(folder string, perm fs.FileMode) (path string, err error)
	Write(path string, data []byte) error
	Sync(path string) error       // of a file's content
	SyncFolder(path string) error // of a folder's names
	Rename(from, to string) error
	Link(from, to string) error // fs.ErrExist when to is there
	Remove(path string) error
}

// WriteFile puts data at path, in place of what is there. When it returns nil
// the new content survives a power cut; with an error the old content is there,
// or, if only the last step failed, the new one is and may be lost.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	return put(system{}, path, data, perm, system{}.Rename)
}

// CreateFile is WriteFile for a file that must not be there yet: it returns an
// error that is fs.ErrExist, and changes nothing, when it is.
func CreateFile(path string, data []byte, perm fs.FileMode) error {
	return create(system{}, path, data, perm)
}

// Ensure makes an empty file where there is none, for what forces its own content
// to the disk but not the name of its file.
func Ensure(path string, perm fs.FileMode) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := CreateFile(path, nil, perm); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// MkdirAll makes a folder and those above it that are missing, and forces their
// names to the disk.
func MkdirAll(path string, perm fs.FileMode) error {
	path = filepath.Clean(path)
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	above := filepath.Dir(path)
	if above != path {
		if err := MkdirAll(above, perm); err != nil {
			return err
		}
	}
	if err := power.ask("mkdir", path); err != nil {
		return err
	}
	if err := os.Mkdir(path, perm); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return SyncFolder(above)
}

// Rename moves a file within one folder and forces the folder to the disk.
func Rename(from, to string) error {
	if filepath.Dir(from) != filepath.Dir(to) {
		return fmt.Errorf("rename %s: expected a name in the same folder", from)
	}
	if err := (system{}).Rename(from, to); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(to))
}

// Remove removes a file, and forces that it is gone to the disk. One that is not
// there is no error.
func Remove(path string) error {
	if err := (system{}).Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return SyncFolder(filepath.Dir(path))
}

// NoRoom reports whether a disk, a quota or the largest size of a file is full.
func NoRoom(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// halfPrefix begins the names of files that are being written.
const halfPrefix = ".half-"

// IsHalf reports whether a file of this name was being written, and never got
// its place.
func IsHalf(name string) bool { return strings.HasPrefix(name, halfPrefix) }

// Sweep removes what a power cut left half written in a folder. The caller is the
// only one that writes there.
func Sweep(folder string) error {
	halves, err := filepath.Glob(filepath.Join(folder, halfPrefix+"*"))
	if err != nil {
		return err
	}
	for _, half := range halves {
		if err := os.Remove(half); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// SyncFolder forces the names in a folder to the disk.
func SyncFolder(path string) error { return system{}.SyncFolder(path) }

func create(d disk, path string, data []byte, perm fs.FileMode) error {
	return put(d, path, data, perm, func(from, to string) error {
		return errors.Join(d.Link(from, to), d.Remove(from))
	})
}

// put writes data beside path, and has name give it its place.
func put(d disk, path string, data []byte, perm fs.FileMode, name func(from, to string) error) (err error) {
	folder := filepath.Dir(path)
	half, err := d.Temporary(folder, perm)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	steps := []func() error{
		func() error { return d.Write(half, data) },
		func() error { return d.Sync(half) },
		func() error { return name(half, path) },
		func() error { return d.SyncFolder(folder) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			if gone := d.Remove(half); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
				err = errors.Join(err, gone)
			}
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return nil
}

// system is the operating system's file system.
type system struct{}

func (system) Temporary(folder string, perm fs.FileMode) (string, error) {
	if err := power.ask("temporary", folder); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(folder, halfPrefix+"*") // mode 0600
	if err != nil {
		return "", err
	}
	return f.Name(), errors.Join(f.Chmod(perm), f.Close())
}

func (system) Write(path string, data []byte) error {
	if err := power.ask("write", path); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

func (system) Sync(path string) error {
	if err := power.ask("sync", path); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (system) SyncFolder(path string) error {
	if err := power.ask("sync folder", path); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (system) Rename(from, to string) error {
	if err := power.ask("rename", to); err != nil {
		return err
	}
	return os.Rename(from, to)
}

func (system) Link(from, to string) error {
	if err := power.ask("link", to); err != nil {
		return err
	}
	return os.Link(from, to)
}

func (system) Remove(path string) error {
	if err := power.ask("remove", path); err != nil {
		return err
	}
	return os.Remove(path)
}
