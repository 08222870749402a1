package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pdp/engine/overlay"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

type assembleCommand struct {
	Base    string `arg:"" help:"The rule book that somebody else keeps: a folder, or \"built-in\"."`
	Overlay string `arg:"" optional:"" help:"The hospital's own folder."`
	Out     string `help:"Folder to write; it must not be there, or be empty." placeholder:"DIR"`
	Digests bool   `help:"Print the base's tables and their digests instead."`
	Output  string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

func (assembleCommand) Help() string {
	return `Puts a hospital's own folder, an overlay, on a rule book that somebody else keeps,
and writes the tree that serving loads, tests included. Stock ` + "`opa test DIR`" + ` runs on it.

An overlay has
  authz/tables/FILE.rego, sentinel/tables/FILE.rego
      tables. One that replaces a table of the base says from which it was made:
          # METADATA
          # custom:
          #   replaces: "sha256:…"       (assemble BASE --digests prints them)
      One that adds rows to a table of the base has ` + "`custom: {adds_rows: true}`" + `.
  authz/rules/NAME/*.rego       rules that deny, oblige, or grant under a code of their own
  invariants/{never,must,monotone}/NAME.rego
and tests beside each (…_test.rego). Nothing else of the base can be changed.

  wardgate policy assemble built-in overlay --out policies-of-ours
  wardgate policy check +overlay         the same without writing it; BASE+OVERLAY
  wardgate up --overlay overlay          serves it, and follows its edits

Exit code 0: written. 1: the overlay does not go with this base. 2: misuse.`
}

// Validate refuses what would do nothing.
func (c *assembleCommand) Validate() error {
	switch {
	case c.Digests && (c.Out != "" || c.Overlay != ""):
		return errors.New("expected --digests with a base alone")
	case !c.Digests && (c.Overlay == "" || c.Out == ""):
		return errors.New("expected BASE OVERLAY --out DIR, or BASE --digests")
	}
	return nil
}

// Run writes the tree, or prints every fault of the overlay.
func (c *assembleCommand) Run(s *cli.Streams) error {
	base, err := folderAt(c.Base)
	if err != nil {
		return err
	}
	if c.Digests {
		return c.digests(s, base)
	}
	own, err := folderAt(c.Overlay)
	if err != nil {
		return err
	}
	files, err := overlay.New(base, own, c.Overlay).RuleFiles()
	if refused := (*rulebook.Refused)(nil); errors.As(err, &refused) {
		return c.refuse(s, slices.Clone(refused.Findings))
	}
	if err != nil {
		return err
	}
	if err := write(c.Out, files); err != nil {
		return err
	}
	if c.Output == "json" {
		return cli.PrintJSON(s.Out, map[string]any{"ok": true, "out": c.Out, "revision": files.Revision(), "files": len(files)})
	}
	_, err = fmt.Fprintf(s.Out, "%s: %d files, revision %s\n", c.Out, len(files), files.Revision())
	return err
}

func (c *assembleCommand) refuse(s *cli.Streams, found []rulebook.Finding) error {
	for i := range found {
		found[i].File = filepath.Join(c.Overlay, found[i].File)
	}
	if c.Output == "json" {
		if err := cli.PrintJSON(s.Out, map[string]any{"ok": false, "findings": found}); err != nil {
			return err
		}
		return cli.ErrReported
	}
	printFindings(s.Out, found)
	fmt.Fprintf(s.Out, "%s: %s; nothing is written\n", c.Overlay, summary(found))
	return cli.ErrReported
}

func (c *assembleCommand) digests(s *cli.Streams, base fs.FS) error {
	files, err := rulebook.ReadFiles(base)
	if err != nil {
		return err
	}
	all, err := overlay.Digests(files)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return cli.PrintJSON(s.Out, all)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(s.Out, "%s  %s\n", all[name], name)
	}
	return nil
}

// write makes the tree in a folder that holds nothing else: a file that is there
// already would be loaded with it.
func write(dir string, files rulebook.Files) error {
	there, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(there) > 0 {
		return fmt.Errorf("--out: %s is not empty (%s): name a folder that is not there", dir, there[0].Name())
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		place := filepath.Join(dir, filepath.FromSlash(name))
		if err := durable.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			return err
		}
		if err := durable.WriteFile(place, files[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}
