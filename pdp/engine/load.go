package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

const (
	answerQuery  = "data.authz.answer"
	tablesQuery  = "data.authz.tables"
	maxRuleBook  = 8 << 20 // bytes of Rego in one rule book
	maxRuleFiles = 10_000

	// loadTimeout refuses a rule book whose checks do not end.
	loadTimeout = time.Minute

	// optimiserTimeout refuses a rule book that explodes when it is flattened.
	optimiserTimeout = 5 * time.Second
)

// floor is what the empty request must be denied for: the rules that no rule
// book may lack. Rules are found by path, so a missing folder would otherwise
// be a missing denial.
var floor = []string{
	"account_inactive", "device_unknown", "identity_unknown", "location_unknown",
	"revocation_unknown", "role_forbidden", "route_unknown", "session_missing",
	"session_revoked", "signals_unknown", "subject_banned", "time_unknown",
}

// needed are the rule folders that deny what the empty request does not come
// to. Rules are found by path, so that a missing folder would be a missing
// denial, and no probe can tell it from a rule that has nothing to say.
var needed = []string{"addresses", "bulk_reading", "care", "console", "department", "log_in", "own_record", "predictions", "purposes", "request_rate", "rows", "step_up", "working_hours"}

// A revision is one rule book, compiled, checked and ready to be asked.
type revision struct {
	digest   string
	decides  evaluator // compiled, or else optimised
	compiled *compiled // nil when OPA's interpreter decides
	slow     error     // why it does
	written  evaluator // what explains, and what decides is checked against
	tables   *tables
	log      logRules // what must not leave with decision logs
	rows     *rowRules
	sentinel *sentinel
	memory   memory
}

// load reads, compiles, optimises and checks the rule book in fsys.
func load(fsys fs.FS) (*revision, error) {
	files, err := readRuleBook(fsys)
	if err != nil {
		return nil, err
	}
	return loadRules(files)
}

// loadRules compiles, optimises and checks rule files, tests left out.
func loadRules(files map[string][]byte) (*revision, error) {
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	rev, err := loadWithin(ctx, files)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the rule book was not ready within %v: some rule takes too long (%w)", loadTimeout, err)
	}
	return rev, err
}

func loadWithin(ctx context.Context, files map[string][]byte) (*revision, error) {
	modules, err := parse(files)
	if err != nil {
		return nil, err
	}
	if err := checkFolders(modules); err != nil {
		return nil, err
	}
	rev := &revision{digest: digest(files)}
	c, err := compileModules(modules)
	if err != nil {
		return nil, err
	}
	if rev.tables, err = readTables(ctx, c, rev.digest); err != nil {
		return nil, err
	}
	if err = checkColumns(modules, rev.tables.columns); err != nil {
		return nil, err
	}
	if err = rev.prepare(ctx, modules, c); err != nil {
		return nil, err
	}
	if rev.rows, err = loadRows(ctx, modules, c, rev.tables); err != nil {
		return nil, err
	}
	if rev.compiled != nil {
		rev.compiled.scope.add(rev.rows.reads.words, rev.rows.reads.ids)
	}
	if rev.log, err = prepareLog(ctx, modules, c); err != nil {
		return nil, err
	}
	if rev.sentinel, err = newSentinel(ctx, modules); err != nil {
		return nil, err
	}
	return rev, rev.checkFloor(ctx)
}

// loadRows compiles the row rules with the words that the book itself knows.
func loadRows(ctx context.Context, modules map[string]*ast.Module, c *ast.Compiler, t *tables) (*rowRules, error) {
	words, err := wordsOf(modules, t)
	if err != nil {
		return nil, err
	}
	return newRowRules(ctx, c, words)
}

// prepare makes the form that decides: closures, or what OPA's interpreter
// runs when they cannot be made.
func (rev *revision) prepare(ctx context.Context, modules map[string]*ast.Module, c *ast.Compiler) error {
	var err error
	if rev.written, err = prepare(ctx, c); err != nil {
		return err
	}
	if rev.compiled, rev.slow = prepareCompiled(ctx, modules, rev.tables, rev.written); rev.slow == nil {
		rev.decides = rev.compiled
		return nil
	}
	rev.compiled = nil
	rev.decides, err = prepareOptimised(ctx, modules)
	return err
}

