package rulebook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/wardgate/wardgate/internal/effort"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/rows"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pdp/engine/verdicts"
	"github.com/wardgate/wardgate/pip"
)

const (
	tablesQuery = "data.authz.tables"

	// loadTimeout refuses a rule book whose checks do not end.
	loadTimeout = time.Minute
)

// needed are the rule folders that deny what the empty request does not come
// to. Rules are found by path, so that a missing folder would be a missing
// denial, and no probe can tell it from a rule that has nothing to say.
var needed = []string{
	"addresses", "bans", "bulk_reading", "care", "console", "cross_site", "department", "log_in", "machines", "own_record",
	"predictions", "purposes", "refresh", "request_rate", "rows", "step_up", "travel", "working_hours", "workstation",
}

// A Book is one revision of a rule book, compiled, checked and ready to be asked.
type Book struct {
	Digest    string
	Files     Files            // the rules that were loaded, whose digest this is
	Decides   answer.Form      // Compiled, or else optimised
	Compiled  *answer.Compiled // nil when OPA's interpreter decides
	Slow      error            // why it does
	Written   answer.Form      // what explains, and what Decides is checked against
	Tables    *tables.Tables
	Layout    *input.Layout // of inputs
	Rows      *rows.Rules
	Behaviour *verdicts.Judge
	log       logRules // what must not leave with decision logs

	assumptions []Assumption
}

// Load compiles, optimises and checks the rules among files; their tests are left
// out. points are the sections of all information points. It refuses a rule book that does not compile, does not deny the empty
// request on every floor, or whose tables make no sense.
func Load(files Files, points []pip.Section) (*Book, error) {
	ctx, cancel := effort.Within(context.Background(), loadTimeout)
	defer cancel()
	b, err := loadWithin(ctx, files.rules(), points)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the rule book was not ready within %v: some rule takes too long (%w)", loadTimeout, err)
	}
	return b, err
}

func loadWithin(ctx context.Context, files map[string][]byte, points []pip.Section) (*Book, error) {
	modules, err := Parse(files)
	if err != nil {
		return nil, err
	}
	if err := checkFolders(modules); err != nil {
		return nil, err
	}
	if err := checkInvariantsApart(modules); err != nil {
		return nil, err
	}
	if err := checkAssumptions(modules); err != nil {
		return nil, fmt.Errorf("assumptions: %w", err)
	}
	b := &Book{Digest: digest(files), Files: files, assumptions: assumptionsOf(modules)}
	c, err := compileModules(modules)
	if err != nil {
		return nil, err
	}
	if b.Tables, err = readTables(ctx, c, b.Digest, points); err != nil {
		return nil, err
	}
	if b.Layout, err = layoutOf(modules, b.Tables); err != nil {
		return nil, err
	}
	if err = checkColumns(modules, b.Tables.Columns); err != nil {
		return nil, err
	}
	if err = b.prepare(ctx, modules, c); err != nil {
		return nil, err
	}
	if b.Rows, err = loadRows(ctx, modules, c, b.Tables); err != nil {
		return nil, err
	}
	if b.log, err = prepareLog(ctx, modules, c); err != nil {
		return nil, err
	}
	if b.Behaviour, err = loadVerdicts(ctx, modules); err != nil {
		return nil, err
	}
	return b, b.checkFloor(ctx, c)
}

// loadRows compiles the row rules with the words that the book itself knows.
func loadRows(ctx context.Context, modules map[string]*ast.Module, c *ast.Compiler, t *tables.Tables) (*rows.Rules, error) {
	words, err := wordsOf(modules, t)
	if err != nil {
		return nil, err
	}
	return rows.New(ctx, c, words)
}

// loadVerdicts compiles the sentinel's modules, which read no others.
func loadVerdicts(ctx context.Context, modules map[string]*ast.Module) (*verdicts.Judge, error) {
	own := map[string]*ast.Module{}
	for name, m := range modules {
		if p := packageName(m); p == "sentinel" || strings.HasPrefix(p, "sentinel.") {
			own[name] = m
		}
	}
	c, err := compileModules(own)
	if err != nil {
		return nil, err
	}
	return verdicts.New(ctx, c)
}

// prepare makes the form that decides: closures, or what OPA's interpreter
// runs when they cannot be made.
func (b *Book) prepare(ctx context.Context, modules map[string]*ast.Module, c *ast.Compiler) error {
	var err error
	if b.Written, err = answer.Written(ctx, c); err != nil {
		return err
	}
	drawn, err := newSampler(modules, map[string][]any{}, nil)
	if err != nil {
		return err
	}
	if b.Compiled, b.Slow = answer.Compile(ctx, modules, capabilities(), b.Written, drawn.next); b.Slow == nil {
		b.Decides = b.Compiled
		return nil
	}
	b.Compiled = nil
	again, err := compileModules(modules)
	if err != nil {
		return err
	}
	if b.Decides, err = answer.Optimise(ctx, again); err != nil && (topdown.IsCancel(err) || errors.Is(err, context.DeadlineExceeded)) {
		return fmt.Errorf("%w: %w", errSlow, err)
	}
	return err
}

// errSlow says that a rule takes too long even to be prepared.
var errSlow = errors.New("some rule takes too long")

func checkFolders(modules map[string]*ast.Module) error {
	there := map[string]bool{}
	for _, m := range modules {
		there[m.Package.Path.String()] = there[m.Package.Path.String()] || len(m.Rules) > 0
	}
	var missing []string
	for _, name := range needed {
		if !there["data.authz.rules."+name] {
			missing = append(missing, "authz/rules/"+name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("floor check: the rule book lacks %s", strings.Join(missing, ", "))
	}
	return nil
}

// checkInvariantsApart refuses rules in the packages of invariants, wherever their file
// stands: added to an invariant, they would say that it holds.
func checkInvariantsApart(modules map[string]*ast.Module) error {
	var faults []error
	for _, file := range slices.Sorted(maps.Keys(modules)) {
		m := modules[file]
		if strings.HasPrefix(packageName(m)+".", Invariants+".") {
			faults = append(faults, ast.NewError("invariant", m.Package.Location,
				"package %s is for invariants, which stand in the folder %s: a rule of the book does not speak for what is proved of it", packageName(m), Invariants))
		}
	}
	return errors.Join(faults...)
}

func readTables(ctx context.Context, c *ast.Compiler, digest string, points []pip.Section) (*tables.Tables, error) {
	store := inmem.New()
	results, err := rego.New(rego.Query(tablesQuery), rego.Compiler(c), rego.Store(store),
		rego.StrictBuiltinErrors(true)).Eval(ctx)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", tablesQuery, err)
	case len(results) != 1:
		return nil, errors.New("package authz.tables is missing")
	}
	return tables.Read(results[0].Expressions[0].Value, digest, points)
}

// Ask evaluates an input document, and puts conditions in the place of the rules
// about rows that an answer names. With an error the decision is the zero one.
func (b *Book) Ask(ctx context.Context, document ast.Value) (pdp.Decision, error) {
	d, err := answer.Ask(ctx, b.Decides, document)
	if err != nil {
		return pdp.Decision{}, err
	}
	if err := b.Rows.Fill(ctx, &d, rows.InValue(document)); err != nil {
		return pdp.Decision{}, err
	}
	return d, nil
}
