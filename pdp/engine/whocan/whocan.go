// Package whocan says who may do what, as an auditor reads it: for each role and
// action what is needed, and what goes with it. It looks at every possible input of
// a rule book, and decides nothing.
package whocan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pdp/engine/conditions"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
	"github.com/wardgate/wardgate/pip"
)

// A Table is who may do what by one rule book.
type Table struct {
	Book        string   `json:"book"`
	Revision    string   `json:"revision"`
	Assumptions []string `json:"assumptions"`
	// Usual is what most entries need.
	Usual   []Need  `json:"usual"`
	Entries []Entry `json:"entries"`

	Duration time.Duration `json:"duration_ns"`
}

// An Entry is an action that is allowed to some roles in some situation.
type Entry struct {
	Action string   `json:"action"`
	Roles  []string `json:"roles"` // all for which the rest is the same
	Right  string   `json:"right,omitempty"`
	Reach  string   `json:"reach,omitempty"`
	// Usual: what is usual is needed, but for Except. Needs is what is needed beside it;
	// where Usual is false, all that is.
	Usual  bool   `json:"usual"`
	Except []Need `json:"except,omitempty"`
	Needs  []Need `json:"needs"`
	// Rows are the records that are reached: those that are as one of these says.
	// Without a row condition there are none.
	Rows []string `json:"rows,omitempty"`
	// Withheld and Duties go with it, where they say.
	Withheld []Duty `json:"withheld,omitempty"`
	Duties   []Duty `json:"duties,omitempty"`
	// Grounds are the rules that grant it: "public" is for everybody, without a session.
	Grounds string `json:"grounds"`
	Partly  bool   `json:"partly,omitempty"` // what is needed has too many rows, and more than Needs is
}

// A Need holds where one of its parts does.
type Need []conditions.Part

// String is a need in words.
func (n Need) String() string {
	parts := make([]string, len(n))
	for i, p := range n {
		parts[i] = p.String()
	}
	return strings.Join(parts, ", or ")
}

// A Duty is something that goes with an answer, in the situations Where; always
// without any.
type Duty struct {
	What  string   `json:"what"`
	Where []string `json:"where,omitempty"`
}

// String is a duty in words.
func (d Duty) String() string {
	if len(d.Where) == 0 {
		return d.What
	}
	return d.What + " (" + strings.Join(d.Where, " or ") + ")"
}

// Config narrows a table; its zero value is all of it.
type Config struct {
	Action, Role string
}

// public is the reach of what everybody may ask, without a session.
const public = "public"

