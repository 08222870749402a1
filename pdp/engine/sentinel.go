package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

const (
	verdictsQuery       = "data.sentinel.verdicts"
	sentinelTablesQuery = "data.sentinel.tables"
)

var _ pdp.Judge = (*Engine)(nil)

// A sentinel judges behaviour by one revision. It sees words alone, so that
// few inputs are ever different, and each is evaluated once.
type sentinel struct {
	query    rego.PreparedEvalQuery
	limits   sentinelLimits
	external map[string]int

	mu   sync.RWMutex
	said map[string][]pdp.Verdict
}

// sentinelLimits are the counts from which on behaviour is "many".
type sentinelLimits struct {
	Requests        int `json:"requests"`
	Denials         int `json:"denials"`
	SprayedAccounts int `json:"sprayed_accounts"`
	Patients        int `json:"patients"`
	Predictions     int `json:"predictions"`
}

// newSentinel refuses a rule book whose sentinel could not be asked, or whose
// tables make no sense: it would watch over nothing, and nobody would notice.
func newSentinel(ctx context.Context, modules map[string]*ast.Module) (*sentinel, error) {
	c, err := compileModules(sentinelModules(modules))
	if err != nil {
		return nil, err
	}
	s := &sentinel{said: map[string][]pdp.Verdict{}}
	s.query, err = rego.New(rego.Query(verdictsQuery), rego.Compiler(c), rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", verdictsQuery, err)
	}
	if err := s.readTables(ctx, c); err != nil {
		return nil, err
	}
	if _, err := s.ask(ctx, ast.NewObject()); err != nil {
		return nil, fmt.Errorf("sentinel: %w", err)
	}
	return s, nil
}

// sentinelModules are those of the sentinel, which read no others.
func sentinelModules(modules map[string]*ast.Module) map[string]*ast.Module {
	own := map[string]*ast.Module{}
	for name, m := range modules {
		if p := packageName(m); p == "sentinel" || strings.HasPrefix(p, "sentinel.") {
			own[name] = m
		}
	}
	return own
}

func (s *sentinel) readTables(ctx context.Context, c *ast.Compiler) error {
	results, err := rego.New(rego.Query(sentinelTablesQuery), rego.Compiler(c), rego.StrictBuiltinErrors(true)).Eval(ctx)
	if err != nil || len(results) != 1 {
		return errors.Join(errors.New("sentinel.tables cannot be read"), err)
	}
	raw, err := json.Marshal(results[0].Expressions[0].Value)
	if err != nil {
		return fmt.Errorf("sentinel.tables: %w", err)
	}
	var d struct {
		Thresholds sentinelLimits         `json:"thresholds"`
		External   map[string]int         `json:"external"`
		Verdicts   map[string]pdp.Verdict `json:"verdicts"`
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return fmt.Errorf("sentinel.tables: %w", err)
	}
	s.limits, s.external = d.Thresholds, d.External
	return errors.Join(d.Thresholds.fault(), externalFault(d.External), verdictsFault(d.Verdicts))
}

func (l *sentinelLimits) fault() error {
	if min(l.Requests, l.Denials, l.SprayedAccounts, l.Patients, l.Predictions) <= 0 {
		return errors.New("sentinel.tables: thresholds: expected requests, denials, sprayed_accounts, patients and predictions, each a whole number above 0")
	}
	return nil
}

func externalFault(external map[string]int) error {
	for kind, n := range external {
		if n <= 0 {
			return fmt.Errorf("sentinel.tables: external.%s: expected a whole number above 0", kind)
		}
	}
	return nil
}

func verdictsFault(verdicts map[string]pdp.Verdict) error {
	for id, v := range verdicts {
		v.ID = id
		if err := checkVerdict(v); err != nil {
			return fmt.Errorf("sentinel.tables: verdicts.%s: %w", id, err)
		}
	}
	return nil
}

func checkVerdict(v pdp.Verdict) error {
	deeds := []pdp.Deed{pdp.DeedBan, pdp.DeedBar, pdp.DeedRevoke, pdp.DeedStepUp, pdp.DeedAlert}
	if v.ID == "" || !slices.Contains(deeds, v.Do) || v.Seconds < 1 || v.Seconds > maxSpan {
		return fmt.Errorf("expected do to be ban, bar, revoke, step_up or alert, and seconds from 1 to %d", maxSpan)
	}
	return nil
}

// Verdicts judges one behaviour by the active revision.
func (e *Engine) Verdicts(ctx context.Context, b pdp.Behaviour) (pdp.Verdicts, error) {
	rev := e.active.Load()
	document, err := json.Marshal(rev.sentinel.input(&b, rev.tables))
	if err != nil {
		return pdp.Verdicts{}, fmt.Errorf("judge behaviour: %w", err)
	}
	list, err := rev.sentinel.judge(ctx, document)
	if err != nil {
		return pdp.Verdicts{}, fmt.Errorf("judge behaviour: %w", err)
	}
	return pdp.Verdicts{List: slices.Clone(list), Revision: rev.digest, Input: document}, nil
}

func (s *sentinel) judge(ctx context.Context, document []byte) ([]pdp.Verdict, error) {
	s.mu.RLock()
	list, known := s.said[string(document)]
	s.mu.RUnlock()
	if known {
		return list, nil
	}
	value, err := ast.ValueFromReader(strings.NewReader(string(document)))
	if err != nil {
		return nil, err
	}
	if list, err = s.ask(ctx, value); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.said) >= maxRemembered {
		clear(s.said)
	}
	s.said[string(document)] = list
	return list, nil
}

func (s *sentinel) ask(ctx context.Context, input ast.Value) ([]pdp.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, optimiserTimeout)
	defer cancel()
	results, err := s.query.Eval(ctx, rego.EvalParsedInput(input))
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
func (s *sentinel) input(b *pdp.Behaviour, t *tables) behaviourInput {
	in := behaviourInput{Who: "subject", External: []string{}}
	if b.Subject == "" {
		in.Who, in.Place = "address", t.place(b.Address)
	}
	c := &b.Signals
	state := t.freshness.Signals.of(&c.Reading)
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
		Requests:        word(c.Requests, s.limits.Requests),
		Denials:         word(c.Denials, s.limits.Denials),
		SprayedAccounts: word(c.SprayedAccounts, s.limits.SprayedAccounts),
		Patients:        word(c.Patients, s.limits.Patients),
		Predictions:     word(c.Predictions, s.limits.Predictions),
		NewDevice:       c.NewDevice, NewCountry: c.NewCountry, ImpossibleTravel: c.ImpossibleTravel,
	}
	for kind, n := range c.External {
		if many := s.external[kind]; many > 0 && n >= many {
			in.External = append(in.External, kind)
		}
	}
	slices.Sort(in.External)
	return in
}
