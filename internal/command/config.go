package command

import (
	"fmt"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/version"
)

type configCommand struct {
	Check configCheck `cmd:"" help:"Read a whole configuration and print every fault with its line."`
}

type configCheck struct {
	File    string   `arg:"" help:"YAML configuration file." type:"path"`
	NoFiles bool     `help:"Do not look for the files that keys name: they are on another machine."`
	Role    []string `help:"Check it for a process with this role; repeat it for several." placeholder:"ROLE" sep:","`
}

// Run fails on any fault.
func (c *configCheck) Run(s *cli.Streams) error {
	if err := config.CheckFile(c.File, s.Environ, c.Role, !c.NoFiles); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s: no fault found\n", c.File)
	return nil
}

type versionCommand struct {
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run prints what program this is.
func (v *versionCommand) Run(s *cli.Streams) error {
	if v.Output == "json" {
		return cli.PrintJSON(s.Out, version.Get())
	}
	fmt.Fprintln(s.Out, version.Get())
	return nil
}
