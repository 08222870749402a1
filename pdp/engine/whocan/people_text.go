package whocan

import (
	"fmt"
	"io"
	"strings"
)

// Text writes a line for each account and what it can do.
func (p *People) Text(w io.Writer) {
	fmt.Fprintf(w, "%s by %s (%.12s): %d combinations of %d accounts, %d classes of devices and %d patients\n", p.Action, p.Book, p.Revision,
		p.Asked, p.Accounts, len(p.Devices), p.Patients)
	for i := range p.Allowed {
		one := &p.Allowed[i]
		fmt.Fprintf(w, "\n%s  %s\n", one.ID, one.Role)
		for _, r := range one.Can {
			about := ""
			if len(r.Patients) > 0 {
				about = fmt.Sprintf("  %d patients (%s)", len(r.Patients), r.Relation)
			}
			fmt.Fprintf(w, "  %s%s\n", strings.Join(r.Devices, "; "), about)
			for _, n := range r.Needs {
				fmt.Fprintf(w, "      needs %s\n", n)
			}
		}
	}
	fmt.Fprintf(w, "\n%d of %d accounts can; the others never\n", len(p.Allowed), p.Accounts)
}

// CSV writes a row for each combination that is allowed.
func (p *People) CSV(w io.Writer) error {
	out := newCSV(w)
	out.row("action", "account", "role", "device", "patient", "relation", "needs")
	for i := range p.Allowed {
		one := &p.Allowed[i]
		for _, r := range one.Can {
			words := make([]string, len(r.Needs))
			for n := range r.Needs {
				words[n] = r.Needs[n].String()
			}
			needs := strings.Join(words, " AND ")
			patients := r.Patients
			if len(patients) == 0 {
				patients = []string{""}
			}
			for _, device := range r.Devices {
				for _, id := range patients {
					out.row(p.Action, one.ID, one.Role, device, id, r.Relation, needs)
				}
			}
		}
	}
	return out.done()
}

// HTML writes who can as one document, with numbers of patients.
func (p *People) HTML(w io.Writer) error {
	g := grid{
		Title:   "Who can: " + p.Action,
		About:   fmt.Sprintf("%s, revision %s: %d combinations of %d accounts, %d classes of devices and %d patients.", p.Book, p.Revision, p.Asked, p.Accounts, len(p.Devices), p.Patients),
		Caption: "Accounts that can take the action. The others never can.",
		Heads:   []string{"Account", "Role", "From", "Relation", "Patients", "Needs all of"},
	}
	for i := range p.Allowed {
		one := &p.Allowed[i]
		for _, r := range one.Can {
			words := make([]string, len(r.Needs))
			for n := range r.Needs {
				words[n] = r.Needs[n].String()
			}
			g.Rows = append(g.Rows, [][]string{{one.ID}, {one.Role}, r.Devices, {r.Relation}, {fmt.Sprint(len(r.Patients))}, words})
		}
	}
	return g.write(w)
}
