package machine_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/machine"
)

const tablesText = `package authz.tables

actions := {
	"a": {"right": "k", "changes": false},
	"b": {"right": "fresh", "changes": true},
	"c": {"right": "", "changes": true},
}

rights := {
	"k": {"a": "own", "b": "all"},
	"fresh": {"b": "own", "anyone": "public", "c": false},
	"": {},
}

list := ["a", "b", {"a": "b"}]

level := "fresh"
`

const askText = `package authz.ask

import data.authz.tables

right := tables.actions[input.action.name].right

reach := tables.rights[right][input.subject.role]

public if tables.rights[right].anyone == "public"
`

const answerText = `package authz

answer := {"decision": allow, "context": {"reasons": denials, "obligations": duties, "grounds": {"rules": granting, "right": right}}}

default allow := false

allow if {
	some _ in data.authz.rules[_].grant
	not _denied
}

granting contains {"folder": folder, "code": code} if {
	allow
	some folder
	some code in data.authz.rules[folder].grant
}

default right := ""

right := data.authz.ask.right if allow

denials contains code if some code in data.authz.rules[_].deny

duties contains duty if some duty in data.authz.rules[_].oblige

_denied if some _ in denials
`

// book returns the modules of a random rule book.
func (g *generator) book() map[string]string {
	book := map[string]string{"answer": answerText, "ask": askText, "tables": tablesText}
	for i := range 1 + g.IntN(10) {
		for range 3 {
			if text := g.folder(i); planned(text) {
				book["r"+strconv.Itoa(i)] = text
				break
			}
		}
	}
	return book
}

// folder is one rule folder: denials, grants and duties, and below them what
// they ask. A rule that does not compile is drawn again, and then left out.
func (g *generator) folder(n int) string {
	text := fmt.Sprintf("package authz.rules.r%d\n\nimport data.authz.ask\nimport data.authz.tables\n\n_use := [ask.public, tables.level]\n\n", n)
	add := func(rule func() string) {
		for range 4 {
			if longer := text + rule(); compiles(longer) {
				text = longer
				return
			}
		}
	}
	lowest := &generator{Rand: g.Rand}
	for i := range 2 {
		add(func() string { return lowest.function(i) })
		add(func() string { return lowest.table(i) })
	}
	for i := range 3 {
		below := &generator{Rand: g.Rand, helpers: i, functions: 2}
		add(func() string { return below.helper(i) })
	}
	top := &generator{Rand: g.Rand, helpers: 3, functions: 2}
	for range 1 + g.IntN(3) {
		add(func() string {
			return fmt.Sprintf("deny contains %s if %s\n\n", g.of(`"x"`, `"y"`, top.value(1)), top.body(1))
		})
	}
	if g.IntN(2) == 0 {
		add(func() string { return fmt.Sprintf("grant contains %q if %s\n\n", "g", top.body(1)) })
	}
	if g.IntN(2) == 0 {
		add(func() string {
			return fmt.Sprintf("oblige contains %s if %s\n\n", g.of(`{"id": "d", "properties": {"v": 1}}`, top.value(2)), top.body(2))
		})
	}
	return text
}

func parsed(t map[string]string) map[string]*ast.Module {
	modules := map[string]*ast.Module{}
	for name, rules := range t {
		m, err := ast.ParseModuleWithOpts(name, rules, ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return nil
		}
		modules[name] = m
	}
	return modules
}

func compiles(text string) bool {
	c := ast.NewCompiler()
	modules := parsed(map[string]string{"new": text, "ask": askText, "tables": tablesText})
	c.Compile(modules)
	return modules != nil && !c.Failed()
}

// planned leaves out the folders that only OPA's interpreter runs.
func planned(text string) bool {
	modules := parsed(map[string]string{"new": text, "ask": askText, "tables": tablesText, "answer": answerText})
	policy, err := machine.Plan(context.Background(), modules, "authz/answer", nil)
	if err != nil {
		return false
	}
	_, err = machine.Compile(policy)
	return err == nil
}