// Find makes the table of a rule book.
func Find(ctx context.Context, name string, files rulebook.Files, points []pip.Section, c Config) (*Table, error) {
	begun := time.Now()
	b, err := prove.Open(ctx, files, points)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	a := prove.Analyse(b)
	f, err := newFinder(a, a.Books[0], c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	t := &Table{Book: name, Revision: b.Revision(), Assumptions: prove.Assumptions(), Entries: f.entries()}
	if err := f.known(t); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	t.usual()
	t.merged()
	t.Duration = time.Since(begun)
	return t, ctx.Err()
}

// The members by which a table is ordered.
const (
	actionMember = "action.name"
	roleMember   = "subject.properties.role"
)

// A finder looks at one book.
type finder struct {
	*prove.Analysis
	d        *symbolic.Diagrams
	book     *prove.Analysed
	config   Config
	possible symbolic.Node
	allows   symbolic.Node // of what is possible
	roots    []prove.Root
	writer   *conditions.Writer
	action   int
	role     int
	needs    map[[2]symbolic.Node]needs
}

// needs are clauses that all hold exactly where something is allowed.
type needs struct {
	list   []Need
	partly bool
}

func newFinder(a *prove.Analysis, b *prove.Analysed, c Config) (*finder, error) {
	f := &finder{
		Analysis: a, d: a.Diagrams, book: b, config: c, possible: a.Possible(b),
		action: a.Space.Find(actionMember), role: a.Space.Find(roleMember), needs: map[[2]symbolic.Node]needs{},
	}
	var err error
	if f.roots, err = a.Roots(b); err != nil {
		return nil, err
	}
	for _, r := range f.roots {
		switch r.Name {
		case "decision":
			f.allows = f.d.And(f.possible, r.Where)
		case prove.Failure:
			f.possible = f.d.And(f.possible, f.d.Not(r.Where)) // which denies
		}
	}
	f.allows = f.d.And(f.allows, f.possible)
	f.writer = conditions.NewWriter(a.Space, f.d, f.possible)
	return f, nil
}

// each visits every pair of an action and a role that the book names.
func (f *finder) each(visit func(action, role int)) {
	variables := f.Space.Variables()
	for a := range variables[f.action].Values {
		for r := range variables[f.role].Values {
			if f.isRole(r) && f.writer.Can(f.action, a) && f.writer.Can(f.role, r) && f.asked(f.action, a, f.config.Action) && f.asked(f.role, r, f.config.Role) {
				visit(a, r)
			}
		}
	}
}

// isRole: the word of rights for everybody is none.
func (f *finder) isRole(value int) bool {
	word := f.writer.Value(f.role, value)
	return word == conditions.Empty || word == conditions.Other || f.book.Loaded().Tables.House.Roles[word].Kind != ""
}

func (f *finder) asked(variable, value int, want string) bool {
	return want == "" || f.writer.Value(variable, value) == want
}

// at is a function for one action and role.
func (f *finder) at(n symbolic.Node, action, role int) symbolic.Node {
	return f.d.Fix(f.d.Fix(n, f.action, action), f.role, role)
}

func (f *finder) entries() []Entry {
	list := []Entry{}
	f.each(func(action, role int) {
		if allowed := f.at(f.allows, action, role); allowed != symbolic.No {
			list = append(list, f.entry(action, role, allowed))
		}
	})
	slices.SortStableFunc(list, func(a, b Entry) int { return strings.Compare(a.Action, b.Action) })
	return list
}

// merged puts together the roles for which all else is the same.
func (t *Table) merged() {
	var list []Entry
	at := map[string]int{}
	for _, e := range t.Entries {
		key := fmt.Sprintf("%s\x00%s\x00%s\x00%q\x00%q\x00%q\x00%q", e.Action, e.Right, e.Reach, e.needs(), e.Rows, said(e.Withheld), said(e.Duties))
		i, known := at[key]
		if !known {
			at[key] = len(list)
			list = append(list, e)
			continue
		}
		list[i].Roles = append(list[i].Roles, e.Roles...)
	}
	t.Entries = list
}

// Words of an entry are at most so many rows long; then it says less.
const (
	maxNeeds = 120
	maxRows  = 12
)

func (f *finder) entry(action, role int, allowed symbolic.Node) Entry {
	e := Entry{Action: f.writer.Value(f.action, action), Roles: []string{f.writer.Value(f.role, role)}}
	n := f.needed(allowed, f.at(f.possible, action, role))
	e.Needs, e.Partly = n.list, n.partly
	var duties []string
	where := map[string]symbolic.Node{}
	for _, r := range f.roots {
		at := f.d.And(allowed, f.at(r.Where, action, role))
		if at == symbolic.No {
			continue
		}
		kind, rest, _ := strings.Cut(r.Name, " ")
		switch kind {
		case "right":
			e.Right = joined(e.Right, strings.Trim(rest, `"`))
		case "grant":
			_, code, _ := strings.Cut(rest, ".")
			e.Grounds = joined(e.Grounds, code)
		case "reach":
			e.Reach = joined(e.Reach, strings.Trim(rest, `"`))
		case "obligation":
			duties = append(duties, r.Name)
			where[r.Name] = at
		}
	}
	for _, name := range prove.Told(duties) {
		f.duty(&e, name, where[name], allowed)
	}
	if where[condition] != symbolic.No {
		e.Rows = f.rows(action, role, f.d.And(allowed, where[condition]))
	}
	return e
}

// condition is the duty to touch no rows but those that the rules about rows let
// through.
const condition = "obligation row_condition"

func joined(known, more string) string {
	if known == "" || known == more {
		return more
	}
	return known + ", " + more
}

// duty notes an obligation. The fields that are withheld stand by themselves.
func (f *finder) duty(e *Entry, name string, where, allowed symbolic.Node) {
	what := strings.TrimPrefix(name, "obligation ")
	d := Duty{What: what, Where: f.within(where, allowed)}
	switch {
	case strings.HasPrefix(name, condition), what == "withhold":
	case strings.HasPrefix(what, "withhold fields contains "):
		d.What = strings.TrimPrefix(what, "withhold fields contains ")
		e.Withheld = append(e.Withheld, d)
	case strings.HasPrefix(what, "mask_response pointers contains "):
		d.What = strings.TrimPrefix(what, "mask_response pointers contains ")
		e.Withheld = append(e.Withheld, d)
	default:
		e.Duties = append(e.Duties, d)
	}
}

// within says where, among what is allowed; nothing for everywhere.
func (f *finder) within(where, allowed symbolic.Node) []string {
	if where == allowed {
		return nil
	}
	cubes, ok := f.d.Cover(where, f.d.Or(where, f.d.Not(allowed)), maxRows)
	if !ok {
		return []string{"in some situations"}
	}
	var list []string
	for _, c := range cubes {
		if said := f.writer.Row(f.narrowed(c, where)).String(); said != "always" {
			list = append(list, said)
		}
	}
	return list
}

// narrowed is a cube with the values alone that it is about.
func (f *finder) narrowed(cube symbolic.Cube, where symbolic.Node) symbolic.Cube {
	about := f.d.And(where, f.d.Cube(cube))
	list := slices.Clone(cube)
	for i := range list {
		var values []int
		for n := range f.Space.Variables()[list[i].Variable].Values {
			if f.d.And(about, f.d.Is(list[i].Variable, n)) != symbolic.No {
				values = append(values, n)
			}
		}
		list[i].Values = values
	}
	return list
}

// rows says which rows are reached.
func (f *finder) rows(action, role int, allowed symbolic.Node) []string {
	reached := symbolic.No
	for _, r := range f.roots {
		if r.Name == "rows" {
			reached = f.d.And(allowed, f.at(r.Where, action, role))
		}
	}
	if reached == symbolic.No {
		return []string{"none"}
	}
	if list := f.within(reached, allowed); list != nil {
		return list
	}
	return []string{"all"}
}

// needed are the clauses that all hold exactly where it is allowed: the opposites
// of few rows that cover where it is denied.
func (f *finder) needed(allowed, possible symbolic.Node) needs {
	if known, ok := f.needs[[2]symbolic.Node{allowed, possible}]; ok {
		return known
	}
	denied := f.d.And(possible, f.d.Not(allowed))
	n := needs{list: []Need{}}
	cubes, ok := f.d.Cover(denied, f.d.Not(allowed), maxNeeds)
	if !ok {
		n.partly = true
	}
	for _, cube := range cubes {
		var need Need
		for _, l := range cube {
			var others []int
			for v := range f.Space.Variables()[l.Variable].Values {
				if !slices.Contains(l.Values, v) {
					others = append(others, v)
				}
			}
			need = append(need, f.writer.Row(symbolic.Cube{{Variable: l.Variable, Values: others}})...)
		}
		n.list = append(n.list, need)
	}
	slices.SortFunc(n.list, func(a, b Need) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a.String(), b.String()))
	})
	f.needs[[2]symbolic.Node{allowed, possible}] = n
	return n
}

