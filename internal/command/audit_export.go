package command

import (
	"bufio"
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/ecs"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

type auditExport struct {
	Data     string    `help:"Data folder." default:"var" placeholder:"DIR"`
	Output   string    `help:"ecs: a document of the Elastic Common Schema a line; json: the record as it stands in the journal." enum:"ecs,json" default:"ecs"`
	From     uint64    `help:"From this record on." placeholder:"SEQ"`
	Subject  string    `help:"Account id of who acted." placeholder:"ID"`
	Patient  string    `help:"Whose data was in the answer." placeholder:"ID"`
	Decision string    `help:"Decision id: the decision and its outcome." placeholder:"ID"`
	Kind     string    `help:"Kind of event." enum:",decision,outcome,stream,policy,session,account,system" default:""`
	Since    time.Time `help:"From this time on (RFC 3339)." placeholder:"TIME"`
	Until    time.Time `help:"Before this time (RFC 3339)." placeholder:"TIME"`
}

// Run prints the matching records, oldest first, one a line. The policy's
// input leaves the journal only as json.
func (x *auditExport) Run(s *cli.Streams) error {
	dir := filepath.Join(x.Data, "journal")
	head, err := reader.HeadOf(dir)
	if err != nil {
		return err
	}
	records := reader.Query(context.Background(), dir, reader.Filter{
		From: x.From, Kind: pip.Kind(x.Kind), Subject: x.Subject, Patient: x.Patient,
		Decision: x.Decision, Since: x.Since, Until: x.Until,
	})
	out := bufio.NewWriter(s.Out)
	for r, err := range records {
		if err != nil {
			_ = out.Flush() // the fault of the journal is the one to report
			return err
		}
		line := []byte(r.JSON)
		if x.Output == "ecs" {
			if line, err = ecs.Document(head.Chain, &r); err != nil {
				return err
			}
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("export: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}
