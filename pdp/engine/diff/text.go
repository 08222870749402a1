package diff

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/wardgate/wardgate/pdp/engine/conditions"
)

// titles say what an effect is.
var titles = map[string]string{
	NewlyAllowed:    "newly allowed",
	NewlyDenied:     "newly denied",
	DutiesLost:      "allowed with fewer duties, or more rows",
	DutiesChanged:   "allowed with other duties or rows",
	DutiesGained:    "allowed with more duties, or fewer rows",
	VerdictsChanged: "other verdicts of the sentinel",
	DeniedOtherwise: "denied, for other reasons or with other duties",
	GroundsChanged:  "allowed under another rule or right",
	Unseen:          "rows or columns that no answer shows",
}

// withins say among which inputs the situations of a class are told.
var withins = map[string]string{
	AllowedByNew:  "that the new book allows",
	AllowedByOld:  "that the old book allows",
	AllowedByBoth: "that both books allow",
	DeniedByBoth:  "that both books deny",
	OfSentinel:    "that the sentinel is asked about",
}

// Text writes a report for a terminal.
func (r *Report) Text(w io.Writer) {
	fmt.Fprintf(w, "%s (%.12s) against %s (%.12s)\n", r.New.Name, r.New.Revision, r.Old.Name, r.Old.Revision)
	for i := range r.NotCompared {
		n := &r.NotCompared[i]
		fmt.Fprintf(w, "not compared: %s: %s%s\n", n.Name, n.Why, meant(n.Allowed))
	}
	r.matrix(w)
	for i := range r.Classes {
		r.Classes[i].text(w)
	}
	if len(r.Tables) > 0 {
		fmt.Fprintln(w, "\ntables, cell by cell")
	}
	for i := range r.Tables {
		cell := &r.Tables[i]
		note := ""
		if cell.Outside {
			note = "  (no rule: in force by itself)" + meant(cell.Allowed)
		}
		fmt.Fprintf(w, "  %s: %s: %s becomes %s%s\n", cell.Place, cell.name(), cell.Old, cell.New, note)
	}
	if len(r.Rules) > 0 {
		fmt.Fprintln(w, "\nrules written otherwise")
	}
	for i := range r.Rules {
		fmt.Fprintf(w, "  %s: %s.%s\n", r.Rules[i].Place, r.Rules[i].Package, r.Rules[i].Name)
	}
	for i := range r.Stale {
		fmt.Fprintf(w, "note: the allowed change %q met none\n", r.Stale[i].name())
	}
	fmt.Fprintln(w, r.Summary())
}

// Summary is the whole in one line.
func (r *Report) Summary() string {
	if r.Equal {
		return "equal for every possible input"
	}
	open := 0
	for _, allowed := range r.allowed() {
		if allowed == "" {
			open++
		}
	}
	return fmt.Sprintf("%d of %d changes not allowed", open, len(r.allowed()))
}

// allowed are the reasons of all changes.
func (r *Report) allowed() (list []string) {
	for i := range r.Classes {
		list = append(list, r.Classes[i].Allowed)
	}
	for i := range r.Tables {
		if r.Tables[i].Outside {
			list = append(list, r.Tables[i].Allowed)
		}
	}
	for i := range r.NotCompared {
		list = append(list, r.NotCompared[i].Allowed)
	}
	return list
}

func meant(allowed string) string {
	if allowed == "" {
		return ""
	}
	return "  [meant: " + allowed + "]"
}

// Kinds groups the pairs by what became of them: each action with its roles. Those
// that are equal are not among them.
func (r *Report) kinds() map[string][]string {
	at := map[string]map[string][]string{}
	for _, p := range r.Actions {
		kind := p.Change
		if kind == Equal {
			continue
		}
		if at[kind] == nil {
			at[kind] = map[string][]string{}
		}
		at[kind][p.Action] = append(at[kind][p.Action], p.Role)
	}
	lines := map[string][]string{}
	for kind, actions := range at {
		same := map[string][]string{}
		for action, roles := range actions {
			key := strings.Join(roles, ", ")
			same[key] = append(same[key], action)
		}
		for roles, list := range same {
			slices.Sort(list)
			lines[kind] = append(lines[kind], strings.Join(list, ", ")+": "+roles)
		}
		slices.Sort(lines[kind])
	}
	return lines
}

