package command

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
)

// processFlags are those of every command that serves.
type processFlags struct {
	Demo     bool   `help:"Fill and run an invented hospital, on loopback only."`
	Config   string `help:"YAML configuration file." type:"path" placeholder:"FILE"`
	Data     string `help:"Data folder (default: var)." placeholder:"DIR"`
	Policies string `help:"Folder with the rule book; watched for changes (default: the built-in one)." placeholder:"DIR"`
	Overlay  string `help:"The hospital's own folder on the rule book: tables, rules, invariants; watched too." placeholder:"DIR"`
}

type runCommand struct {
	processFlags
	Roles []string `arg:"" name:"role" help:"pep, pdp (engine, administrator and identity), records, inference; pep engine decides in the enforcement point's own process."`
}

// Run serves the named roles until SIGINT or SIGTERM, then drains. SIGHUP has it look at
// the configuration's file at once.
func (r *runCommand) Run(s *cli.Streams) error {
	roles, err := config.ParseRoles(r.Roles)
	if err != nil {
		return err
	}
	return r.serve(s, roles)
}

// serve runs a process with the roles; with none, all of them.
func (p *processFlags) serve(s *cli.Streams, roles []string) error {
	source, c, err := config.Open(p.Config, s.Environ, func(c *config.Config) {
		c.Demo, c.Roles = p.Demo, roles
		if p.Data != "" {
			c.Data = p.Data
		}
		if p.Policies != "" {
			c.Policies = p.Policies
		}
		if p.Overlay != "" {
			c.Policy.Overlay = p.Overlay
		}
	})
	if err != nil {
		return err
	}
	// net/http prints bytes that a backend sent unasked, which may be a
	// patient's, to the standard logger. Nothing of ours uses that logger.
	log.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	a, err := process.New(ctx, c, newLogger(&c, s.Err))
	if err != nil {
		return err
	}
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGHUP)
	defer signal.Stop(again)
	a.Follow(source, again)
	a.Announce(s.Out)
	if err := a.Run(ctx); err != nil {
		return err
	}
	fmt.Fprintln(s.Out, "Stopped.")
	return nil
}
