// Package rows turns rules about single rows into conditions that a service adds
// to its statements: OPA's Compile API with the row unknown. It refuses rules
// that no condition means exactly.
package rows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/rego/compile"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/answer"
)

const (
	rowsQuery    = "data.records.rows.include"
	rowCondition = "row_condition" // the obligation that names rowsQuery
	maxSituation = 4096            // that the row rules may tell apart
)

// Rules are the rules of package records.rows, which say of one row whether
// the subject may touch it. They are compiled with the row unknown (OPA's
// Compile API, UCAST target): what is left of them is the condition that a
// service adds to its statements.
//
// A situation is what the rules read apart from ids: the action, the role, and
// which of the subject's ids are there. Each situation is compiled once in the
// life of a revision, with marks in the place of the ids, which a decision
// fills in. That a mark means what an id would mean is held by readRows: an id
// is compared with a field of the row and with nothing else.
type Rules struct {
	reads    reads
	filters  *compile.Prepared
	anywhere rego.PreparedEvalQuery // the rules without any row

	mu       sync.RWMutex
	compiled map[string]*condition // by situation
}

// New compiles the row rules for every situation in which no id is
// missing, so that rules that cannot be translated are refused before they
// decide. Faults are ast.Errors, with their places.
func New(ctx context.Context, c *ast.Compiler, words map[string][]any) (*Rules, error) {
	r := &Rules{compiled: map[string]*condition{}}
	var err error
	if r.reads, err = readRows(c, words); err != nil {
		return nil, err
	}
	options := []func(*rego.Rego){rego.Compiler(c), rego.StrictBuiltinErrors(true)}
	r.filters, err = compile.New(
		compile.Target("ucast", ""),
		compile.ParsedUnknowns(ast.MustParseTerm("input.patient"), ast.MustParseTerm("input.session")),
		compile.ParsedQuery(ast.MustParseBody(rowsQuery)),
		compile.Rego(options...),
	).Prepare(ctx)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", rowsQuery, err)
	}
	if r.anywhere, err = rego.New(append(options, rego.Query(rowsQuery))...).PrepareForEval(ctx); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", rowsQuery, err)
	}
	return r, r.reads.each(func(s situation) error {
		_, err := r.of(ctx, s)
		return err
	})
}

// Reads are the paths of the input that the rules read besides the row: of words
// and of ids.
func (r *Rules) Reads() (words, ids []string) { return r.reads.words, r.reads.ids }

// of returns the condition of a situation.
func (r *Rules) of(ctx context.Context, s situation) (*condition, error) {
	key := s.key()
	r.mu.RLock()
	found := r.compiled[key]
	r.mu.RUnlock()
	if found != nil {
		return found, nil
	}
	if err := r.reads.check(s); err != nil {
		return nil, err
	}
	made, err := r.compile(ctx, r.reads.document(s))
	if err != nil {
		return nil, fmt.Errorf("compile %s: %w", rowsQuery, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.compiled[key] = made
	return made, nil
}

// compile asks OPA what is left of the rules when the row is unknown. OPA says
// "every row" by an empty answer, which is also what is left of a translation
// that went wrong: it is believed only where the rules hold without any row.
func (r *Rules) compile(ctx context.Context, input map[string]any) (*condition, error) {
	filters, err := r.filters.Compile(ctx, rego.EvalInput(input))
	if err != nil {
		return nil, err
	}
	switch query := filters.For("ucast", "").Query.(type) {
	case nil:
		return &condition{Type: "none"}, nil
	case map[string]any:
		if len(query) > 0 {
			return readUCAST(query)
		}
	}
	results, err := r.anywhere.Eval(ctx, rego.EvalInput(input))
	if err != nil {
		return nil, err
	}
	if !results.Allowed() {
		return nil, errors.New("the translation is empty, and the rules do not hold for every row")
	}
	return &condition{Type: "all"}, nil
}

// named is the form in which a rule of the book asks for the condition.
type named struct {
	Rows string `json:"rows"`
}

// Fill puts the condition in the place of its name, in a decision that allows.
// A denial keeps the name: there is nothing to touch.
func (r *Rules) Fill(ctx context.Context, d *pdp.Decision, input Member) error {
	for i := range d.Obligations {
		o := &d.Obligations[i]
		if !d.Allow || o.ID != rowCondition || !strings.HasPrefix(string(o.Properties), `{"rows":`) {
			continue
		}
		var name named
		if err := json.Unmarshal(o.Properties, &name); err != nil || name.Rows != rowsQuery || r == nil {
			return fmt.Errorf("%w: the row condition names no rule that was compiled", answer.ErrMisshapen)
		}
		s, err := r.reads.situation(input)
		if err != nil {
			return err
		}
		c, err := r.of(ctx, s)
		if err != nil {
			return err
		}
		if o.Properties, err = json.Marshal(map[string]any{"condition": c.with(s.ids)}); err != nil {
			return fmt.Errorf("%w: %w", answer.ErrMisshapen, err)
		}
	}
	return nil
}
