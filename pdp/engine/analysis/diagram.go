package analysis

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/remedy"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// A diagram is what a revision decides for every input at once. It is made when
// first asked for, and only once; one at a time may ask it.
type diagram struct {
	loaded *rulebook.Book

	mu    sync.Mutex
	made  bool
	err   error
	judge remedy.Diagram
	reach map[string]symbolic.Node // how far a role reaches, and for which inputs
}

var errNoDecision = errors.New("the rule book never allows")

// use calls f with the diagram, or says why there is none.
func (d *diagram) use(ctx context.Context, f func(*diagram) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.made {
		d.made, d.err = true, d.make(ctx)
	}
	if d.err != nil {
		return d.err
	}
	return f(d)
}

func (d *diagram) make(ctx context.Context) error {
	book, err := prove.Of(ctx, d.loaded)
	if err != nil {
		return err
	}
	a := prove.Analyse(book)
	roots, err := a.Roots(a.Books[0])
	if err != nil {
		return err
	}
	allow, fails := symbolic.No, symbolic.No
	d.reach = map[string]symbolic.Node{}
	for _, r := range roots {
		reach, isReach := strings.CutPrefix(r.Name, "reach ")
		switch {
		case r.Name == "decision":
			allow = r.Where
		case r.Name == "failure":
			fails = r.Where
		case isReach:
			d.reach[strings.Trim(reach, `"`)] = r.Where
		}
	}
	if allow == symbolic.No {
		return errNoDecision
	}
	d.judge = remedy.Diagram{Space: a.Space, Diagrams: a.Diagrams, Allow: a.Diagrams.And(allow, a.Diagrams.Not(fails))}
	return nil
}

// holders are the roles that are allowed an action on something of a type in some
// situation, and how far they reach; and whether a stranger is.
func (d *diagram) holders(action, resource string, roles []string) (list []Holder, stranger bool) {
	g := d.judge.Diagrams
	can := g.And(d.judge.Allow, g.And(d.is("action.name", action), d.is("resource.type", resource)))
	anonymous := d.is("subject.type", "anonymous")
	for _, role := range roles {
		if n := g.And(can, g.And(g.Not(anonymous), d.is("subject.properties.role", role))); n != symbolic.No {
			list = append(list, Holder{role, d.reaches(n)})
		}
	}
	none := g.And(d.is("subject.properties.role", ""), d.is("context.credential.state", "none"))
	return list, g.And(can, g.And(anonymous, none)) != symbolic.No
}

// is holds where a text stands at a path.
func (d *diagram) is(path, text string) symbolic.Node {
	n, at := symbolic.No, d.judge.Space.Find(path)
	for _, value := range d.judge.Space.Values(at, ast.StringTerm(text)) {
		n = d.judge.Diagrams.Or(n, d.judge.Diagrams.Is(at, value))
	}
	return n
}

// reaches are the words of how far what n allows reaches.
func (d *diagram) reaches(n symbolic.Node) []string {
	list := []string{}
	for reach, where := range d.reach {
		if reach != "" && d.judge.Diagrams.And(n, where) != symbolic.No {
			list = append(list, reach)
		}
	}
	slices.Sort(list)
	return list
}
