package command

import (
	"context"
	"fmt"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
)

type auditAcceptLoss struct {
	configFlag
	Data     string `help:"Data folder; no wardgate may be running on it." default:"var" placeholder:"DIR"`
	Reason   string `required:"" help:"Why the loss is accepted; kept in the journal." placeholder:"TEXT"`
	Database string `help:"identity or records: answer for a database that is gone instead of the journal." placeholder:"NAME"`
	Output   string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run lets the journal go on and says what was lost.
func (a *auditAcceptLoss) Run(s *cli.Streams) error {
	c, err := a.read(s, a.Data)
	if err != nil {
		return err
	}
	if a.Database != "" {
		return a.acceptDatabase(s, &c)
	}
	loss, err := process.AcceptLoss(context.Background(), &c, a.Reason)
	if err != nil {
		return err
	}
	if a.Output == "json" {
		return cli.PrintJSON(s.Out, loss)
	}
	fmt.Fprintf(s.Out, "chain %s: record %d was anchored, record %d is the last that is there\n", loss.Chain, loss.Anchored, loss.Found)
	if loss.SetAside != "" {
		fmt.Fprintf(s.Out, "the folder could not be continued; it is kept beside the new one as %s\n", loss.SetAside)
	}
	fmt.Fprintln(s.Out, "the loss is journalled with your reason; wardgate may be started")
	return nil
}

// acceptDatabase lets Wardgate go on without a database that is gone.
func (a *auditAcceptLoss) acceptDatabase(s *cli.Streams, c *config.Config) error {
	loss, err := process.AcceptDatabaseLoss(context.Background(), c, a.Database, a.Reason)
	if err != nil {
		return err
	}
	if a.Output == "json" {
		return cli.PrintJSON(s.Out, loss)
	}
	fmt.Fprintf(s.Out, "database %s: what stands there now is taken at the next start; the loss is journalled with your reason\n", loss.Database)
	return nil
}
