package whocan

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Moved is what an account gains or loses by a new rule book: patients that it can
// or can no longer reach from a class of devices.
type Moved struct {
	ID       string   `json:"id"`
	Role     string   `json:"role"`
	Change   string   `json:"change"` // "gain" or "lose"
	Device   string   `json:"device"`
	Patients []string `json:"patients"`
}

// MovedPeople is who gains and who loses, among the same accounts and patients.
type MovedPeople struct {
	Action string  `json:"action"`
	Old    string  `json:"old"`
	New    string  `json:"new"`
	Moved  []Moved `json:"moved"`
}

// MovedBy compares what people can by two books.
func MovedBy(old, after *People) *MovedPeople {
	m := &MovedPeople{Action: old.Action, Old: old.Book, New: after.Book, Moved: []Moved{}}
	was, is := old.combinations(), after.combinations()
	for _, side := range []struct {
		change      string
		these, than map[combination]map[string]bool
	}{{"gain", is, was}, {"lose", was, is}} {
		for at, patients := range side.these {
			var list []string
			for id := range patients {
				if !side.than[at][id] {
					list = append(list, id)
				}
			}
			if len(list) > 0 {
				slices.Sort(list)
				m.Moved = append(m.Moved, Moved{at.account, at.role, side.change, at.device, list})
			}
		}
	}
	slices.SortFunc(m.Moved, func(a, b Moved) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Change, b.Change), strings.Compare(a.Device, b.Device))
	})
	return m
}

// A combination is an account and a class of devices.
type combination struct{ account, role, device string }

func (p *People) combinations() map[combination]map[string]bool {
	all := map[combination]map[string]bool{}
	for i := range p.Allowed {
		one := &p.Allowed[i]
		for _, r := range one.Can {
			for _, device := range r.Devices {
				at := combination{one.ID, one.Role, device}
				if all[at] == nil {
					all[at] = map[string]bool{}
				}
				for _, id := range r.Patients {
					all[at][id] = true
				}
				if len(r.Patients) == 0 {
					all[at][""] = true
				}
			}
		}
	}
	return all
}

// Text writes a line for each account and device.
func (m *MovedPeople) Text(w io.Writer) {
	fmt.Fprintf(w, "%s: %s against %s\n", m.Action, m.New, m.Old)
	for _, one := range m.Moved {
		fmt.Fprintf(w, "%s  %s  %s: %s, %d patients\n", one.ID, one.Role, one.Change, one.Device, len(one.Patients))
	}
	if len(m.Moved) == 0 {
		fmt.Fprintln(w, "no account gains or loses")
	}
}

// CSV writes a row for each combination that is gained or lost.
func (m *MovedPeople) CSV(w io.Writer) error {
	out := newCSV(w)
	out.row("change", "action", "account", "role", "device", "patient")
	for _, one := range m.Moved {
		for _, id := range one.Patients {
			out.row(one.Change, m.Action, one.ID, one.Role, one.Device, id)
		}
	}
	return out.done()
}

// HTML writes who gains and loses as one document, with numbers of patients.
func (m *MovedPeople) HTML(w io.Writer) error {
	g := grid{
		Title: "Who gains and who loses: " + m.Action, About: m.New + " against " + m.Old + ".",
		Caption: "Accounts that gain or lose patients.", Heads: []string{"Account", "Role", "Change", "From", "Patients"},
	}
	for _, one := range m.Moved {
		g.Rows = append(g.Rows, [][]string{{one.ID}, {one.Role}, {one.Change}, {one.Device}, {fmt.Sprint(len(one.Patients))}})
	}
	return g.write(w)
}
