package overlay

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

const rulesBelow = "authz/rules/"

// codes are small letters: two codes that look alike would be two.
var codes = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// parse reads the overlay's files, and finds what cannot be read.
func (a *assembly) parse(files rulebook.Files) map[string]*ast.Module {
	modules := map[string]*ast.Module{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		one, err := rulebook.Parse(map[string][]byte{name: files[name]})
		if err != nil {
			a.add(name, 0, err.Error(), "correct it; `opa fmt` names the first place that it cannot read")
			continue
		}
		modules[name] = one[name]
	}
	a.texts = files
	return modules
}

func (a *assembly) overText(m *ast.Module) []byte { return a.texts[m.Package.Location.File] }

// checkModule holds that a file is of its folder's package, and that its METADATA
// does not change how OPA reads the book.
func (a *assembly) checkModule(file string, m *ast.Module, pkgs ...string) {
	if got := packageName(m); !slices.Contains(pkgs, got) {
		a.add(file, m.Package.Location.Row, fmt.Sprintf("package %s stands in the folder of package %s", got, pkgs[0]), "write `package %s`: the path is the package", pkgs[0])
	}
	for _, n := range m.Annotations {
		switch {
		case n.Entrypoint:
			a.add(file, n.Location.Row, "METADATA names an entrypoint", "remove it: the book has one, and it is the base's")
		case len(n.Schemas) > 0:
			a.add(file, n.Location.Row, "METADATA names a schema", "remove it: the schema of the input is the base's")
		}
	}
}

// ruleFolders puts the overlay's rules into the tree.
func (a *assembly) ruleFolders() {
	granted := a.grants()
	for _, file := range slices.Sorted(maps.Keys(a.over)) {
		if isTest(file) || !strings.HasPrefix(file, rulesBelow) {
			continue
		}
		folder := path.Base(path.Dir(file))
		m := a.over[file]
		pkg := "authz.rules." + folder
		switch {
		case strings.HasSuffix(folder, "_test"):
			a.add(file, 0, "a folder of rules ends with _test, which is how packages of tests are called", "choose another name")
		case a.baseHas(pkg, rulesBelow+folder+"/"):
			a.add(file, 0, fmt.Sprintf("the base has rules of its own in %s%s", rulesBelow, folder), "choose another name: a rule of the base is not replaced, and nothing is added to it")
		}
		a.checkModule(file, m, pkg)
		a.checkReads(file, m, pkg)
		for _, r := range m.Rules {
			a.checkRule(file, r, granted)
		}
		a.put(file, file, a.overText(m))
	}
}

// baseHas reports whether the base has a package, or one below it, or a file there.
func (a *assembly) baseHas(pkg, folder string) bool {
	for name, m := range a.modules {
		if got := packageName(m); got == pkg || strings.HasPrefix(got, pkg+".") || strings.HasPrefix(name, folder) {
			return true
		}
	}
	return false
}

// grants are the codes under which the base grants.
func (a *assembly) grants() map[string]string {
	granted := map[string]string{}
	for file, m := range a.modules {
		if isTest(file) || !strings.HasPrefix(packageName(m), "authz.rules.") {
			continue
		}
		for _, r := range m.Rules {
			if code, ok := codeOf(r); ok && ruleName(r) == "grant" {
				granted[code] = file
			}
		}
	}
	return granted
}

func codeOf(r *ast.Rule) (string, bool) {
	if r.Head.Key == nil {
		return "", false
	}
	code, ok := r.Head.Key.Value.(ast.String)
	return string(code), ok
}

// checkRule: a rule of an overlay adds to deny, oblige or grant, or is private.
func (a *assembly) checkRule(file string, r *ast.Rule, granted map[string]string) {
	name, line := ruleName(r), r.Location.Row
	switch {
	case private(name):
		return
	case !slices.Contains([]string{"deny", "oblige", "grant"}, name) || len(r.Head.Ref()) != 1 || r.Head.Key == nil || r.Default || r.Else != nil:
		a.add(file, line, fmt.Sprintf("%s adds nothing to deny, oblige or grant", r.Head.Ref()),
			"write `deny contains CODE if …`, `oblige contains {…} if …` or `grant contains CODE if …`, or begin the name with an underscore")
		return
	case name == "oblige":
		return
	}
	code, isText := codeOf(r)
	switch {
	case !isText || !codes.MatchString(code):
		a.add(file, line, fmt.Sprintf("%s names no code that is written as text", name), "write the code in small letters a-z, digits and _, so that the evidence names it")
	case name == "grant" && granted[code] != "":
		a.add(file, line, fmt.Sprintf("%q is a code under which %s grants", code, granted[code]), "give this grant a code of its own, so that the evidence tells them apart")
	}
}