// known refuses an action or role that the book does not know.
func (f *finder) known(t *Table) error {
	for _, asked := range []struct {
		what, want string
		variable   int
	}{{"action", f.config.Action, f.action}, {"role", f.config.Role, f.role}} {
		found := asked.want == ""
		for n := range f.Space.Variables()[asked.variable].Values {
			found = found || f.writer.Value(asked.variable, n) == asked.want
		}
		if !found {
			return fmt.Errorf("%s: no rule knows the %s %q", t.Book, asked.what, asked.want)
		}
	}
	return nil
}

// usual takes out of the entries what most of them need.
func (t *Table) usual() {
	count := map[string]int{}
	kept := map[string]Need{}
	entries := 0
	for _, e := range t.Entries {
		if e.Grounds == public {
			continue
		}
		entries++
		for _, n := range e.Needs {
			count[n.String()]++
			kept[n.String()] = n
		}
	}
	t.Usual = []Need{}
	for said, n := range count {
		if entries > 2 && n*10 >= entries*7 {
			t.Usual = append(t.Usual, kept[said])
		}
	}
	slices.SortFunc(t.Usual, func(a, b Need) int { return strings.Compare(a.String(), b.String()) })
	is := func(list []Need, n Need) bool {
		return slices.ContainsFunc(list, func(one Need) bool { return one.String() == n.String() })
	}
	for i := range t.Entries {
		e := &t.Entries[i]
		except := slices.DeleteFunc(slices.Clone(t.Usual), func(n Need) bool { return is(e.Needs, n) })
		if e.Usual = len(except)*3 < len(t.Usual); e.Usual {
			e.Except = except
			e.Needs = slices.DeleteFunc(slices.Clone(e.Needs), func(n Need) bool { return is(t.Usual, n) })
		}
	}
}
