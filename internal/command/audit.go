package command

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
)

type auditCommand struct {
	Verify auditVerify `cmd:"" help:"Walk the journal and find any byte that was changed or cut off."`
	Query  auditQuery  `cmd:"" help:"Find records by subject, patient, decision or time."`
	Export auditExport `cmd:"" help:"Print records as JSON lines, in the Elastic Common Schema unless told otherwise."`
}

// journalFlags says where the journal is.
type journalFlags struct {
	Data   string `help:"Data folder." default:"var" placeholder:"DIR"`
	Output string `help:"Output format: text or json." enum:"text,json" default:"text"`
}

func (f *journalFlags) dir() string { return filepath.Join(f.Data, "journal") }

type auditVerify struct {
	journalFlags
}

// Run fails when anything is wrong with the journal.
func (v *auditVerify) Run(s *streams) error {
	report, err := audit.Verify(v.dir())
	if err != nil {
		return err
	}
	if v.Output == "json" {
		if err := printJSON(s.out, report); err != nil {
			return err
		}
	} else {
		printReport(s, &report)
	}
	if !report.OK() {
		return errReported
	}
	return nil
}

func printReport(s *streams, r *audit.Report) {
	fmt.Fprintf(s.out, "chain %s: %d records in %d segments, %s to %s\n",
		r.Chain, r.Records, r.Segments, r.First.Format(time.RFC3339), r.Last.Format(time.RFC3339))
	for _, f := range r.Findings {
		fmt.Fprintln(s.out, f)
	}
	if r.Omitted > 0 {
		fmt.Fprintf(s.out, "and %d more findings\n", r.Omitted)
	}
	if r.OK() {
		fmt.Fprintln(s.out, "the chain is whole")
	} else {
		fmt.Fprintln(s.out, "the journal is NOT whole")
	}
}

type auditQuery struct {
	journalFlags
	Subject  string    `help:"Account id of who acted." placeholder:"ID"`
	Patient  string    `help:"Whose data was in the answer." placeholder:"ID"`
	Decision string    `help:"Decision id: the decision and its outcome." placeholder:"ID"`
	Kind     string    `help:"Kind of event." enum:",decision,outcome,policy,session,account,system" default:""`
	Since    time.Time `help:"From this time on (RFC 3339)." placeholder:"TIME"`
	Until    time.Time `help:"Before this time (RFC 3339)." placeholder:"TIME"`
}

// Run prints the matching records, oldest first.
func (q *auditQuery) Run(s *streams) error {
	records := audit.Query(context.Background(), q.dir(), audit.Filter{
		Kind: pip.Kind(q.Kind), Subject: q.Subject, Patient: q.Patient,
		Decision: q.Decision, Since: q.Since, Until: q.Until,
	})
	for r, err := range records {
		if err != nil {
			return err
		}
		if q.Output == "json" {
			if err := json.NewEncoder(s.out).Encode(r.JSON); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintln(s.out, line(&r))
	}
	return nil
}

// line is one record for a person's eyes.
func line(r *audit.Record) string {
	e := &r.Event
	parts := []string{fmt.Sprintf("%6d", r.Seq), e.Time.UTC().Format(time.RFC3339), string(e.Kind)}
	if e.Kind == pip.KindDecision {
		verdict := "deny"
		if e.Allow {
			verdict = "allow"
		}
		parts = append(parts, verdict)
	}
	for _, text := range []string{e.Role, e.Method, e.Path, e.Action, e.Detail} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	if e.Status != 0 {
		parts = append(parts, fmt.Sprint(e.Status))
	}
	if len(e.Reasons) > 0 {
		parts = append(parts, "reasons="+strings.Join(e.Reasons, ","))
	}
	if len(e.Patients) > 0 {
		parts = append(parts, "patients="+strings.Join(e.Patients, ","))
	}
	if e.Decision != "" {
		parts = append(parts, "decision="+e.Decision)
	}
	return strings.Join(parts, " ")
}
