package prove

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// A place is where an order is: the values of the members that move, by the number of
// the variable.
type place map[int]int

// monotone proves that nothing is allowed, and no duty, mask or row condition is
// lost, when members move a step along their order and all else stays.
func (p *prover) monotone(ctx context.Context, i *invariant) Result {
	order, err := p.moves(ctx, i)
	if err != nil {
		return i.refused(i.At, "%s", err)
	}
	d := p.Diagrams
	where := symbolic.Yes
	if i.rule("when") != nil {
		a, known, err := p.book.found.Answer(i.document("when"))
		if err != nil || !known {
			return i.undecided(errors.Join(err, missing(i, "when", known)))
		}
		if where = a.Has(ast.BooleanTerm(true)); d.And(where, p.possible) == symbolic.No {
			return i.refused(i.At, "no possible input is as `when` says, so that nothing ever moves")
		}
	}
	for n := range len(order) - 1 {
		order[n+1] = order[n].then(order[n+1])
		m := &move{p: p, inv: i, from: order[n], to: order[n+1]}
		m.both = d.And(d.And(m.before(p.possible), m.after(p.possible)), d.And(m.before(where), m.after(where)))
		if m.both == symbolic.No {
			return i.refused(i.At, "%s, and all else stays: that is no step between two possible inputs; name every member that moves along", m)
		}
		if r := m.refutation(ctx); r != nil {
			return *r
		}
	}
	return i.result(Proved)
}

// then is a place that keeps what the next one does not name.
func (a place) then(b place) place {
	next := maps.Clone(a)
	maps.Copy(next, b)
	return next
}

// A move is one step of an order.
type move struct {
	p        *prover
	inv      *invariant
	from, to place
	both     symbolic.Node // both ends are possible
}

func (m *move) before(n symbolic.Node) symbolic.Node { return m.p.Diagrams.At(n, m.from) }
func (m *move) after(n symbolic.Node) symbolic.Node  { return m.p.Diagrams.At(n, m.to) }

// String says what moves: "context.device.state goes from fresh to stale".
func (m *move) String() string {
	var list []string
	for _, v := range slices.Sorted(maps.Keys(m.to)) {
		variable := m.p.Space.Variables()[v]
		if strings.Contains(variable.Path, " ") { // a word of a text moves with it
			continue
		}
		was, known := m.from[v]
		switch {
		case !known:
			list = append(list, fmt.Sprintf("%s goes to %s", variable.Path, word(variable.Values[m.to[v]])))
		case was != m.to[v]:
			list = append(list, fmt.Sprintf("%s goes from %s to %s", variable.Path, word(variable.Values[was]), word(variable.Values[m.to[v]])))
		}
	}
	return strings.Join(list, ", ")
}

// refutation finds a step that allows more, or loses something.
func (m *move) refutation(ctx context.Context) *Result {
	d := m.p.Diagrams
	if !d.Covers(m.both, m.p.answers, m.from, m.to) {
		more := d.But(m.after(m.p.answers), m.before(m.p.answers))
		if r := m.refuted(ctx, "it is allowed after, and was not before", d.And(m.both, more)); r != nil {
			return r
		}
	}
	for _, root := range m.p.roots {
		duty := strings.HasPrefix(root.Name, "obligation ")
		if !duty && root.Name != "rows" {
			continue
		}
		before, after := m.before(root.Where), m.after(root.Where)
		if before == after {
			continue
		}
		lost, problem := d.But(before, after), root.Name+" is lost"
		if !duty {
			lost, problem = d.But(after, before), "a row is reached after that was not before"
		}
		bad := d.And(m.both, lost)
		if bad != symbolic.No { // what is allowed after was so before
			bad = d.And(bad, m.after(m.p.answers))
		}
		if r := m.refuted(ctx, problem, bad); r != nil {
			return r
		}
	}
	return nil
}

// refuted refutes an invariant by an input, before and after.
func (m *move) refuted(ctx context.Context, problem string, bad symbolic.Node) *Result {
	p := m.p
	at, found := p.Diagrams.Smallest(bad, p.cost)
	if !found {
		return nil
	}
	r := m.inv.result(Refuted)
	r.Problem = fmt.Sprintf("%s: %s", m, problem)
	for v, value := range m.from {
		at[v] = value
	}
	r.Input, r.Situation = p.document(at), p.situation(at)
	for v, value := range m.to {
		at[v] = value
	}
	r.After = p.document(at)
	r.Query = "data.authz.answer"
	before, err := p.eval(ctx, r.Query, r.Input)
	after, err2 := p.eval(ctx, r.Query, r.After)
	r.Shown = before + " then " + after
	if err != nil || err2 != nil || before == after && !strings.HasPrefix(problem, "a row") {
		r.Outcome, r.Problem = Undecided, "OPA does not share what the analysis found of these inputs; that is a fault of the analysis"
	}
	return &r
}

func (p *prover) root(name string) symbolic.Node {
	for _, r := range p.roots {
		if r.Name == name {
			return r.Where
		}
	}
	return symbolic.No
}

var errMonotone = errors.New("expected the path of a member with a list of words, as member := \"context.device.match\", " +
	"and those words in order := […], from what may allow most; or, where several members move together, order := [{\"context.device.state\": \"fresh\"}, …]")

// moves reads which members move, and over which of their values.
func (p *prover) moves(ctx context.Context, i *invariant) ([]place, error) {
	query := fmt.Sprintf("[object.get(data.%s, \"member\", \"\"), data.%s.order]", i.pkg, i.pkg)
	said, err := p.eval(ctx, query, json.RawMessage("{}"))
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	var member string
	var steps []any
	if json.Unmarshal([]byte(said), &list) != nil || len(list) != 2 || json.Unmarshal(list[0], &member) != nil ||
		json.Unmarshal(list[1], &steps) != nil || len(steps) < 2 {
		return nil, errMonotone
	}
	var order []place
	for _, step := range steps {
		members, several := step.(map[string]any)
		if !several {
			members = map[string]any{member: step}
		}
		if several == (member != "") || len(members) == 0 {
			return nil, errMonotone
		}
		at := place{}
		for name, w := range members {
			if err := p.put(at, name, w); err != nil {
				return nil, err
			}
		}
		if slices.ContainsFunc(order, func(before place) bool { return maps.Equal(before, at) }) {
			return nil, fmt.Errorf("order: %v stands there twice", step)
		}
		order = append(order, at)
	}
	return order, nil
}

// put adds the value of one member to a place.
func (p *prover) put(at place, name string, value any) error {
	member := p.Space.Find(name)
	if member < 0 || p.Space.Variables()[member].Open && value != "" {
		return fmt.Errorf("member: the input has no member %s with a list of words", name)
	}
	if words := p.Space.Variables()[member].Words; words != nil { // the empty text has one word, which no rule names
		at[member] = 1
		for _, w := range words {
			at[w] = 0
			if p.Space.Variables()[w].AnyWord() {
				at[w] = 1
			}
		}
		return nil
	}
	v, err := ast.InterfaceToValue(value)
	if err != nil {
		return errMonotone
	}
	n, ok := p.Space.ValueOf(member, ast.NewTerm(v))
	if !ok {
		return fmt.Errorf("order: %v never stands at %s", value, name)
	}
	at[member] = n
	return nil
}
