// Package version tells what program this is.
package version

import (
	"cmp"
	"runtime"
	"runtime/debug"
)

// What the build states: -ldflags "-X …/internal/version.stamped=v1.2.3".
var (
	stamped string
	commit  string
)

// Devel is the version of a program that was built outside of a repository.
const Devel = "devel"

// An Info says what program this is.
type Info struct {
	Version string `json:"version"`
	Commit  string `json:"commit"` // "unknown" outside of a repository
	Go      string `json:"go"`
}

// Get reads what the build left in the program.
func Get() Info {
	v := Info{Version: cmp.Or(stamped, Devel), Commit: cmp.Or(commit, "unknown"), Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok || commit != "" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Commit = s.Value
		}
	}
	return v
}

// String is the line that the command line prints.
func (i Info) String() string {
	return "wardgate " + i.Version + " (commit " + i.Commit + ", " + i.Go + ")"
}
