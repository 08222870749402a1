// Package verdicts judges behaviour by the rule book's sentinel: counts become
// words, and words a verdict. It acts on none: pdp/sentinel does.
package verdicts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pip"
)

const (
	verdictsQuery = "data.sentinel.verdicts"
	TablesQuery   = "data.sentinel.tables"
)

// point is the information point that counts behaviour.
const point = "signals"

// maxSaid bounds the verdicts that one revision remembers, within the time for
// one evaluation.
const (
	maxSaid = 16_384
	within  = 5 * time.Second
)

// A Judge judges behaviour by one revision. It sees words alone, so that
// few inputs are ever different, and each is evaluated once.
type Judge struct {
	query    rego.PreparedEvalQuery
	limits   limits
	external map[string]int
	rows     []string // of the table of verdicts, by name
	idle     []string

	mu   sync.RWMutex
	said map[string][]pdp.Verdict
}

// New refuses a rule book whose sentinel could not be asked, or whose tables make
// no sense: it would watch over nothing, and that would not be noticed.
func New(ctx context.Context, c *ast.Compiler) (*Judge, error) {
	j := &Judge{said: map[string][]pdp.Verdict{}}
	var err error
	j.query, err = rego.New(rego.Query(verdictsQuery), rego.Compiler(c), rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", verdictsQuery, err)
	}
	if err := j.readTables(ctx, c); err != nil {
		return nil, err
	}
	if j.idle, err = j.lookThrough(ctx); err != nil {
		return nil, fmt.Errorf("sentinel: %w", err)
	}
	return j, nil
}

// Idle are the rows of the table of verdicts that no rule comes to, whatever
// one behaviour is like.
func (j *Judge) Idle() []string { return j.idle }

// lookThrough asks about behaviours of which nothing, all and each one thing is
// out of the ordinary, so that a verdict that could not be carried out is found
// before it is needed.
func (j *Judge) lookThrough(ctx context.Context) (idle []string, err error) {
	said := map[string]bool{}
	for _, in := range j.behaviours() {
		document, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		list, err := j.judge(ctx, document)
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			said[v.ID] = true
		}
	}
	if _, err := j.ask(ctx, ast.NewObject()); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(j.rows), func(id string) bool { return said[id] }), nil
}

func (j *Judge) behaviours() (list []behaviourInput) {
	whos := []behaviourInput{{Who: "address", Place: "on_site"}, {Who: "address", Place: "off_site"}, {Who: "subject"}}
	for _, kind := range pip.RoleKinds() {
		whos = append(whos, behaviourInput{Who: "subject", Kind: kind})
	}
	kinds := slices.Sorted(maps.Keys(j.external))
	for _, usual := range whos {
		usual.External = []string{}
		usual.Signals = behaviourWords{
			State: pip.Fresh.String(), Requests: "usual", Denials: "usual", SprayedAccounts: "usual", Patients: "usual", Predictions: "usual",
		}
		reported, all := usual, usual
		reported.External, all.External = kinds, kinds
		for _, odd := range oddities {
			one := usual
			odd(&one.Signals)
			odd(&all.Signals)
			list = append(list, one)
		}
		list = append(list, usual, reported, all)
	}
	return list
}

// oddities make one thing of a behaviour out of the ordinary.
var oddities = []func(*behaviourWords){
	func(w *behaviourWords) { w.Requests = "many" },
	func(w *behaviourWords) { w.Denials = "many" },
	func(w *behaviourWords) { w.SprayedAccounts = "many" },
	func(w *behaviourWords) { w.Patients = "many" },
	func(w *behaviourWords) { w.Predictions = "many" },
	func(w *behaviourWords) { w.NewDevice = true },
	func(w *behaviourWords) { w.NewCountry = true },
	func(w *behaviourWords) { w.ImpossibleTravel = true },
}

