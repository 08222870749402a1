package command

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

type auditQuery struct {
	journalFlags
	Subject  string    `help:"Account id of who acted." placeholder:"ID"`
	Patient  string    `help:"Whose data was in the answer, or was asked for: who saw this record, who tried to, and why." placeholder:"ID"`
	Session  string    `help:"Session id." placeholder:"ID"`
	Decision string    `help:"Decision id: the decision and its outcome." placeholder:"ID"`
	Rule     string    `help:"Folder and code of a rule that allowed it, such as role/role." placeholder:"RULE"`
	Kind     string    `help:"Kind of event." enum:",decision,outcome,stream,policy,session,account,system" default:""`
	Since    time.Time `help:"From this time on (RFC 3339)." placeholder:"TIME"`
	Until    time.Time `help:"Before this time (RFC 3339)." placeholder:"TIME"`
}

// Run prints the matching records, of each journal the oldest first. To an
// outcome that names the patient belongs the decision that allowed it, which
// may not: a list is asked for without naming anybody.
func (q *auditQuery) Run(s *cli.Streams) error {
	for _, dir := range q.dirs() {
		chosen := map[string]bool{}
		if q.Patient != "" && q.Kind == "" {
			if err := q.each(dir, func(r *reader.Record) error {
				chosen[r.Event.Decision] = r.Event.Decision != ""
				return nil
			}); err != nil {
				return err
			}
		}
		if err := q.print(s, dir, chosen); err != nil {
			return err
		}
	}
	return nil
}

// print writes what the filter lets pass, and what belongs to chosen decisions.
func (q *auditQuery) print(s *cli.Streams, dir string, chosen map[string]bool) error {
	show := func(r *reader.Record) error {
		if q.Output == "json" {
			return json.NewEncoder(s.Out).Encode(r.JSON)
		}
		_, err := fmt.Fprintln(s.Out, line(r))
		return err
	}
	if len(chosen) == 0 {
		return q.each(dir, show)
	}
	for r, err := range reader.Read(context.Background(), dir, 0) {
		if err != nil {
			return err
		}
		if !chosen[r.Event.Decision] {
			continue
		}
		if err := show(&r); err != nil {
			return err
		}
	}
	return nil
}

func (q *auditQuery) each(dir string, f func(*reader.Record) error) error {
	records := reader.Query(context.Background(), dir, reader.Filter{
		Kind: pip.Kind(q.Kind), Subject: q.Subject, Patient: q.Patient, Session: q.Session,
		Decision: q.Decision, Rule: q.Rule, Since: q.Since, Until: q.Until,
	})
	for r, err := range records {
		if err != nil {
			return err
		}
		if err := f(&r); err != nil {
			return err
		}
	}
	return nil
}

// line is one record for a person's eyes.
func line(r *reader.Record) string {
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
	if e.Kind == pip.KindStream {
		parts = append(parts, fmt.Sprintf("bytes=%d", e.Bytes))
	}
	if e.Count != 0 {
		parts = append(parts, fmt.Sprintf("count=%d", e.Count))
	}
	named := func(name string, values ...string) {
		if text := strings.Join(values, ","); text != "" {
			parts = append(parts, name+"="+text)
		}
	}
	if e.Count == 0 {
		named("reasons", e.Reasons...)
	} else {
		named("reasons", counts(e)...)
		named("until", e.Until.UTC().Format(time.RFC3339))
	}
	named("rule", e.Rules...)
	if e.Right != "" {
		named("right", strconv.Quote(e.Right))
	}
	named("reach", e.Reach)
	named("because", grounds(e)...)
	named("obligations", e.Obligations...)
	named("patients", e.Patients...)
	named("subject", e.Subject)
	named("session", e.Session)
	named("caller", e.Caller)
	if e.Subject == "" {
		named("address", e.Address)
	}
	named("network", e.Network)
	named("decision", e.Decision)
	named("revision", short(e.Revision))
	return strings.Join(parts, " ")
}

// counts names the reasons of many refusals, and how many had each.
func counts(e *pip.Event) []string {
	named := slices.Clone(e.Reasons)
	for i, reason := range named {
		if n, told := e.Codes[reason]; told {
			named[i] = fmt.Sprintf("%s:%d", reason, n)
		}
	}
	return named
}

// short is as much of a revision as tells two apart.
func short(revision string) string { return revision[:min(len(revision), 12)] }

// grounds names what an allowed decision about a patient rested on: the
// relation of care, as the policy saw it.
func grounds(e *pip.Event) []string {
	if e.Kind != pip.KindDecision || !e.Allow || len(e.Input) == 0 {
		return nil
	}
	var input struct {
		Context struct {
			Care struct {
				Treats, Own    bool
				SameDepartment bool `json:"same_department"`
			}
			Credential struct{ Elevation string }
			Location   struct{ Place string }
		}
	}
	if json.Unmarshal(e.Input, &input) != nil {
		return nil
	}
	var words []string
	for _, ground := range []struct {
		holds bool
		word  string
	}{
		{input.Context.Care.Treats, "treats"},
		{input.Context.Care.SameDepartment, "same_department"},
		{input.Context.Care.Own, "own_record"},
		{input.Context.Credential.Elevation == "fresh", "stepped_up"},
		{input.Context.Location.Place == "on_site", "on_site"},
	} {
		if ground.holds {
			words = append(words, ground.word)
		}
	}
	return words
}
