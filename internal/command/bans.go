package command

import (
	"context"
	"fmt"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/control"
)

type bansCommand struct {
	List bansList `cmd:"" help:"List banned accounts, barred addresses and step-ups that are owed."`
	Lift bansLift `cmd:"" help:"Let strangers in again from an address that is barred, and in IPv6 from its /64."`
}

type bansList struct {
	cli.RunningFlags
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

// Run prints all of them.
func (b *bansList) Run(s *cli.Streams) error {
	client, all := b.Client(), []control.Ban{}
	for after := ""; ; {
		page, err := client.Bans(context.Background(), after, 200)
		if err != nil {
			return err
		}
		all = append(all, page.Items...)
		if after = page.Next; after == "" {
			break
		}
	}
	if b.Output == "json" {
		return cli.PrintJSON(s.Out, all)
	}
	for _, one := range all {
		fmt.Fprintf(s.Out, "%-8s %-39s until %s  %s, by %s\n", one.Kind, one.Who, one.Until.Format("2006-01-02 15:04"), one.Reason, one.By)
	}
	return nil
}

type bansLift struct {
	cli.RunningFlags
	Address string `arg:"" help:"Address as the list shows it, or any of its network."`
}

// Run lifts a bar.
func (b *bansLift) Run(s *cli.Streams) error {
	if err := b.Client().LiftBar(context.Background(), control.Address{Address: b.Address}); err != nil {
		return err
	}
	fmt.Fprintln(s.Out, "lifted")
	return nil
}
