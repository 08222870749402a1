package analysis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pip"
)

// enforced are the reasons that an enforcement point or the administrator adds
// to a policy's answer. They say nothing of the policy.
var enforced = []string{"obligation_unmet", "application_unavailable"}

// noDecision stands for the reason when the candidate gives no answer at all.
const noDecision = "no_decision"

// A replayer asks about the inputs that belong to it.
type replayer struct {
	candidate *engine.Candidate
	router    Router
	formerly  func(revision string) *Former // nil where only answers are compared
	work      chan []pip.Event
	report    *ReplayReport
	answers   map[string]*answered // by all of the input that can matter
	room      int                  // bytes that may still be remembered
	form      *input.Form
	places    []string // paths of the document's members
	document  input.Document
	before    input.Document // as it was recorded
}

// An answered is what the book answers to an input.
type answered struct {
	decision pdp.Decision
	whole    answer.Whole
}

func (r *replayer) run(ctx context.Context) error {
	for events := range r.work {
		for i := range events {
			if err := r.one(ctx, &events[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// one asks about one event, and compares.
func (r *replayer) one(ctx context.Context, e *pip.Event) error {
	if strings.HasPrefix(e.Action, verdictVerb) {
		return r.verdict(ctx, e)
	}
	now, words, untold, err := r.ask(ctx, e)
	if err != nil {
		return err
	}
	beside, unknown := r.beside(e, &now.whole)
	for _, table := range unknown {
		if !slices.Contains(untold, table) { // a decision counts once
			untold = append(untold, table)
		}
	}
	r.report.compare(e, &now.whole, words, untold, beside)
	return nil
}

// beside says what is done otherwise though the answer may be the same: which
// application an allowed request goes to and which body it may have, and the texts that
// the client of a denial is shown. unknown is what could not be told, because the rule
// book of then is not known.
func (r *replayer) beside(e *pip.Event, now *answer.Whole) (parts, unknown []string) {
	if r.formerly == nil || e.Revision == r.candidate.Revision() || e.Allow != now.Allow || e.Kind != pip.KindDecision {
		return nil, nil
	}
	was := r.formerly(e.Revision)
	switch {
	case e.Allow && (r.router == nil || e.Path == ""):
	case e.Allow && was == nil:
		unknown = []string{"routes"}
	case e.Allow:
		parts = rerouted(was.Router, r.router, e)
	case was == nil:
		unknown = []string{"texts"}
	default:
		reasons := r.candidate.Book().Tables.House.Reasons
		for _, code := range now.Shown {
			if !maps.Equal(was.Reasons[code].Text, reasons[code].Text) {
				parts = append(parts, "~text:"+code)
			}
		}
	}
	return parts, unknown
}

// rerouted are the cells of the row of a request line that the enforcement point goes
// by, where they differ.
func rerouted(was, now Router, e *pip.Event) (parts []string) {
	before, known := was.Row(e.Application, e.Method, e.Path)
	after, there := now.Row(e.Application, e.Method, e.Path)
	if !known || !there {
		return nil // the action says so
	}
	cell := func(name string, before, after any) {
		if before != after {
			parts = append(parts, fmt.Sprintf("~route.%s:%v->%v", name, before, after))
		}
	}
	cell("application", before.Application, after.Application)
	cell("query", before.Query, after.Query)
	cell("body", before.Body, after.Body)
	cell("required", before.Required, after.Required)
	cell("limit", before.Limit, after.Limit)
	return parts
}

// ask denies where the book fails: so does an engine. words are those of the input
// that the book's tables make otherwise.
func (r *replayer) ask(ctx context.Context, e *pip.Event) (now *answered, words string, untold []string, err error) {
	plain := r.form.Read(&r.document, e.Input)
	var loose map[string]any
	if !plain {
		if loose, err = input.Parse(e.Input); err != nil {
			return nil, "", nil, err
		}
		r.form.Fill(&r.document, loose)
	}
	r.before.Copy(&r.document)
	untold = r.candidate.Reword(&r.document, e)
	untold = append(untold, r.reroute(e)...)
	if e.Revision == r.candidate.Revision() {
		untold = nil // these tables made the words
	}
	changed := r.document.Changed(&r.before)
	for _, place := range changed {
		if loose != nil {
			r.document.Set(loose, r.places[place], place)
		}
	}
	words = r.words(changed)
	now, err = r.answer(ctx, loose)
	return now, words, untold, err
}

// words says which words of the input are others by the book's tables.
func (r *replayer) words(changed []int) string {
	if len(changed) == 0 {
		return ""
	}
	var parts []string
	for _, place := range changed {
		path := r.places[place]
		if path == "resource.id" {
			continue // an id; its type says enough
		}
		parts = append(parts, path+":"+r.before.At(place)+"->"+r.document.At(place))
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// reroute puts what a request line means by the book's routes in the place of what it
// meant. What was known of the record that it was for says nothing of another one.
func (r *replayer) reroute(e *pip.Event) (untold []string) {
	if r.router == nil || e.Kind != pip.KindDecision || e.Method == "" {
		return nil
	}
	if e.Path == "" {
		if e.PathDigest != "" && r.router.Could(e.Application, e.Method, e.PathDigest) {
			untold = []string{"routes"}
		}
		return untold
	}
	action, resource, _ := r.router.Means(e.Application, e.Method, e.Path)
	if row, _ := r.router.Row(e.Application, e.Method, e.Path); row.Query != "" {
		resource, untold = r.named(&row, e)
	} else if was := r.document.Resource(); was != resource && resource.ID != "" {
		untold = []string{"routes"}
	}
	r.document.Route(action, resource)
	return untold
}

// named is the resource of a row that has its id in the query, of which a digest alone was
// recorded: as far as that of then is of the same type it has that id, which is known to
// be the one that was sent where the book of then had it there too.
func (r *replayer) named(row *pdp.Route, e *pip.Event) (resource pdp.Resource, untold []string) {
	resource.Type = row.Resource
	was := r.document.Resource()
	if was.Type == resource.Type {
		resource.ID = was.ID
	}
	if r.formerly != nil {
		if book := r.formerly(e.Revision); book != nil {
			before, _ := book.Router.Row(e.Application, e.Method, e.Path)
			if before.Query == row.Query && was.Type == resource.Type {
				return resource, nil
			}
		}
	}
	return resource, []string{"routes"}
}

// answer asks about the document, or recalls what was answered. loose is the same
// document where it has members that no document of this program has.
func (r *replayer) answer(ctx context.Context, loose map[string]any) (*answered, error) {
	narrow := loose == nil && r.candidate.Narrow()
	if err := r.key(loose, narrow); err != nil {
		return nil, err
	}
	if a, ok := r.answers[string(r.document.Key)]; ok {
		return a, nil
	}
	r.report.Asked++
	d, err := r.fresh(ctx, loose)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.Is(err, input.ErrInput) {
			return nil, err
		}
		d = pdp.Decision{Reasons: []string{noDecision}}
	}
	a := &answered{d, answer.WholeOf(&d, r.candidate.Book().Tables.House.Reasons)}
	if r.room -= len(r.document.Key); r.room >= 0 {
		r.answers[string(r.document.Key)] = a
	}
	return a, nil
}

// key is all of an input that can make a difference to the book's answer. It
// begins with a byte that says which of two kinds it is.
func (r *replayer) key(loose map[string]any, narrow bool) error {
	switch {
	case narrow:
		r.document.Key = r.candidate.AppendKey(append(r.document.Key[:0], 'n'), &r.document)
	case loose == nil:
		r.document.Key = r.document.AppendExact(append(r.document.Key[:0], 'x'))
	default:
		raw, err := json.Marshal(loose)
		if err != nil {
			return err
		}
		r.document.Key = append(append(r.document.Key[:0], 'w'), raw...)
	}
	return nil
}

// fresh asks the book.
func (r *replayer) fresh(ctx context.Context, loose map[string]any) (pdp.Decision, error) {
	if loose != nil {
		return ask(ctx, r.candidate, loose)
	}
	return r.candidate.Ask(ctx, &r.document)
}

// recorded is the policy's own answer, without what was added to it later. Not
// every record holds one: a failed log-in, say, is recorded with the policy's
// answer to the question of what follows from it, which is its obligations
// alone, and with a verdict that is not the policy's. Such a record is about
// another action than the input.
func recorded(e *pip.Event) (was answer.Whole, whole bool) {
	was = answer.Recorded(e)
	if e.Kind == pip.KindSession {
		was.Status = 0
		if _, action := asked(e); action != e.Action {
			return was, false
		}
	}
	isEnforced := func(code string) bool { return slices.Contains(enforced, code) }
	if !slices.ContainsFunc(was.Reasons, isEnforced) {
		return was, true
	}
	was.Reasons = slices.DeleteFunc(slices.Clone(was.Reasons), isEnforced)
	was.Allow = was.Allow || len(was.Reasons) == 0
	was.Status = 0 // it is that of the refusal
	return was, true
}
