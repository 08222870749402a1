package overlay

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// An edit replaces the bytes from to until by text.
type edit struct {
	from, until int
	text        string
}

// apply makes all edits, which do not overlap.
func apply(content []byte, edits []edit) []byte {
	edits = slices.Clone(edits)
	slices.SortFunc(edits, func(a, b edit) int { return b.from - a.from })
	content = slices.Clone(content)
	for _, e := range edits {
		content = slices.Concat(content[:e.from], []byte(e.text), content[e.until:])
	}
	return content
}

// cut takes a rule out, with the comments that stand right above it.
func cut(content []byte, at *ast.Location) edit {
	return edit{from: comments(content, at.Offset).from, until: at.Offset + len(at.Text)}
}

// comments takes out the lines of comments right above an offset.
func comments(content []byte, offset int) edit {
	from := offset
	for {
		line := bytes.LastIndexByte(content[:max(from-1, 0)], '\n') + 1
		if from == 0 || from != offset && content[from-1] != '\n' || !bytes.HasPrefix(content[line:], []byte("#")) {
			return edit{from: from, until: offset}
		}
		from = line
	}
}

// addRows writes the rows of a table behind those of the base's.
func (a *assembly) addRows(file string, base *ast.Rule, t table) edit {
	content := a.overText(a.over[t.file])
	value, rule := t.rule.Head.Value.Location, t.rule.Location
	rows := strings.TrimSpace(string(content[value.Offset+1 : rule.Offset+len(rule.Text)-1]))
	end := base.Location.Offset + len(base.Location.Text) - 1
	e := edit{from: end, until: end, text: "\n" + rows + "\n"}
	if !parses(file, apply(a.base[file], []edit{e})) {
		e.text = "\n,\n" + rows + "\n" // the base's last row has no comma behind it
	}
	return e
}

// checkAdded holds what came of adding rows: the base's table with so many more, and
// nothing else.
func (a *assembly) checkAdded(file string, base *ast.Module, adding []table) {
	after, err := rulebook.Parse(map[string][]byte{file: a.tree[file]})
	if err != nil {
		return // said already
	}
	for _, t := range adding {
		before, now := ruleIn(base, t.name), ruleIn(after[file], t.name)
		if before == nil {
			continue
		}
		if now == nil || !plain(now) || size(now) != size(before)+size(t.rule) {
			a.add(t.file, t.rule.Location.Row, fmt.Sprintf("the rows of %s cannot be added as they are written", t.name), "write `%s := {…}` and nothing behind it", t.name)
		}
	}
}

func ruleIn(m *ast.Module, name string) *ast.Rule {
	for _, r := range m.Rules {
		if ruleName(r) == name {
			return r
		}
	}
	return nil
}

// size is how many rows a written table has.
func size(r *ast.Rule) int {
	switch v := r.Head.Value.Value.(type) {
	case ast.Object:
		return v.Len()
	case ast.Set:
		return v.Len()
	case *ast.Array:
		return v.Len()
	}
	return -1
}

func parses(name string, content []byte) bool {
	_, err := rulebook.Parse(map[string][]byte{name: content})
	return err == nil
}

// formatted is a file as `opa fmt` writes it.
func (a *assembly) formatted(file string, content []byte) []byte {
	text, err := format.SourceWithOpts(file, content, format.Opts{RegoVersion: ast.RegoV1})
	if err != nil {
		a.add(file, 0, fmt.Sprintf("what the base and the overlay make of it cannot be read: %s", err), "write the rows as the base's are written")
		return content
	}
	return text
}

// names are the names that a rule can mean, others of its package among them.
func names(r *ast.Rule) (list []string) {
	ast.WalkTerms(r, func(t *ast.Term) bool {
		switch v := t.Value.(type) {
		case ast.Var:
			list = append(list, string(v))
		case ast.Ref:
			if name, ok := v[len(v)-1].Value.(ast.String); ok {
				list = append(list, string(name))
			}
			for _, part := range v {
				if name, ok := part.Value.(ast.String); ok {
					list = append(list, string(name))
				}
			}
		}
		return false
	})
	return list
}

// custom is what METADATA above a rule says beside OPA's own words.
func custom(r *ast.Rule) map[string]any {
	for _, a := range r.Annotations {
		if a.Custom != nil && (a.Scope == "rule" || a.Scope == "document") {
			return a.Custom
		}
	}
	return nil
}

// aboutPackage reports whether METADATA stands above the package.
func aboutPackage(m *ast.Module) bool {
	return slices.ContainsFunc(m.Annotations, func(a *ast.Annotations) bool { return a.Scope == "package" || a.Scope == "subpackages" })
}

// baseRule is the first rule of that name in a package.
func baseRule(modules map[string]*ast.Module, pkg, name string) *ast.Rule {
	for file, m := range modules {
		if packageName(m) != pkg || isTest(file) {
			continue
		}
		for _, r := range m.Rules {
			if ruleName(r) == name {
				return r
			}
		}
	}
	return nil
}

func packageName(m *ast.Module) string { return strings.TrimPrefix(m.Package.Path.String(), "data.") }

// ruleName is the first word of a rule's name.
func ruleName(r *ast.Rule) string {
	ref := r.Head.Ref()
	if len(ref) == 0 {
		return string(r.Head.Name)
	}
	return strings.Trim(ref[0].Value.String(), `"`)
}

func isTest(name string) bool { return strings.HasSuffix(name, "_test.rego") }
