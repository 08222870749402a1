package command

import (
	"fmt"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
)

type dataCommand struct {
	Verify     dataVerify     `cmd:"" help:"Check that every file of a data folder is there and is the one that was written."`
	AcceptLoss dataAcceptLoss `cmd:"" help:"Let a data folder go on that was refused at start, and answer for what is lost."`
}

type dataFlags struct {
	configFlag
	Data   string   `help:"Data folder; no wardgate may be running on it." default:"var" placeholder:"DIR"`
	Roles  []string `help:"The roles that run on it, as wardgate run is given them (default: all)." placeholder:"ROLE"`
	Output string   `help:"Output format: text or json." enum:"text,json" default:"text"`
}

func (f *dataFlags) configuration(s *cli.Streams) (config.Config, error) {
	c, err := f.read(s, f.Data)
	if err != nil || len(f.Roles) == 0 {
		return c, err
	}
	c.Roles, err = config.ParseRoles(f.Roles)
	return c, err
}

type dataVerify struct{ dataFlags }

// Run says that the folder is whole, or what is not.
func (d *dataVerify) Run(s *cli.Streams) error {
	c, err := d.configuration(s)
	if err != nil {
		return err
	}
	if err := process.VerifyData(&c); err != nil {
		return err
	}
	if d.Output == "json" {
		return cli.PrintJSON(s.Out, map[string]bool{"whole": true})
	}
	fmt.Fprintf(s.Out, "data folder %s is whole\n", c.Data)
	return nil
}

type dataAcceptLoss struct {
	dataFlags
	Reason string `required:"" help:"Why the loss is accepted; kept in the journal." placeholder:"TEXT"`
}

// Run says what is lost, and lets the folder go on.
func (d *dataAcceptLoss) Run(s *cli.Streams) error {
	c, err := d.configuration(s)
	if err != nil {
		return err
	}
	lost, err := process.AcceptDataLoss(&c, d.Reason)
	if err != nil {
		return err
	}
	if d.Output == "json" {
		type loss struct {
			Name    string `json:"name"`
			Problem string `json:"problem"`
		}
		all := make([]loss, 0, len(lost))
		for _, f := range lost {
			all = append(all, loss{f.Name, f.Problem})
		}
		return cli.PrintJSON(s.Out, map[string]any{"lost": all, "reason": d.Reason})
	}
	for _, f := range lost {
		fmt.Fprintf(s.Out, "%s %s; the next start makes it anew\n", f.Name, f.Problem)
	}
	fmt.Fprintln(s.Out, "the next start journals the loss with your reason; what was spoilt is kept beside its place")
	return nil
}
