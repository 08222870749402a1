package rulebook

import (
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/wardgate/wardgate/pdp/engine/rows"
	"github.com/wardgate/wardgate/pdp/engine/tables"
)

// look finds every fault: what could not be asked, and what could but a reader
// should know: a rule without a title or without a test, a table that nothing
// reads, two rules that contradict each other.
func (c *checker) look() {
	c.checkLayout()
	c.checkMetadata()
	c.checkNames()
	c.checkTests()
	if err := checkInvariantsApart(c.modules); err != nil {
		c.addMany("authz/authz.rego", "invariant", err)
	}
	if err := checkAssumptions(c.modules); err != nil {
		c.addMany("authz/authz.rego", "assumption", err)
	}
	if c.parsed {
		c.checkMeaning()
	}
}

// A checker holds one rule book while it is looked through.
type checker struct {
	findings
	ctx      context.Context
	gate     Gate
	book     *Book                  // nil when it does not load
	unloaded error                  // why it does not
	modules  map[string]*ast.Module // rules
	tests    map[string]*ast.Module
	parsed   bool // every file could be parsed

	remedies []tables.Remedy
}

// parse keeps what can be parsed and notes what cannot.
func (c *checker) parse(files map[string][]byte) map[string]*ast.Module {
	modules := map[string]*ast.Module{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		one, err := Parse(map[string][]byte{name: files[name]})
		if err != nil {
			c.parsed = false
			c.addError(name, ast.ParseErr, err)
			continue
		}
		modules[name] = one[name]
	}
	return modules
}

// checkLayout holds that the package is the path, and that tests stand beside
// what they test.
func (c *checker) checkLayout() {
	for name, m := range c.modules {
		c.checkPackage(name, m, strings.ReplaceAll(path.Dir(name), "/", "."))
		if _, ok := c.tests[strings.TrimSuffix(name, ".rego")+"_test.rego"]; !ok && !c.gate.TestsLeftOut && !c.testedInFolder(name) {
			c.add(m.Package.Location, "untested", "write "+strings.TrimSuffix(path.Base(name), ".rego")+"_test.rego beside it",
				"no test stands beside this file")
		}
	}
	for name, m := range c.tests {
		folder := strings.ReplaceAll(path.Dir(name), "/", ".")
		if got := packageName(m); got != folder && got != folder+"."+strings.TrimSuffix(path.Base(name), ".rego") {
			c.checkPackage(name, m, folder+"_test")
		}
	}
}

// testedInFolder: tables share one test; a rule folder's file has its own.
func (c *checker) testedInFolder(name string) bool {
	if strings.HasPrefix(name, "authz/rules/") || strings.HasPrefix(name, assumeFolder) {
		return false
	}
	for test := range c.tests {
		if path.Dir(test) == path.Dir(name) {
			return true
		}
	}
	return false
}

func (c *checker) checkPackage(name string, m *ast.Module, want string) {
	if got := packageName(m); got != want && path.Dir(name) != "." {
		c.add(m.Package.Location, "package_path", "rename the package or move the file: the path is the package",
			"package %s stands in the folder of package %s", got, want)
	}
}

// packageName is a package's path without "data.".
func packageName(m *ast.Module) string {
	return strings.TrimPrefix(m.Package.Path.String(), "data.")
}

// checkMeaning compiles, asks and compares. Each step needs the one before.
func (c *checker) checkMeaning() {
	all := maps.Clone(c.modules)
	maps.Copy(all, c.tests)
	compiler := NewCompiler(true).SetErrorLimit(0)
	if compiler.Compile(all); compiler.Failed() {
		c.addError("authz/authz.rego", ast.CompileErr, compiler.Errors)
		return
	}
	c.checkSchema()
	rules, err := compileModules(c.modules)
	if err != nil {
		c.addMany("authz/authz.rego", "refused", err)
		return
	}
	b := c.book
	if b == nil && !errors.Is(c.unloaded, errSlow) {
		if b, err = c.prepare(rules); err != nil {
			c.addMany("authz/authz.rego", "refused", err)
		}
	}
	document := c.checkTables(compiler)
	if b != nil && document != nil {
		c.checkFloor(b, rules)
		c.checkRows(rules, document)
	}
	c.checkVerdicts()
	if document != nil {
		c.checkConflicts(compiler)
	}
	if c.book != nil {
		c.checkInterpreted()
	}
}

// checkFloor asks the empty request, and for the folders that it does not come to.
func (c *checker) checkFloor(b *Book, rules *ast.Compiler) {
	const hint = "each of these belongs to a folder below authz/rules that every book must have"
	for _, err := range []error{b.checkFloor(c.ctx, rules), checkFolders(c.modules)} {
		if err != nil {
			c.add(&ast.Location{File: "authz/authz.rego", Row: 1}, "floor", hint, "%s", err)
		}
	}
}

// checkInterpreted says what OPA's interpreter will decide, since it takes
// longer, and why.
func (c *checker) checkInterpreted() {
	if c.book.Slow == nil {
		return
	}
	const hint = "the book is in force all the same; OPA's interpreter takes some ten times as long"
	before := len(c.list)
	for _, name := range slices.Sorted(maps.Keys(c.modules)) {
		ast.WalkExprs(c.modules[name], func(e *ast.Expr) bool {
			if len(e.With) > 0 {
				c.add(e.Location, "interpreted", hint, "`with` is run by OPA's interpreter, and so is the whole book")
			}
			return false
		})
		ast.WalkRefs(c.modules[name], func(ref ast.Ref) bool {
			if ref.String() == "walk" {
				c.add(ref[0].Location, "interpreted", hint, "`walk` is run by OPA's interpreter, and so is the whole book")
			}
			return false
		})
	}
	if len(c.list) == before {
		c.add(&ast.Location{File: "authz/authz.rego", Row: 1}, "interpreted", hint, "OPA's interpreter runs the book: %s", c.book.Slow)
	}
}

// checkRows compiles the row rules as loading does.
func (c *checker) checkRows(rules *ast.Compiler, document any) {
	t, err := tables.Read(document, "", c.gate.Points)
	if err != nil {
		return // found already
	}
	if _, err := loadRows(c.ctx, c.modules, rules, t); err != nil {
		c.addMany("records/rows/rows.rego", rows.Code, err)
	}
	if _, err := layoutOf(c.modules, t); err != nil {
		c.addMany("authz/authz.rego", "schema", err)
	}
	c.checkSections(t)
	if err := checkColumns(c.modules, t.Columns); err != nil {
		c.addMany("records/columns/columns.rego", "columns_error", err)
	}
}

func (c *checker) prepare(rules *ast.Compiler) (*Book, error) {
	b := &Book{}
	if err := b.prepare(c.ctx, c.modules, rules); err != nil {
		return nil, err
	}
	return b, nil
}

// addMany takes joined errors apart.
func (c *checker) addMany(file, code string, err error) {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		c.addError(file, code, err)
		return
	}
	for _, e := range joined.Unwrap() {
		c.addError(file, code, e)
	}
}

// checkSchema: without the inline schema a misspelt field of the input is
// undefined, and a denial that reads it is silent.
func (c *checker) checkSchema() {
	for _, m := range c.modules {
		for _, a := range m.Annotations {
			if packageName(m) == "authz" && len(a.Schemas) > 0 && a.Scope == "subpackages" {
				return
			}
		}
	}
	c.add(&ast.Location{File: "authz/authz.rego", Row: 1}, "schema",
		"give package authz METADATA with `scope: subpackages` and an inline schema of the input", "the input has no schema, so that misspelt fields go unseen")
}
