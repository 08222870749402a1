package command

import (
	"context"
	"fmt"

	"github.com/wardgate/wardgate/internal/process"
)

type auditAcceptLoss struct {
	configFlag
	Data   string `help:"Data folder; no wardgate may be running on it." default:"var" placeholder:"DIR"`
	Reason string `required:"" help:"Why the loss is accepted; kept in the journal." placeholder:"TEXT"`
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run lets the journal go on and says what was lost.
func (a *auditAcceptLoss) Run(s *streams) error {
	c, err := a.read(s, a.Data)
	if err != nil {
		return err
	}
	loss, err := process.AcceptLoss(context.Background(), &c, a.Reason)
	if err != nil {
		return err
	}
	if a.Output == "json" {
		return printJSON(s.out, loss)
	}
	fmt.Fprintf(s.out, "chain %s: record %d was anchored, record %d is the last that is there\n", loss.Chain, loss.Anchored, loss.Found)
	if loss.SetAside != "" {
		fmt.Fprintf(s.out, "the folder could not be continued; it is kept beside the new one as %s\n", loss.SetAside)
	}
	fmt.Fprintln(s.out, "the loss is journalled with your reason; wardgate may be started")
	return nil
}
