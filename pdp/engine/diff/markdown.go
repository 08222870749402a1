package diff

import (
	"fmt"
	"html"
	"io"
	"strings"
)

// maxShown classes and cells are written into a comment; hosts of pull requests cut
// what is too long.
const maxShown = 40

// Markdown writes a report as a comment on a pull request: what matters first, the
// details folded.
func (r *Report) Markdown(w io.Writer) {
	mark := "✅"
	if !r.OK {
		mark = "⚠️"
	}
	fmt.Fprintf(w, "### %s Rule book: %s\n\n", mark, r.Summary())
	fmt.Fprintf(w, "%s (`%.12s`) against %s (`%.12s`), for every possible input.\n\n", cell(r.New.Name), r.New.Revision, cell(r.Old.Name), r.Old.Revision)
	r.markdownMatrix(w)
	for i := range r.NotCompared {
		n := &r.NotCompared[i]
		fmt.Fprintf(w, "- **not compared**: %s: %s%s\n", code(n.Name), cell(n.Why), cell(meant(n.Allowed)))
	}
	for i := range r.Classes {
		if i == maxShown {
			fmt.Fprintf(w, "\n%d more classes are in the report as JSON.\n", len(r.Classes)-i)
			break
		}
		r.Classes[i].markdown(w)
	}
	r.markdownTables(w)
	for i := range r.Stale {
		fmt.Fprintf(w, "- stale: the allowed change %s met none\n", code(r.Stale[i].name()))
	}
}

func (r *Report) markdownMatrix(w io.Writer) {
	lines := r.kinds()
	if len(lines) == 0 {
		fmt.Fprintf(w, "All %d actions and roles are equal.\n\n", len(r.Actions))
		return
	}
	fmt.Fprint(w, "| | actions and roles |\n|---|---|\n")
	for _, kind := range []string{Looser, Incomparable, Stricter} {
		for _, line := range lines[kind] {
			fmt.Fprintf(w, "| %s | %s |\n", kind, cell(line))
		}
	}
	fmt.Fprintln(w)
}

func (one *Class) markdown(w io.Writer) {
	mark := ""
	if one.Allowed != "" {
		mark = " ✅"
	}
	about := ""
	if len(one.Actions) > 0 {
		about = ": " + short(one.Actions) + " by " + short(one.Roles)
	}
	fmt.Fprintf(w, "<details><summary><b>%s</b>%s (%s)%s</summary>\n\n", html.EscapeString(titles[one.Effect]), html.EscapeString(about), one.Change, mark)
	if one.Allowed != "" {
		fmt.Fprintf(w, "Meant: %s\n\n", cell(one.Allowed))
	}
	for _, said := range one.What() {
		fmt.Fprintf(w, "- %s\n", code(said))
	}
	if said := withins[one.Within]; said != "" {
		fmt.Fprintf(w, "\nOf all %s, these situations:\n", said)
	}
	fmt.Fprint(w, "\n| actions | roles | where |\n|---|---|---|\n")
	for _, row := range one.Where {
		fmt.Fprintf(w, "| %s | %s | %s |\n", cell(only(row, "action.name", one.Actions)), cell(only(row, "subject.properties.role", one.Roles)),
			cell(row.Without("action.name", "subject.properties.role").String()))
	}
	if one.Partly {
		fmt.Fprint(w, "\nIn some of these situations: their exact conditions have too many rows.\n")
	}
	fmt.Fprintf(w, "\nExample: %s\n\n", code(one.Example.String()))
	for i := range one.Examples {
		fmt.Fprintf(w, "- shows %s\n", code(one.Examples[i].String()))
	}
	for _, at := range one.Places {
		fmt.Fprintf(w, "- changed at %s\n", code(at.String()))
	}
	fmt.Fprintf(w, "- id %s\n\n</details>\n\n", code(one.ID))
}

func (r *Report) markdownTables(w io.Writer) {
	if len(r.Tables) == 0 {
		return
	}
	fmt.Fprintf(w, "\n<details><summary>%d cells of tables</summary>\n\n| where | cell | was | becomes | |\n|---|---|---|---|---|\n", len(r.Tables))
	for i := range r.Tables {
		if i == maxShown {
			fmt.Fprintf(w, "| | %d more are in the report as JSON | | | |\n", len(r.Tables)-i)
			break
		}
		c := &r.Tables[i]
		note := ""
		if c.Outside {
			note = "in force by itself" + meant(c.Allowed)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", code(c.Place.String()), code(c.name()), code(string(c.Old)), code(string(c.New)), cell(note))
	}
	fmt.Fprint(w, "\n</details>\n")
}

// cell is a text that neither ends a cell of a table nor begins anything else.
func cell(text string) string {
	text = html.EscapeString(strings.Join(strings.Fields(text), " "))
	return strings.NewReplacer("|", "\\|", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "@", "@&#8203;").Replace(text)
}

// code is a text in the type of programs, which no text of a rule book can leave.
func code(text string) string {
	text = strings.NewReplacer("`", "'", "|", "\\|").Replace(strings.Join(strings.Fields(text), " "))
	return "`" + text + "`"
}

// short is a list of which a reader sees the first.
func short(list []string) string {
	const most = 4
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most-1], ", "), len(list)-most+1)
}
