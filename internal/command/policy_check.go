package command

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

type policyCheck struct {
	Dir    string `arg:"" optional:"" help:"Folder with the rule book (default: the built-in one)."`
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run prints every fault, and fails when there is one.
func (c *policyCheck) Run(s *streams) error {
	fsys, err := bookAt(c.Dir)
	if err != nil {
		return err
	}
	found := rulebook.Check(context.Background(), fsys, points.Sections())
	for i := range found {
		found[i].File = filepath.Join(c.Dir, found[i].File)
	}
	if c.Output == "json" {
		if err := printJSON(s.out, struct {
			OK       bool               `json:"ok"`
			Findings []rulebook.Finding `json:"findings"`
		}{len(found) == 0, append([]rulebook.Finding{}, found...)}); err != nil {
			return err
		}
	} else {
		for _, f := range found {
			fmt.Fprintln(s.out, f)
			if f.Hint != "" {
				fmt.Fprintf(s.out, "    hint: %s\n", f.Hint)
			}
		}
		fmt.Fprintf(s.out, "%s: %s\n", bookName(c.Dir), counted(len(found), "fault"))
	}
	if len(found) > 0 {
		return errReported
	}
	return nil
}

// counted is "no fault", "1 fault", "2 faults".
func counted(n int, what string) string {
	switch n {
	case 0:
		return "no " + what
	case 1:
		return "1 " + what
	default:
		return fmt.Sprintf("%d %ss", n, what)
	}
}
