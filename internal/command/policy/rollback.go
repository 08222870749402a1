package policy

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
)

type historyCommand struct {
	cli.RunningFlags
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run lists bundles, the newest in force first.
func (c *historyCommand) Run(s *cli.Streams) error {
	known, err := c.Client().Bundles(context.Background())
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return cli.PrintJSON(s.Out, known)
	}
	for i := range known {
		fmt.Fprintln(s.Out, bundleLine(&known[i]))
	}
	return nil
}

func bundleLine(b *control.Bundle) string {
	line := fmt.Sprintf("%s  %s", b.Version.Format(time.RFC3339), b.Revision)
	if b.Active {
		line += "  in force"
	}
	return line
}

type rollbackCommand struct {
	cli.RunningFlags
	To     string `required:"" help:"Revision of a bundle that was in force, or its first letters; or a bundle's file." placeholder:"REVISION|FILE"`
	Reason string `required:"" help:"Why; kept in the journal." placeholder:"TEXT"`
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run puts an older bundle in force.
func (c *rollbackCommand) Run(s *cli.Streams) error {
	order := control.Return{To: c.To, Reason: c.Reason}
	if info, err := os.Stat(c.To); err == nil && info.Mode().IsRegular() {
		packed, err := cli.ReadAtMost(c.To, bundle.MaxPacked+1)
		if err != nil {
			return err
		}
		order = control.Return{Packed: packed, Reason: c.Reason}
	}
	b, err := c.Client().Rollback(context.Background(), order)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return cli.PrintJSON(s.Out, b)
	}
	fmt.Fprintln(s.Out, bundleLine(&b))
	return nil
}
