package try

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/obligation"
)

// A report is what would become of a request.
type report struct {
	Method  string `json:"method"`
	Host    string `json:"host,omitempty"`
	Path    string `json:"path"`
	Role    string `json:"role,omitempty"`
	Account string `json:"account,omitempty"`

	Allow bool `json:"decision"`
	// Status is what the enforcement point answers; 0 where the application does.
	Status  int          `json:"status,omitempty"`
	Reasons []reason     `json:"reasons"`
	Shown   []string     `json:"shown,omitempty"` // the codes that the client is told
	Route   *reached     `json:"route,omitempty"`
	Near    []Near       `json:"near,omitempty"`
	Grounds *pdp.Grounds `json:"grounds,omitempty"`
	Duties  []duty       `json:"obligations"`
	Helps   []string     `json:"remedies"`
	Right   string       `json:"right,omitempty"` // who has it, where the subject has not
	Taken   []string     `json:"taken"`
	Assumed []string     `json:"assumed"`
	Version string       `json:"revision"`
	reasons pdp.Reasons  // of the book and of the enforcement point
	line    *line        // that was read
	in      string       // language
}

type reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// A reached row, and how sessions come to it.
type reached struct {
	Application string `json:"application"`
	Method      string `json:"method"`
	Path        string `json:"path"`
	Methods     string `json:"methods"` // that rows of the path have; any other is refused
	Action      string `json:"action"`
	Resource    string `json:"resource"`
	ID          string `json:"id,omitempty"`
	Body        string `json:"body"`
	Required    bool   `json:"required"`
	Limit       int64  `json:"limit,omitempty"`  // of the body, in bytes
	Origin      string `json:"origin,omitempty"` // at which browsers have their session
	Cookie      bool   `json:"cookie"`           // a session by cookie may come
}

// A duty is an obligation, and what it comes to.
type duty struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

func newReport(book *analysis.Book, l *line, w *subject, language string) *report {
	r := &report{
		Method: l.method, Host: l.host, Path: l.path, Role: w.role, Near: l.near, Version: book.Revision(),
		Reasons: []reason{}, Duties: []duty{}, Helps: []string{},
		reasons: book.House().Reasons.With(code.Reasons()), line: l, in: language,
	}
	if w.account != nil {
		r.Account = w.account.ID
	}
	if l.matched {
		row := l.found.Route
		r.Route = &reached{
			Application: row.Application, Method: row.Method, Path: row.Path, Methods: l.found.Allow, Action: row.Action,
			Resource: l.found.Resource.Type, ID: l.found.Resource.ID, Body: row.Body, Required: row.Required, Limit: row.BytesOfABody(), Origin: l.origin,
			Cookie: l.comes,
		}
	}
	return r
}

// refuse denies for these codes, with the status that the enforcement point has for them.
func (r *report) refuse(codes ...string) {
	r.Allow, r.Grounds = false, nil
	r.Status, r.Shown = r.reasons.Answer(codes)
	if len(codes) == 1 && r.reasons[codes[0]].Status != 0 {
		r.Status = r.reasons[codes[0]].Status // one that a rule book may not choose
	}
	r.Reasons = []reason{}
	for _, code := range codes {
		r.Reasons = append(r.Reasons, reason{code, r.reasons.Sentence(code, r.in)})
	}
}

// ask asks the book, and the obligations whether they can be kept.
func (r *report) ask(ctx context.Context, book *analysis.Book, document json.RawMessage) error {
	d, err := book.Ask(ctx, document)
	if err != nil {
		return err
	}
	discharger, err := obligation.New(obligation.All())
	if err != nil {
		return err
	}
	way := r.way(d.Allow)
	effects, unmet := discharger.Discharge(&d, way)
	if unmet == nil && d.Allow && r.line.streams() && !effects.Ways.Has(obligation.Upload) {
		unmet = errors.New("an obligation cannot be kept where a body is not judged")
	}
	if r.Allow = d.Allow; d.Allow {
		r.Grounds = &d.Grounds
	}
	r.Duties = r.words(&d, &effects, unmet)
	codes := d.Reasons
	switch {
	case way == 0:
		codes = append(slices.Clone(codes), code.ApplicationMissing)
	case unmet != nil:
		codes = append(slices.Clone(codes), code.ObligationUnmet)
	}
	if !d.Allow || way == 0 || unmet != nil {
		r.refuse(codes...)
	}
	if d.Allow {
		return nil
	}
	return r.explain(ctx, book, document)
}

