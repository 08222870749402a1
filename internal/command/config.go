package command

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/version"
)

type configCommand struct {
	Check configCheck `cmd:"" help:"Read a whole configuration and print every fault with its line."`
}

type configCheck struct {
	File string   `arg:"" help:"YAML configuration file." type:"path"`
	Role []string `help:"Check it for a process with this role; repeat it for several." placeholder:"ROLE" sep:","`
}

// Run fails on any fault.
func (c *configCheck) Run(s *streams) error {
	if err := config.CheckFile(c.File, s.environ, c.Role); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s: no fault found\n", c.File)
	return nil
}

type versionCommand struct {
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run prints what program this is.
func (v *versionCommand) Run(s *streams) error {
	if v.Output == "json" {
		return printJSON(s.out, version.Get())
	}
	fmt.Fprintln(s.out, version.Get())
	return nil
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