// readRuleBook returns the rule files by path, tests left out. Loose data files
// are refused: OPA would swallow them silently.
func readRuleBook(fsys fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	size := 0
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if hidden(name) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case entry.IsDir() || strings.HasSuffix(name, "_test.rego"):
			return nil
		case slices.Contains([]string{".json", ".yaml", ".yml"}, path.Ext(name)):
			return fmt.Errorf("%s: data files are not read; write the table in Rego", name)
		case path.Ext(name) != ".rego":
			return nil
		}
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		files[name] = content
		if size += len(content); size > maxRuleBook || len(files) > maxRuleFiles {
			return fmt.Errorf("the rule book exceeds %d bytes or %d files", maxRuleBook, maxRuleFiles)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("read rule book: %w", err)
	case len(files) == 0:
		return nil, errors.New("read rule book: there is no .rego file in it")
	}
	return files, nil
}

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

// hidden names editors' and mounts' own files (".git", "..data", ".rule.rego.swp").
func hidden(name string) bool {
	base := path.Base(name)
	return base != "." && strings.HasPrefix(base, ".")
}

func parse(files map[string][]byte) (map[string]*ast.Module, error) {
	modules := make(map[string]*ast.Module, len(files))
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		m, err := ast.ParseModuleWithOpts(name, string(files[name]), ast.ParserOptions{
			ProcessAnnotation: true,
			RegoVersion:       ast.RegoV1,
			Capabilities:      capabilities(),
		})
		if err != nil {
			faults = append(faults, err)
			continue
		}
		modules[name] = m
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("parse rule book: %w", err)
	}
	return modules, nil
}

// capabilities is what rules may use: builtins that are pure, and no network.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion(ast.CapabilitiesRegoVersion(ast.RegoV1))
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return b.Nondeterministic })
	c.AllowNet = []string{}
	return c
}

// digest names a rule book by its content.
func digest(files map[string][]byte) string {
	h := sha256.New()
	var length [8]byte
	write := func(b []byte) {
		binary.BigEndian.PutUint64(length[:], uint64(len(b)))
		h.Write(length[:])
		h.Write(b)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		write([]byte(name))
		write(files[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

func compileModules(modules map[string]*ast.Module) (*ast.Compiler, error) {
	c := ast.NewCompiler().
		WithStrict(true).
		WithCapabilities(capabilities()).
		WithUseTypeCheckAnnotations(true)
	if c.Compile(modules); c.Failed() {
		return nil, fmt.Errorf("compile rule book: %w", c.Errors)
	}
	return c, nil
}

// shared names the documents that the optimiser keeps as they are: words that
// many rules use. Inlining them multiplies every table into every rule.
var shared = []string{"data.authz.ask", "data.authz.denials", "data.records"}

func prepare(ctx context.Context, c *ast.Compiler, options ...rego.PrepareOption) (evaluator, error) {
	store := inmem.NewFromObjectWithOpts(map[string]any{},
		inmem.OptReturnASTValuesOnRead(true), inmem.OptRoundTripOnWrite(false))
	q, err := rego.New(
		rego.Query(answerQuery),
		rego.Compiler(c),
		rego.Store(store),
		rego.StrictBuiltinErrors(true),
		rego.DisableInlining(shared),
	).PrepareForEval(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", answerQuery, err)
	}
	return interpreted{q}, nil
}

// prepareOptimised flattens the rule folders by partial evaluation with the
// whole input unknown: that is what lets the rules stay one folder each.
func prepareOptimised(ctx context.Context, modules map[string]*ast.Module) (evaluator, error) {
	c, err := compileModules(modules)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, optimiserTimeout)
	defer cancel()
	return prepare(ctx, c, rego.WithPartialEval())
}

func readTables(ctx context.Context, c *ast.Compiler, digest string) (*tables, error) {
	store := inmem.New()
	results, err := rego.New(rego.Query(tablesQuery), rego.Compiler(c), rego.Store(store),
		rego.StrictBuiltinErrors(true)).Eval(ctx)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", tablesQuery, err)
	case len(results) != 1:
		return nil, errors.New("package authz.tables is missing")
	}
	return newTables(results[0].Expressions[0].Value, digest)
}

// checkFloor refuses a rule book that does not deny the empty request for all
// of the floor, in the form that decides and in the form that explains.
func (rev *revision) checkFloor(ctx context.Context) error {
	for _, form := range []evaluator{rev.decides, rev.written} {
		d, err := askOf(ctx, form, ast.NewObject())
		if err != nil {
			return fmt.Errorf("floor check: %w", err)
		}
		var missing []string
		for _, code := range floor {
			if !slices.Contains(d.Reasons, code) {
				missing = append(missing, code)
			}
		}
		if d.Allow || len(missing) > 0 {
			return fmt.Errorf("floor check: the empty request is not denied for %s: a rule folder is missing or changed",
				strings.Join(missing, ", "))
		}
	}
	return nil
}
