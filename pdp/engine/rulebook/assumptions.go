package rulebook

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// An Assumption says which inputs cannot be: a folder of authz/assume with a rule
// `impossible`. The book denies those inputs, and proofs are about all others.
type Assumption struct {
	Name, Title string
	File        string
	Line        int
}

const (
	assumeFolder = "authz/assume/"
	assumeBelow  = "authz.assume."
	assumeRule   = "impossible"
)

// AssumptionDocument is the path of what an assumption says.
func AssumptionDocument(name string) string { return assumeBelow + name + "." + assumeRule }

// Assumptions are those of a rule book, by name.
func (b *Book) Assumptions() []Assumption { return b.assumptions }

// Assumptions are the files among these that say which inputs cannot be.
func (f Files) Assumptions() Files {
	own := Files{}
	for name, content := range f {
		if strings.HasPrefix(name, assumeFolder) && decides(name) {
			own[name] = content
		}
	}
	return own
}

func assumptionsOf(modules map[string]*ast.Module) (list []Assumption) {
	for _, file := range slices.Sorted(maps.Keys(modules)) {
		name, ok := strings.CutPrefix(packageName(modules[file]), assumeBelow)
		if !ok || !slices.ContainsFunc(modules[file].Rules, isAssumption) {
			continue
		}
		one := Assumption{Name: name, File: file, Line: modules[file].Package.Location.Row}
		if about := packageAnnotations([]*ast.Module{modules[file]}); about != nil {
			one.Title = about.Title
		}
		list = append(list, one)
	}
	return list
}

func isAssumption(r *ast.Rule) bool { return ruleName(r) == assumeRule }

// checkAssumptions refuses an assumption that has another form than a proof relies
// on, and one that reads what is no part of the input: an assumption that asked the
// rules what cannot be would make them right whatever they say.
func checkAssumptions(modules map[string]*ast.Module) error {
	var faults []error
	fault := func(at *ast.Location, format string, args ...any) {
		faults = append(faults, ast.NewError("assumption", at, format, args...))
	}
	any := false
	for _, file := range slices.Sorted(maps.Keys(modules)) {
		m := modules[file]
		if !strings.HasPrefix(packageName(m)+".", assumeBelow) && !strings.HasPrefix(file, assumeFolder) {
			continue
		}
		any = true
		name := path.Base(path.Dir(file))
		if want := assumeFolder + name + "/" + name + ".rego"; file != want || packageName(m) != assumeBelow+name {
			fault(m.Package.Location, "an assumption is one file, %sNAME/NAME.rego, of package %sNAME", assumeFolder, assumeBelow)
			continue
		}
		if about := packageAnnotations([]*ast.Module{m}); about == nil || about.Title == "" {
			fault(m.Package.Location, "an assumption has a title that says the promise: proofs name it")
		}
		if !slices.ContainsFunc(m.Rules, isAssumption) {
			fault(m.Package.Location, "expected a rule `impossible if {…}`")
		}
		for _, r := range m.Rules {
			checkAssumption(m, r, fault)
		}
	}
	if any && !collectsAssumptions(modules) {
		fault(&ast.Location{File: "authz/authz.rego", Row: 1},
			"the rule book has assumptions, and nothing denies what they exclude: expected `denials contains CODE if data.authz.assume[_].impossible` in package authz")
	}
	return errors.Join(faults...)
}

func checkAssumption(m *ast.Module, r *ast.Rule, fault func(at *ast.Location, format string, args ...any)) {
	name := ruleName(r)
	switch {
	case name != assumeRule && !strings.HasPrefix(name, "_"):
		fault(r.Location, "%s is heard by nothing: an assumption consists of `impossible`, and of rules that begin with an underscore", name)
	case r.Default:
		fault(r.Location, "an assumption has no default: what it does not exclude is possible")
	case name == assumeRule && (r.Head.Key != nil || len(r.Head.Args) > 0 || r.Head.Value == nil || !r.Head.Value.Equal(ast.BooleanTerm(true))):
		fault(r.Location, "expected `impossible if {…}`, which says true or nothing")
	}
	s := newScope(m, r, nil)
	ast.WalkExprs(r, func(e *ast.Expr) bool {
		if len(e.With) > 0 {
			fault(e.Location, "an assumption is about inputs as they come: `with` is for its tests")
		}
		return false
	})
	ast.WalkTerms(r, func(t *ast.Term) bool {
		ref, isRef := t.Value.(ast.Ref)
		if !isRef {
			return false
		}
		if read, ok := s.reads(ref); !ok {
			at := t.Location
			if at == nil || at.Row == 0 {
				at = r.Location
			}
			fault(at, "%s: an assumption reads the input and tables (data.authz.tables), so that it holds whatever the rules are", read)
		}
		return false
	})
}

// reads is what a reference of an assumption reads; ok is false for what it may not.
func (s *scope) reads(ref ast.Ref) (name string, ok bool) {
	head, isVar := ref[0].Value.(ast.Var)
	if !isVar {
		return ref.String(), true
	}
	name, known := s.heads[head]
	if !known {
		return ref.String(), true // a local, a rule of the assumption, a builtin
	}
	if name == "input" {
		return name, true
	}
	for _, t := range ref[1:] {
		if text, isText := t.Value.(ast.String); isText {
			name = fmt.Sprintf("%s.%s", name, string(text))
			continue
		}
		break
	}
	for _, allowed := range []string{"data.authz.tables", s.pkg} {
		if name == allowed || strings.HasPrefix(name, allowed+".") || strings.HasPrefix(name, "input.") {
			return name, true
		}
	}
	return name, false
}

// collectsAssumptions reports whether some rule of the mechanism denies by what is
// assumed. That it denies all of it is proved.
func collectsAssumptions(modules map[string]*ast.Module) bool {
	found := false
	for _, m := range modules {
		if packageName(m) != "authz" {
			continue
		}
		for _, r := range m.Rules {
			if ruleName(r) != "denials" || r.Head.Key == nil {
				continue
			}
			ast.WalkRefs(r.Body, func(ref ast.Ref) bool {
				found = found || strings.HasPrefix(ref.String(), "data.authz.assume[")
				return false
			})
		}
	}
	return found
}
