package rulebook

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Files are the files of a rule book by path, tests included.
type Files map[string][]byte

// Assembled is a rule book that is put together of several folders. Its files are
// asked for here, and are read nowhere else.
type Assembled interface {
	fs.FS
	RuleFiles() (Files, error) // with tests and invariants
}

// ReadFiles reads a rule book and its tests. It refuses what loading would
// refuse to read: loose data files, and more than a rule book may hold.
func ReadFiles(fsys fs.FS) (Files, error) {
	files, err := ReadRules(fsys)
	if err != nil {
		return nil, err
	}
	tests, err := readTests(fsys)
	if err != nil {
		return nil, err
	}
	maps.Copy(files, tests)
	return files, nil
}

// Revision is the digest that decisions by these files would bear. Tests do
// not count: they decide nothing.
func (f Files) Revision() string { return digest(f.rules()) }

// Content changes exactly when some file does, tests and invariants among them.
func (f Files) Content() string { return digest(f) }

// Tests counts the files that hold tests.
func (f Files) Tests() int {
	tests := 0
	for name := range f {
		if strings.HasSuffix(name, "_test.rego") {
			tests++
		}
	}
	return tests
}

func (f Files) rules() map[string][]byte {
	rules := maps.Clone(map[string][]byte(f))
	maps.DeleteFunc(rules, func(name string, _ []byte) bool { return !decides(name) })
	return rules
}

// Invariants is the folder of what is proved of a rule book. Like tests they decide
// nothing: they are no part of a revision, and serving does not load them.
const Invariants = "invariants"

// decides reports whether a file of Rego is loaded for decisions.
func decides(name string) bool {
	return !strings.HasSuffix(name, "_test.rego") && !strings.HasPrefix(name, Invariants+"/")
}

const (
	maxRuleBook  = 8 << 20 // bytes of Rego in one rule book
	maxRuleFiles = 10_000
)

// ReadRules returns the rule files by path, tests and invariants left out. Loose data files
// are refused: OPA would swallow them silently.
func ReadRules(fsys fs.FS) (Files, error) {
	if a, ok := fsys.(Assembled); ok {
		files, err := a.RuleFiles()
		return files.rules(), err
	}
	files := map[string][]byte{}
	size := 0
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if hidden(name) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case entry.IsDir():
			return nil
		case linksToFolder(fsys, name, entry):
			return fmt.Errorf("%s is a link to a folder, and what is in it would not be read: put the folder itself there", name)
		case slices.Contains([]string{".json", ".yaml", ".yml"}, path.Ext(name)):
			return fmt.Errorf("%s: data files are not read; write the table in Rego", name)
		case path.Ext(name) != ".rego" || !decides(name):
			return nil
		}
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		files[name] = content
		if size += len(content); size > maxRuleBook || len(files) > maxRuleFiles {
			return fmt.Errorf("the rule book exceeds %d bytes or %d files", maxRuleBook, maxRuleFiles)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("read rule book: %w", err)
	case len(files) == 0:
		return nil, errors.New("read rule book: there is no .rego file in it")
	}
	return files, nil
}

// linksToFolder: links to single files are read, which is how a mount of a
// configuration shows them; no walk goes through one to a folder.
func linksToFolder(fsys fs.FS, name string, entry fs.DirEntry) bool {
	if entry.Type()&fs.ModeSymlink == 0 {
		return false
	}
	info, err := fs.Stat(fsys, name)
	return err == nil && info.IsDir()
}

// readTests returns the tests and invariants of a rule book by path.
func readTests(fsys fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	if a, ok := fsys.(Assembled); ok {
		all, err := a.RuleFiles()
		for name, content := range all {
			if !decides(name) {
				files[name] = content
			}
		}
		return files, err
	}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case hidden(name) && entry.IsDir():
			return fs.SkipDir
		case hidden(name), entry.IsDir(), path.Ext(name) != ".rego", decides(name):
			return nil
		}
		content, err := fs.ReadFile(fsys, name)
		files[name] = content
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read tests: %w", err)
	}
	return files, nil
}

// hidden names editors' and mounts' own files (".git", "..data", ".rule.rego.swp").
func hidden(name string) bool {
	base := path.Base(name)
	return base != "." && strings.HasPrefix(base, ".")
}

// digest names a rule book by its content.
func digest(files map[string][]byte) string {
	h := sha256.New()
	var length [8]byte
	write := func(b []byte) {
		binary.BigEndian.PutUint64(length[:], uint64(len(b)))
		h.Write(length[:])
		h.Write(b)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		write([]byte(name))
		write(files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// rulesOf is the digest of a rule book, or what is wrong with reading it:
// either way it changes exactly when another attempt is worth while.
func rulesOf(fsys fs.FS) string {
	files, err := ReadRules(fsys)
	if err != nil {
		return err.Error()
	}
	return digest(files)
}

// Content changes exactly when the rule book in fsys, tests included,
// changes, or when what is wrong with reading it does.
func Content(fsys fs.FS) string {
	tests, err := readTests(fsys)
	if err != nil {
		return err.Error()
	}
	return rulesOf(fsys) + digest(tests)
}