// explain adds what would help.
func (r *report) explain(ctx context.Context, book *analysis.Book, document json.RawMessage) error {
	x, err := book.Explain(ctx, document, nil)
	if err != nil {
		return err
	}
	if a := x.Advice; a != nil {
		for _, set := range a.Sets {
			r.Helps = append(r.Helps, set.Text.In(r.in))
		}
		if len(a.Sets) == 0 {
			r.Helps = append(r.Helps, a.Text.In(r.in))
		}
	}
	if x.Right != nil && x.Right.Missing {
		r.Right = x.Right.Text.In(r.in)
	}
	return nil
}

// way is where the request would go: as the enforcement point has it.
func (r *report) way(allow bool) obligation.Way {
	name := r.line.application()
	if !allow {
		return obligation.Refused
	}
	if slices.Contains(pdp.OwnApplications, name) {
		return obligation.Service
	}
	for i := range r.line.upstreams {
		switch one := &r.line.upstreams[i]; {
		case one.Name == name && len(one.Upstreams) > 0:
			return obligation.External
		case one.Name == name:
			return obligation.Proxied
		}
	}
	if r.line.configured {
		return 0
	}
	return obligation.External
}

// words are the obligations in words.
func (r *report) words(d *pdp.Decision, e *obligation.Effects, unmet error) []duty {
	list := []duty{}
	for i := range d.Obligations {
		o := &d.Obligations[i]
		list = append(list, duty{o.ID, r.word(o, d.Allow, e)})
	}
	if unmet != nil {
		for part := range strings.SplitSeq(unmet.Error(), "\n") {
			list = append(list, duty{"unmet", part})
		}
	}
	return list
}

// forAnswers reports whether an obligation limits an answer, so that it means nothing for a denial.
func forAnswers(id string) bool {
	return slices.ContainsFunc(obligation.All(), func(h obligation.Handler) bool {
		return h.ID == id && !h.Ways.Has(obligation.Refused)
	})
}

func (r *report) word(o *pdp.Obligation, allow bool, e *obligation.Effects) string {
	switch {
	case !allow && forAnswers(o.ID):
		return "limits an answer, and means nothing for a denial"
	case o.ID == "revoke_session" && len(e.Revoke) > 0:
		if name := r.line.application(); name != "" && !slices.Contains(pdp.OwnApplications, name) {
			return "ends no session: the request is for another application"
		}
		return "the session would be ended: " + strings.Join(e.Revoke, ", ")
	case o.ID == "step_up" && e.Challenge != nil:
		text := fmt.Sprintf("a fresh factor is asked for, not older than %d seconds", e.Challenge.MaxAge)
		if e.Challenge.Tap {
			text += ", or badge and PIN at the workstation"
		}
		return text
	case o.ID == "row_condition" && e.Limits.Rows != nil:
		return "only rows are touched of which " + condition(e.Limits.Rows)
	case o.ID == "withhold" && len(e.Limits.Withhold) > 0:
		return "these fields are not shown: " + strings.Join(e.Limits.Withhold, ", ")
	case o.ID == "withhold_fragile" && e.Limits.WithholdFragile:
		return "no prediction is shown that a small change of its input would turn"
	case o.ID == "prediction_budget" && e.Limits.Budget != nil:
		return fmt.Sprintf("at most %d rows are predicted in %d seconds", e.Limits.Budget.Rows, e.Limits.Budget.Seconds)
	case o.ID == "mask_response":
		for _, one := range e.Answers {
			if m, ok := one.(*obligation.Mask); ok {
				return "taken out of the answer: " + pointers(m)
			}
		}
	}
	return strings.TrimSpace("as the rule book says: " + string(o.Properties))
}

func pointers(m *obligation.Mask) string {
	var names []string
	for i := range m.Pointers {
		names = append(names, m.Pointers[i].String())
	}
	return strings.Join(names, ", ")
}

// condition is a condition on rows in words.
func condition(c *assertion.Condition) string {
	switch c.Type {
	case "field":
		return fmt.Sprintf("%s is %s", c.Field, c.Value)
	case "compound":
		var parts []string
		for i := range c.Conditions {
			parts = append(parts, condition(&c.Conditions[i]))
		}
		return "(" + strings.Join(parts, " "+c.Operator+" ") + ")"
	default:
		return "there are none"
	}
}

// answered is the status in words.
func (r *report) answered() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", r.Status, http.StatusText(r.Status)))
}
