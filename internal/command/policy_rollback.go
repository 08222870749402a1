package command

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
)

type policyHistory struct {
	runningFlags
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run lists bundles, the newest in force first.
func (c *policyHistory) Run(s *streams) error {
	known, err := c.client().Bundles(context.Background())
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(s.out, known)
	}
	for i := range known {
		fmt.Fprintln(s.out, bundleLine(&known[i]))
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

type policyRollback struct {
	runningFlags
	To     string `required:"" help:"Revision of a bundle that was in force, or its first letters; or a bundle's file." placeholder:"REVISION|FILE"`
	Reason string `required:"" help:"Why; kept in the journal." placeholder:"TEXT"`
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run puts an older bundle in force.
func (c *policyRollback) Run(s *streams) error {
	order := control.Return{To: c.To, Reason: c.Reason}
	if info, err := os.Stat(c.To); err == nil && info.Mode().IsRegular() {
		packed, err := readAtMost(c.To, bundle.MaxPacked+1)
		if err != nil {
			return err
		}
		order = control.Return{Packed: packed, Reason: c.Reason}
	}
	b, err := c.client().Rollback(context.Background(), order)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(s.out, b)
	}
	fmt.Fprintln(s.out, bundleLine(&b))
	return nil
}
