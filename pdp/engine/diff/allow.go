package diff

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// An Allowance says that a change is meant, and why. With an ID it is about that
// change alone. Without one it is about every class of an effect, or every cell of
// a table, that it covers: "*" stands for all.
type Allowance struct {
	ID     string   `yaml:"id,omitempty" json:"id,omitempty"`
	Effect string   `yaml:"effect,omitempty" json:"effect,omitempty"`
	Action []string `yaml:"action,omitempty,flow" json:"action,omitempty"`
	Role   []string `yaml:"role,omitempty,flow" json:"role,omitempty"`
	Table  string   `yaml:"table,omitempty" json:"table,omitempty"`
	Row    string   `yaml:"row,omitempty" json:"row,omitempty"`
	Cell   string   `yaml:"cell,omitempty" json:"cell,omitempty"`
	Name   string   `yaml:"not_compared,omitempty" json:"not_compared,omitempty"`
	// What and Where are for the reader. Without an ID, What has to be the same too
	// where it is given.
	What   []string `yaml:"what,omitempty" json:"what,omitempty"`
	Where  []string `yaml:"where,omitempty" json:"where,omitempty"`
	Reason string   `yaml:"reason" json:"reason"`
}

type allowFile struct {
	Changes []Allowance `yaml:"changes"`
}

// ReadAllowances reads a file of allowed changes, and refuses entries that say
// nothing or give no reason.
func ReadAllowances(raw []byte) ([]Allowance, error) {
	var f allowFile
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	var faults []error
	for i := range f.Changes {
		if problem := f.Changes[i].fault(); problem != "" {
			faults = append(faults, fmt.Errorf("change %d: %s", i+1, problem))
		}
	}
	return f.Changes, errors.Join(faults...)
}

func (a *Allowance) fault() string {
	kinds := 0
	for _, said := range []string{a.Effect, a.Table, a.Name} {
		if said != "" {
			kinds++
		}
	}
	switch {
	case strings.TrimSpace(a.Reason) == "":
		return "reason: say why it is meant"
	case a.ID == "" && kinds != 1:
		return "expected an id, or one of effect, table and not_compared"
	case a.Effect != "" && !slices.Contains(effects, a.Effect):
		return fmt.Sprintf("effect: expected one of %s", strings.Join(effects, ", "))
	case a.ID == "" && a.Effect != "" && (len(a.Action) == 0 || len(a.Role) == 0) && a.Effect != VerdictsChanged:
		return `effect: say of which action and role; "*" stands for all`
	case a.ID == "" && a.Table != "" && a.Row == "":
		return `table: say of which row; "*" stands for all`
	}
	return ""
}

// Allow notes which changes are meant. Entries that meet none are stale: they would
// hide a later one.
func (r *Report) Allow(list []Allowance) {
	met := make([]bool, len(list))
	reason := func(id string, covers func(*Allowance) bool) string {
		first := ""
		for i := range list {
			a := &list[i]
			if a.ID == id || a.ID == "" && covers(a) {
				met[i] = true
				if first == "" {
					first = a.Reason
				}
			}
		}
		return first
	}
	for i := range r.Classes {
		one := &r.Classes[i]
		one.Allowed = reason(one.ID, func(a *Allowance) bool { return a.coversClass(one) })
	}
	for i := range r.Tables {
		cell := &r.Tables[i]
		cell.Allowed = reason(cell.ID, func(a *Allowance) bool {
			return a.Table == cell.Table && (a.Row == "*" || a.Row == cell.Row) && (a.Cell == "" || a.Cell == "*" || a.Cell == cell.Cell)
		})
	}
	for i := range r.NotCompared {
		n := &r.NotCompared[i]
		n.Allowed = reason(n.ID, func(a *Allowance) bool { return a.Name == n.Name })
	}
	for i := range list {
		if !met[i] {
			r.Stale = append(r.Stale, list[i])
		}
	}
	r.settle()
}

func (a *Allowance) coversClass(one *Class) bool {
	return a.Effect == one.Effect && among(one.Actions, a.Action) && among(one.Roles, a.Role) &&
		(len(a.What) == 0 || slices.Equal(a.What, one.What()))
}

func among(list, all []string) bool {
	if slices.Contains(all, "*") {
		return true
	}
	return !slices.ContainsFunc(list, func(s string) bool { return !slices.Contains(all, s) })
}

// What is what changes, each with its sign.
func (one *Class) What() []string {
	var list []string
	for _, name := range one.Gained {
		list = append(list, "+"+name)
	}
	for _, name := range one.Lost {
		list = append(list, "-"+name)
	}
	for _, said := range one.Some {
		list = append(list, "in some: "+said)
	}
	return list
}

// Allowances writes a file that allows all changes of a report, once each has a
// reason.
func (r *Report) Allowances() ([]byte, error) {
	f := allowFile{Changes: []Allowance{}}
	for i := range r.Classes {
		one := &r.Classes[i]
		f.Changes = append(f.Changes, Allowance{ID: one.ID, Effect: one.Effect, Action: one.Actions, Role: one.Roles,
			What: one.What(), Where: texts(one.Where), Reason: one.Allowed})
	}
	for i := range r.Tables {
		if cell := &r.Tables[i]; cell.Outside {
			f.Changes = append(f.Changes, Allowance{ID: cell.ID, Table: cell.Table, Row: cell.Row, Cell: cell.Cell,
				What: []string{fmt.Sprintf("%s becomes %s", cell.Old, cell.New)}, Reason: cell.Allowed})
		}
	}
	for i := range r.NotCompared {
		n := &r.NotCompared[i]
		f.Changes = append(f.Changes, Allowance{ID: n.ID, Name: n.Name, What: []string{n.Why}, Reason: n.Allowed})
	}
	var b bytes.Buffer
	b.WriteString("# Changes of the rule book that are meant. Say in each why, and remove what is not meant:\n" +
		"# an entry without a reason is refused. An entry with an id is about that change alone.\n" +
		"# Without its id it covers every class of that effect, action and role, or every cell of\n" +
		"# that table and row; \"*\" stands for all.\n")
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	if err := encoder.Encode(f); err != nil {
		return nil, fmt.Errorf("write allowed changes: %w", err)
	}
	return b.Bytes(), nil
}