func (r *Report) matrix(w io.Writer) {
	lines := r.kinds()
	equal := 0
	for _, p := range r.Actions {
		if p.Change == Equal {
			equal++
		}
	}
	fmt.Fprintf(w, "of %d actions and roles: %d equal\n", len(r.Actions), equal)
	for _, kind := range []string{Looser, Incomparable, Stricter} {
		for _, line := range lines[kind] {
			fmt.Fprintf(w, "  %-12s  %s\n", kind, line)
		}
	}
}

func (one *Class) text(w io.Writer) {
	fmt.Fprintf(w, "\n%s %s (%s)%s\n", one.ID, titles[one.Effect], one.Change, meant(one.Allowed))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, said := range one.What() {
		fmt.Fprintf(table, "  what\t%s\n", said)
	}
	if said := withins[one.Within]; said != "" {
		fmt.Fprintf(table, "  of all\t%s\n", said)
	}
	if len(one.Actions) > 0 {
		fmt.Fprintf(table, "  actions\t%s\n", strings.Join(one.Actions, ", "))
		fmt.Fprintf(table, "  roles\t%s\n", strings.Join(one.Roles, ", "))
	}
	for i, row := range one.rows() {
		head := "where"
		if i > 0 {
			head = "or"
		}
		fmt.Fprintf(table, "  %s\t%s\n", head, row)
	}
	if one.Partly {
		fmt.Fprint(table, "  \tin some of these situations: their exact conditions have too many rows\n")
	}
	fmt.Fprintf(table, "  example\t%s\n", one.Example.String())
	for i := range one.Examples {
		fmt.Fprintf(table, "  shows\t%s\n", one.Examples[i].String())
	}
	for _, at := range one.Places {
		fmt.Fprintf(table, "  changed\t%s\n", at)
	}
	_ = table.Flush() // an error of the terminal shows itself
}

// String is an example in one line.
func (e *Example) String() string {
	return cmp.Or(strings.Join(e.Situation, ", "), "nothing is known")
}

// String is what an example shows, in one line.
func (s *Shown) String() string {
	return strings.Join(s.Shows, ", ") + " (" + s.Change + "): " + s.Example.String()
}

// rows are the situations of a class beside its actions and roles, where those are
// the same in all rows.
func (one *Class) rows() []conditions.Row {
	var list []conditions.Row
	for _, row := range one.Where {
		for member, all := range map[string][]string{"action.name": one.Actions, "subject.properties.role": one.Roles} {
			if p, has := row.Only(member); has && slices.Equal(p.Is, all) || len(one.Where) == 1 {
				row = row.Without(member)
			}
		}
		list = append(list, row)
	}
	return list
}

// only is what a row says of a member in a list, and all where it says nothing.
func only(row conditions.Row, member string, all []string) string {
	switch p, has := row.Only(member); {
	case !has:
		return strings.Join(all, ", ")
	case len(p.Is) > 0:
		return strings.Join(p.Is, ", ")
	default:
		return "not " + strings.Join(p.IsNot, ", ")
	}
}

// String is a place as editors and people write it.
func (p Place) String() string {
	said := fmt.Sprintf("%s:%d", p.File, p.Line)
	if p.Old {
		said += " (old)"
	}
	return said
}

func (c *Cell) name() string {
	name := c.Table
	for _, part := range []string{c.Row, c.Cell} {
		if part != "" {
			name += "[" + part + "]"
		}
	}
	return name
}

func (a *Allowance) name() string {
	return strings.Join(slices.DeleteFunc([]string{a.ID, a.Effect, strings.Join(a.Action, " "), strings.Join(a.Role, " "), a.Table, a.Row, a.Cell, a.Name},
		func(s string) bool { return s == "" }), " ")
}
