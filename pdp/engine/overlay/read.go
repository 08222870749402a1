package overlay

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

const (
	maxFile  = 1 << 20 // bytes of one file
	maxBytes = 4 << 20 // of all
	maxFiles = 2_000
)

// places are the files that an overlay may have. Names are small letters, so that
// no two of them are one file on some disk, and none looks like another.
var places = []*regexp.Regexp{
	regexp.MustCompile(`^(authz|sentinel)/tables/[a-z][a-z0-9_]*\.rego$`),
	regexp.MustCompile(`^authz/rules/[a-z][a-z0-9_]*/[a-z][a-z0-9_]*\.rego$`),
	regexp.MustCompile(`^authz/(recorded|scenarios)/[a-z][a-z0-9_]*_test\.rego$`),
	regexp.MustCompile(`^invariants/(never|must|monotone|waivers)/[a-z][a-z0-9_]*\.rego$`),
}

const placesHint = "an overlay has authz/tables/FILE.rego, sentinel/tables/FILE.rego, authz/rules/NAME/FILE.rego and " +
	"invariants/{never,must,monotone,waivers}/NAME.rego, in small letters a-z, digits and _, with their tests beside them; and authz/{recorded,scenarios}/NAME_test.rego"

// Read returns the files of an overlay's folder, and every file that must not be
// there; with one of those the folder is no overlay. It opens nothing but regular files of
// Rego, and no more than it may hold.
func Read(fsys fs.FS) (rulebook.Files, []rulebook.Finding) {
	files, size := rulebook.Files{}, 0
	var found faults
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case base != "." && strings.HasPrefix(base, "."): // an editor's, a mount's or a repository's own
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir(), path.Ext(name) == ".md" && entry.Type().IsRegular():
			return nil
		case !entry.Type().IsRegular():
			found.add(name, 0, "it is no regular file", "copy what it points to: links are not followed, so that nothing outside of the folder is read")
			return nil
		case !allowed(name):
			found.add(name, 0, "no such file may stand in an overlay", placesHint)
			return nil
		}
		content, err := readFile(fsys, name)
		if err != nil {
			return err
		}
		if len(content) > maxFile {
			found.add(name, 0, fmt.Sprintf("it exceeds %d bytes", maxFile), "divide it")
		} else {
			files[name] = content
		}
		if size += len(content); size > maxBytes || len(files) > maxFiles {
			return fmt.Errorf("the overlay exceeds %d bytes or %d files", maxBytes, maxFiles)
		}
		return nil
	})
	if err != nil {
		clear(files) // what was read is no whole
		found.add(".", 0, fmt.Sprintf("the overlay cannot be read: %s", err), "name a folder that Wardgate may read")
	}
	if len(files) == 0 && len(found) == 0 {
		found.add(".", 0, "there is no .rego file in it", placesHint)
	}
	return files, found.sorted()
}

func allowed(name string) bool {
	for _, p := range places {
		if p.MatchString(name) {
			return true
		}
	}
	return false
}

// readFile reads one byte more than a file may hold, so that a longer one is seen
// and not taken into memory.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	return readAtMost(f, maxFile+1)
}