func (g *generator) helper(i int) string {
	switch g.IntN(7) {
	case 0:
		return fmt.Sprintf("default _h%d := %s\n\n_h%d := %s if %s\n\n", i, g.of("false", `"a"`), i, g.value(0), g.body(0))
	case 1:
		return fmt.Sprintf("_h%d := %s if %s else := %s if %s\n\n", i, g.value(0), g.body(0), g.value(0), g.body(0))
	case 2:
		return fmt.Sprintf("_h%d contains %s if %s\n\n_h%d contains %s if %s\n\n", i, g.value(0), g.body(0), i, g.value(0), g.body(0))
	case 3:
		return fmt.Sprintf("_h%d if %s\n\n_h%d if %s\n\n", i, g.body(0), i, g.body(0))
	case 4:
		return fmt.Sprintf("_h%d := %s\n\n", i, g.value(0))
	case 5:
		return fmt.Sprintf("_h%d := %s if %s\n\n_h%d := %s if %s\n\n", i, g.value(0), g.body(0), i, g.value(0), g.body(0))
	default:
		return fmt.Sprintf("_h%d if %s\n\n", i, g.body(0))
	}
}

func (g *generator) function(i int) string {
	switch g.IntN(5) {
	case 0:
		return fmt.Sprintf("_f%d(x) := %s if {\n\t%s\n} else := %s\n\n", i, g.value(0), g.test(0, "x"), g.of("x", g.value(0)))
	case 1:
		return fmt.Sprintf("_f%d(%s) := %s\n\n_f%d(%s) := %s\n\n", i, g.word(), g.value(0), i, g.word(), g.value(0))
	case 2:
		return fmt.Sprintf("default _f%d(_) := %s\n\n_f%d(x) := [x, %s] if {\n\t%s\n\t%s\n}\n\n", i, g.word(), i, g.value(0), g.line(0), g.test(0, "x"))
	case 3:
		return fmt.Sprintf("_f%d([x, _]) := x\n\n_f%d({\"a\": x}) := x\n\n", i, i)
	default:
		return fmt.Sprintf("_f%d(x) if {\n\t%s\n\t%s\n}\n\n", i, g.test(0, "x"), g.line(0))
	}
}

func (g *generator) table(i int) string {
	if g.IntN(2) == 0 {
		return fmt.Sprintf("_m%d[x] := y if {\n\tsome x, y in %s\n\t%s\n}\n\n", i, g.of("input.context.map", "input.subject", "tables.actions", "input.context.care"), g.test(0, "y"))
	}
	return fmt.Sprintf("_m%d.a := %s if %s\n\n_m%d[x] := %s if {\n\tx := %s\n}\n\n", i, g.value(0), g.body(0), i, g.value(0), g.place())
}

// input draws a document. Much is a word, something is anything, and something
// is missing.
func (g *generator) input() map[string]any {
	document := map[string]any{}
	for _, place := range []string{
		"subject.id", "subject.role", "action.name", "resource.id", "resource.type",
		"context.care.state", "context.care.own", "context.list", "context.map", "n",
	} {
		if g.IntN(12) == 0 {
			continue
		}
		at, keys := document, strings.Split(place, ".")
		for _, key := range keys[:len(keys)-1] {
			next, ok := at[key].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[key] = next
			}
			at = next
		}
		at[keys[len(keys)-1]] = g.anything(place)
	}
	return document
}

func (g *generator) anything(place string) any {
	word := func() any { return words[g.IntN(len(words))] }
	if g.IntN(6) > 0 {
		switch place {
		case "context.list":
			return []any{word(), word(), g.anything("")}[:g.IntN(4)]
		case "context.map":
			return map[string]any{"a": word(), words[g.IntN(len(words))]: word()}
		case "context.care.own":
			return g.IntN(2) == 0
		case "n":
			return g.IntN(3)
		default:
			return word()
		}
	}
	switch g.IntN(7) {
	case 0:
		return nil
	case 1:
		return g.IntN(2) == 0
	case 2:
		return []any{word(), word()}
	case 3:
		return map[string]any{"a": word(), "state": word()}
	case 4:
		return g.IntN(3)
	case 5:
		return map[string]any{}
	default:
		return word()
	}
}