// readable is what rules of an overlay may read of the base.
var readable = []string{"data.authz.ask", "data.authz.tables"}

// checkReads: what other rules say is no ground of a rule, and `with` would ask them
// about another request.
func (a *assembly) checkReads(file string, m *ast.Module, pkg string) {
	may := append(slices.Clone(readable), "data."+pkg)
	check := func(ref ast.Ref, at *ast.Location) {
		if !ref.HasPrefix(ast.DefaultRootRef) {
			return
		}
		name := ref.ConstantPrefix().String()
		if !slices.ContainsFunc(may, func(p string) bool {
			return name == p || strings.HasPrefix(name, p+".") || strings.HasPrefix(name, p+"[")
		}) {
			a.add(file, at.Row, fmt.Sprintf("rules of an overlay do not read %s", name), "they read the input, %s and their own folder", strings.Join(readable, ", "))
		}
	}
	for _, i := range m.Imports {
		if ref, ok := i.Path.Value.(ast.Ref); ok {
			check(ref, i.Location)
		}
	}
	for _, r := range m.Rules {
		ast.WalkRefs(r, func(ref ast.Ref) bool { check(ref, r.Location); return false })
		ast.WalkExprs(r, func(e *ast.Expr) bool {
			if len(e.With) > 0 {
				a.add(file, e.Location.Row, "`with` is for tests", "ask about the request as it is")
			}
			return false
		})
	}
}

// invariants puts the overlay's invariants into the tree, beside the base's.
func (a *assembly) invariants() {
	for _, file := range slices.Sorted(maps.Keys(a.over)) {
		if isTest(file) || !strings.HasPrefix(file, rulebook.Invariants+"/") {
			continue
		}
		pkg := strings.ReplaceAll(strings.TrimSuffix(file, ".rego"), "/", ".")
		a.checkModule(file, a.over[file], pkg)
		if a.base[file] != nil {
			a.add(file, 0, "the base has an invariant of that name", "choose another name: an invariant of the base is not replaced. One that may not hold here is waived, see `wardgate policy waive --help`")
			continue
		}
		a.put(file, file, a.overText(a.over[file]))
	}
}

// scenarios are about the delivered rule book as a whole, and so not about one that
// something was put over. An overlay brings its own, or none.
const scenarios = "authz/scenarios/"

// tests puts the overlay's tests into the tree. No rule of theirs joins one of the
// base's, which it could make true.
func (a *assembly) tests() {
	for file := range a.tree {
		if strings.HasPrefix(file, scenarios) {
			delete(a.tree, file)
		}
	}
	taken := map[string]string{}
	for file, m := range a.modules {
		if isTest(file) && a.tree[file] != nil {
			for _, r := range m.Rules {
				taken[packageName(m)+"."+ruleName(r)] = file
			}
		}
	}
	for _, file := range slices.Sorted(maps.Keys(a.over)) {
		if !isTest(file) {
			continue
		}
		m := a.over[file]
		folder := strings.ReplaceAll(path.Dir(file), "/", ".")
		a.checkModule(file, m, folder+"_test", folder+"."+strings.TrimSuffix(path.Base(file), ".rego"))
		if a.tree[file] != nil {
			a.add(file, 0, "the base has tests of that name", "choose another name: the base's tests are replaced with the table that they are about, and else stand")
			continue
		}
		for _, r := range m.Rules {
			if base, ok := taken[packageName(m)+"."+ruleName(r)]; ok {
				a.add(file, r.Location.Row, fmt.Sprintf("%s has a rule %s of its own", base, ruleName(r)), "choose another name")
			}
		}
		a.put(file, file, a.overText(m))
	}
}
