package rulebook

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Parse reads Rego, and reports all faults together.
func Parse(files map[string][]byte) (map[string]*ast.Module, error) {
	modules := make(map[string]*ast.Module, len(files))
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := encoding(name, files[name]); err != nil {
			faults = append(faults, err)
			continue
		}
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

// encoding refuses what an editor put before or between the letters: OPA would
// name the first place that it cannot read, which looks right.
func encoding(name string, content []byte) error {
	at := &ast.Location{File: name, Row: 1, Col: 1}
	if bytes.HasPrefix(content, []byte("\ufeff")) {
		return ast.NewError("encoding", at, "the file begins with a byte order mark; save it as UTF-8 without one")
	}
	if i := firstInvalid(content); i >= 0 {
		at.Row += bytes.Count(content[:i], []byte("\n"))
		return ast.NewError("encoding", at, "the file is not UTF-8; save it as UTF-8")
	}
	return nil
}

// firstInvalid is where a text stops to be UTF-8; -1 when it is UTF-8.
func firstInvalid(content []byte) int {
	if utf8.Valid(content) {
		return -1
	}
	for i := 0; i < len(content); {
		r, size := utf8.DecodeRune(content[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// capabilities is what rules may use: builtins that are pure, and no network.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion(ast.CapabilitiesRegoVersion(ast.RegoV1))
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return b.Nondeterministic })
	c.AllowNet = []string{}
	return c
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

// NewCompiler compiles as loading does: pure builtins, schemas checked.
func NewCompiler(strict bool) *ast.Compiler {
	return ast.NewCompiler().
		WithStrict(strict).
		WithCapabilities(capabilities()).
		WithUseTypeCheckAnnotations(true)
}

// Compile compiles the rules among files as loading does.
func Compile(files Files) (*ast.Compiler, error) {
	modules, err := Parse(files.rules())
	if err != nil {
		return nil, err
	}
	return compileModules(modules)
}
