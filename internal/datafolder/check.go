package datafolder

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A Rule is what is known of a file beforehand.
type Rule string

// The rules. Whatever its rule, a file that must be there is not empty.
const (
	Fixed    Rule = "fixed"    // it never changes: size and digest are on the manifest
	Changing Rule = "changing" // it is replaced as a whole
	Several  Rule = "several"  // a pattern: at least one such file
	Database Rule = "database" // a SQLite file
)

// A File is one without which a process does not go on once it has served.
type File struct {
	Name   string // as the manifest and errors name it, with slashes
	Path   string // where it lies; a pattern where there are several
	Rule   Rule
	Secret bool   // only its owner may read it
	Pair   string // the name of a file that is worth nothing without this one
	Older  bool   // folders that were made before there were manifests have it
	Lost   string // what is lost when it is made anew; "" where it cannot be
	Remedy string // what to do where it cannot be
}

// A Refusal says what of a folder is not as it must be.
type Refusal struct {
	Folder string
	Faults []Fault
}

// A Fault is one file that is not as it must be.
type Fault struct {
	Name    string // of the file
	Problem string
	Remedy  string
	again   bool // it can be made anew
}

// Error names every file and what to do about it.
func (r *Refusal) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "data folder %s is not whole:", r.Folder)
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "\n  %s %s; %s", f.Name, f.Problem, f.Remedy)
	}
	return b.String()
}

// acceptLoss is the command that lets a folder go on without a part of it.
const acceptLoss = "`wardgate data accept-loss --reason TEXT`"

// Check refuses a folder in which a file is not as it must be. It makes nothing
// but the key that signs manifests, in a folder that has none yet.
func (d *Folder) Check(keyPath string, files []File) error {
	faults, err := d.check(keyPath, files)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return &Refusal{d.dir, faults}
	}
	return nil
}

func (d *Folder) check(keyPath string, files []File) ([]Fault, error) {
	faults, err := d.checkManifest(keyPath)
	if err != nil {
		return nil, err
	}
	for i := range files {
		f := &files[i]
		e, must := d.listed.entry(f.Name)
		if d.listed == nil { // it was lost, or the folder is older than manifests are
			must = !d.begun && (f.Older || d.marker.Key != "")
		}
		if problem := f.check(e, must); problem != "" {
			faults = append(faults, f.fault(problem))
		}
	}
	return faults, nil
}

// checkManifest takes up the manifest, once there is one.
func (d *Folder) checkManifest(keyPath string) ([]Fault, error) {
	again := "restore it from a backup, or have what is there now signed anew with " + acceptLoss
	key, err := sealKey(keyPath, d.marker.Key == "")
	switch {
	case missing(err):
		return []Fault{{keyName(keyPath), "is lost", again, true}}, nil
	case err != nil:
		return nil, fmt.Errorf("data folder %s: %w", d.dir, err)
	case d.marker.Key != "" && d.marker.Key != fingerprint(key):
		return []Fault{{keyName(keyPath), "is not the key of this data folder", again, true}}, nil
	}
	m, err := d.readManifest(key)
	switch {
	case missing(err) && d.marker.Key == "":
		return nil, nil
	case missing(err):
		return []Fault{{manifestName, "is lost", again, true}}, nil
	case err != nil:
		return []Fault{{manifestName, "cannot be trusted: " + err.Error(), again, true}}, nil
	}
	d.listed = m
	return nil, nil
}

// keyName is how errors name the key that signs manifests.
func keyName(path string) string { return "keys/" + filepath.Base(path) }

// find returns the file, or the files of a pattern, that are there.
func (f *File) find() ([]string, error) {
	if f.Rule == Several {
		return filepath.Glob(f.Path)
	}
	if _, err := os.Stat(f.Path); missing(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return []string{f.Path}, nil
}

func (f *File) fault(problem string) Fault {
	if f.Lost == "" {
		return Fault{Name: f.Name, Problem: problem, Remedy: f.Remedy}
	}
	remedy := fmt.Sprintf("restore it from a backup, or have it made anew with %s, which loses %s", acceptLoss, f.Lost)
	return Fault{f.Name, problem, remedy, true}
}

// check says what is wrong with a file, or "". One that need not be there is
// looked at when it is: what is there will be used.
func (f *File) check(e entry, must bool) string {
	if f.Rule == Several {
		return f.checkSeveral(must)
	}
	info, err := os.Stat(f.Path)
	switch {
	case missing(err) && !must:
		return ""
	case missing(err):
		return "is lost"
	case err != nil:
		return "cannot be looked at: " + reason(err)
	}
	if f.Rule == Database {
		return checkDatabase(f.Path, info.Size(), must)
	}
	content, problem := f.read(f.Path, info)
	if problem != "" || f.Rule != Fixed || e.SHA256 == "" {
		return problem
	}
	if int64(len(content)) != e.Size {
		return fmt.Sprintf("has %d bytes, and %d were written", len(content), e.Size)
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != e.SHA256 {
		return "is not the file that was written"
	}
	return ""
}

func (f *File) checkSeveral(must bool) string {
	found, err := f.find()
	if err != nil || len(found) == 0 {
		if must {
			return "are lost"
		}
		return ""
	}
	if !f.Secret {
		return ""
	}
	for _, path := range found {
		info, err := os.Stat(path)
		if missing(err) {
			continue // another process has removed a retired key
		}
		if err != nil {
			return "cannot be looked at: " + reason(err)
		}
		if _, problem := f.read(path, info); problem != "" {
			return "hold a file that is no key: " + filepath.Base(path) + " " + problem
		}
	}
	return ""
}

// read returns the content of a file, or what is wrong with any file.
func (f *File) read(path string, info os.FileInfo) ([]byte, string) {
	switch {
	case !info.Mode().IsRegular():
		return nil, "is no regular file"
	case f.Secret && info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Sprintf("can be read by others: mode %v, 0600 is needed", info.Mode().Perm())
	case info.Size() == 0:
		return nil, "is empty"
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, "cannot be read: " + reason(err)
	}
	if len(strings.Trim(string(content), "\x00")) == 0 {
		return nil, "holds zero bytes alone"
	}
	return content, ""
}

// reason is an error without the path, which the fault names.
func reason(err error) string {
	var of *os.PathError
	if errors.As(err, &of) {
		return of.Err.Error()
	}
	return err.Error()
}
