// Package policy has the commands of architects: they check, test, prove, ask,
// explain, replay, sign and roll back a rule book.
package policy

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pdp/engine/overlay"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// Commands are `wardgate policy` and what follows.
type Commands struct {
	Check    checkCommand    `cmd:"" help:"Find every fault of a rule book."`
	Test     testCommand     `cmd:"" help:"Run a rule book's own tests."`
	Prove    proveCommand    `cmd:"" help:"Prove what must never and must always be so, for every possible input."`
	Eval     evalCommand     `cmd:"" help:"Ask a rule book about one request."`
	Explain  explainCommand  `cmd:"" help:"Say why a decision was made, and what would allow."`
	Replay   replayCommand   `cmd:"" help:"Ask a rule book again about every recorded decision."`
	Assemble assembleCommand `cmd:"" help:"Put a hospital's own folder on a rule book: write the very tree that is loaded."`
	Diff     diffCommand     `cmd:"" help:"Say what two rule books answer otherwise, for every possible input."`
	WhoCan   whoCanCommand   `cmd:"" help:"Say which role may take which action, and what is needed for it."`
	Waive    waiveCommand    `cmd:"" help:"Sign, as one of two, that an invariant need not hold here until a day."`
	Bundle   bundleCommand   `cmd:"" help:"Check, test and sign a rule book as an OPA bundle, or verify one."`
	History  historyCommand  `cmd:"" help:"List the bundles that were in force in a running wardgate."`
	Rollback rollbackCommand `cmd:"" help:"Put an older bundle in force in a running wardgate, until a newer one arrives."`
}

// bookGate is the gate that a running wardgate has.
func bookGate() rulebook.Gate {
	return rulebook.Gate{Points: points.Sections(), Check: process.CheckTables}
}

// builtIn names the rule book in the program, where a folder has to be named.
const builtIn = "built-in"

// bookAt is the rule book in a folder, or the built-in one when none is named.
// "BASE+OVERLAY" is what an overlay makes of a base, and "+OVERLAY" what it makes of
// the built-in one.
func bookAt(dir string) (fs.FS, error) {
	base, over := apart(dir)
	fsys, err := folderAt(base)
	if err != nil || over == "" {
		return fsys, err
	}
	own, err := folderAt(over)
	if err != nil {
		return nil, err
	}
	return overlay.New(fsys, own, over), nil
}

// apart divides what names a rule book into a base and an overlay. A folder of that
// very name is one folder.
func apart(dir string) (base, over string) {
	if _, err := os.Stat(dir); err == nil {
		return dir, ""
	}
	base, over, _ = strings.Cut(dir, "+")
	return base, over
}

func folderAt(dir string) (fs.FS, error) {
	info, err := os.Stat(dir)
	switch {
	case dir == "", err != nil && dir == builtIn:
		return policies.FS, nil
	case err != nil:
		return nil, fmt.Errorf("rule book: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("rule book: %s is not a folder", dir)
	}
	return os.DirFS(dir), nil
}

// bookName is how the rule book is called in messages.
func bookName(dir string) string {
	base, over := apart(dir)
	if base == "" || base == builtIn {
		base = "the built-in rule book"
	}
	if over != "" {
		return base + " with the overlay " + over
	}
	return base
}

// placeOf is where a file of the rule book stands: in the overlay, if that has one
// of the name.
func placeOf(dir, file string) string {
	base, over := apart(dir)
	if over != "" {
		own := filepath.Join(over, strings.TrimSuffix(strings.TrimSuffix(file, ".rego"), overlay.Beside)+".rego")
		for _, name := range []string{filepath.Join(over, file), own} {
			if _, err := os.Stat(name); err == nil {
				return name
			}
		}
	}
	return filepath.Join(base, file)
}