// Verdicts judges one behaviour, and returns what the rules saw as JSON beside.
func (j *Judge) Verdicts(ctx context.Context, b *pdp.Behaviour, t *tables.Tables) ([]pdp.Verdict, []byte, error) {
	document, err := json.Marshal(j.input(b, t))
	if err != nil {
		return nil, nil, fmt.Errorf("judge behaviour: %w", err)
	}
	list, err := j.judge(ctx, document)
	if err != nil {
		return nil, nil, fmt.Errorf("judge behaviour: %w", err)
	}
	return slices.Clone(list), document, nil
}

func (j *Judge) judge(ctx context.Context, document []byte) ([]pdp.Verdict, error) {
	j.mu.RLock()
	list, known := j.said[string(document)]
	j.mu.RUnlock()
	if known {
		return list, nil
	}
	value, err := ast.ValueFromReader(strings.NewReader(string(document)))
	if err != nil {
		return nil, err
	}
	if list, err = j.ask(ctx, value); err != nil {
		return nil, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.said) >= maxSaid {
		clear(j.said)
	}
	j.said[string(document)] = list
	return list, nil
}

func (j *Judge) ask(ctx context.Context, input ast.Value) ([]pdp.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	results, err := j.query.Eval(ctx, rego.EvalParsedInput(input))
	if err != nil {
		return nil, err
	}
	if len(results) != 1 {
		return nil, errors.New("the verdicts are undefined")
	}
	raw, err := json.Marshal(results[0].Expressions[0].Value)
	if err != nil {
		return nil, err
	}
	var list []pdp.Verdict
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, errors.New("the verdicts are misshapen")
	}
	for _, v := range list {
		if err := checkVerdict(v); err != nil {
			return nil, fmt.Errorf("verdict %q: %w", v.ID, err)
		}
	}
	slices.SortFunc(list, func(a, b pdp.Verdict) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}

// behaviourInput is the document that the sentinel's rules read.
type behaviourInput struct {
	Who      string         `json:"who"`
	Kind     pip.RoleKind   `json:"kind"`
	Place    string         `json:"place"`
	Signals  behaviourWords `json:"signals"`
	External []string       `json:"external"`
}

type behaviourWords struct {
	State            string `json:"state"`
	Requests         string `json:"requests"`
	Denials          string `json:"denials"`
	SprayedAccounts  string `json:"sprayed_accounts"`
	Patients         string `json:"patients"`
	Predictions      string `json:"predictions"`
	NewDevice        bool   `json:"new_device"`
	NewCountry       bool   `json:"new_country"`
	ImpossibleTravel bool   `json:"impossible_travel"`
}

// input writes counts as words. Without signals there are none, and no verdict.
func (j *Judge) input(b *pdp.Behaviour, t *tables.Tables) behaviourInput {
	in := behaviourInput{Who: "subject", External: []string{}}
	if b.Subject == "" {
		in.Who, in.Place = "address", t.Place(b.Address)
	} else {
		in.Kind = t.House.Roles[b.Role].Kind
	}
	c := &b.Signals
	state := t.Trusted(point, c.Reading)
	in.Signals.State = state.String()
	if state == pip.Unknown {
		return in
	}
	word := func(n, many int) string {
		if n >= many {
			return "many"
		}
		return "usual"
	}
	in.Signals = behaviourWords{
		State:           state.String(),
		Requests:        word(c.Requests, j.limits.Requests),
		Denials:         word(c.Denials, j.limits.Denials),
		SprayedAccounts: word(c.SprayedAccounts, j.limits.SprayedAccounts),
		Patients:        word(c.Patients, j.limits.Patients),
		Predictions:     word(c.Predictions, j.limits.Predictions),
		NewDevice:       c.NewDevice, NewCountry: c.NewCountry, ImpossibleTravel: c.ImpossibleTravel,
	}
	for kind, n := range c.External {
		if many := j.external[kind]; many > 0 && n >= many {
			in.External = append(in.External, kind)
		}
	}
	slices.Sort(in.External)
	return in
}
