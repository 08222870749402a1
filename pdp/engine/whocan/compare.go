package whocan

import (
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp/engine/diff"
)

// A Comparison is who gains and who loses by a new rule book.
type Comparison struct {
	Old         diff.Side          `json:"old"`
	New         diff.Side          `json:"new"`
	Gains       []Change           `json:"gains"`
	Losses      []Change           `json:"losses"`
	NotCompared []diff.NotCompared `json:"not_compared"`
}

// A Change is what some roles gain or lose: something that is allowed, or that less or
// more goes with it.
type Change struct {
	Effect  string   `json:"effect"`
	Actions []string `json:"actions"`
	Roles   []string `json:"roles"`
	What    []string `json:"what"`
	Within  string   `json:"within"`
	Where   []string `json:"where"` // one of these is so
	Example []string `json:"example"`
}

// Compared reads who gains and who loses out of what differs between two books. Where
// duties are lost and gained at once it is in both lists.
func Compared(r *diff.Report, c Config) *Comparison {
	out := &Comparison{Old: r.Old, New: r.New, Gains: []Change{}, Losses: []Change{}, NotCompared: r.NotCompared}
	has := func(list []string, want string) bool { return want == "" || slices.Contains(list, want) }
	for i := range r.Classes {
		one := &r.Classes[i]
		if !has(one.Actions, c.Action) || !has(one.Roles, c.Role) {
			continue
		}
		change := Change{Effect: one.Effect, Actions: one.Actions, Roles: one.Roles, What: one.What(), Within: one.Within, Example: one.Example.Situation}
		for _, row := range one.Where {
			change.Where = append(change.Where, row.String())
		}
		switch one.Effect {
		case diff.NewlyAllowed, diff.DutiesLost, diff.DutiesChanged:
			out.Gains = append(out.Gains, change)
		}
		switch one.Effect {
		case diff.NewlyDenied, diff.DutiesGained, diff.DutiesChanged:
			out.Losses = append(out.Losses, change)
		}
	}
	return out
}

// each visits all changes, gains first.
func (c *Comparison) each(visit func(kind string, one *Change)) {
	for i := range c.Gains {
		visit("gain", &c.Gains[i])
	}
	for i := range c.Losses {
		visit("lose", &c.Losses[i])
	}
}

// Text writes a comparison for a terminal.
func (c *Comparison) Text(w io.Writer) {
	fmt.Fprintf(w, "%s (%.12s) against %s (%.12s): %d gain, %d lose\n", c.New.Name, c.New.Revision, c.Old.Name, c.Old.Revision, len(c.Gains), len(c.Losses))
	for _, n := range c.NotCompared {
		fmt.Fprintf(w, "not compared: %s: %s\n", n.Name, n.Why)
	}
	c.each(func(kind string, one *Change) {
		fmt.Fprintf(w, "\n%s %s: %s  (%s)\n", strings.Join(one.Roles, ", "), kind, strings.Join(one.Actions, ", "), one.Effect)
		for _, said := range one.What {
			fmt.Fprintf(w, "  %s\n", said)
		}
		fmt.Fprintf(w, "  of all that is %s:\n", strings.ReplaceAll(one.Within, "_", " "))
		for _, row := range one.Where {
			fmt.Fprintf(w, "    %s\n", row)
		}
	})
}

// CSV writes a row for each change.
func (c *Comparison) CSV(w io.Writer) error {
	out := newCSV(w)
	out.row("change", "effect", "actions", "roles", "what", "within", "where")
	c.each(func(kind string, one *Change) {
		out.row(kind, one.Effect, strings.Join(one.Actions, ", "), strings.Join(one.Roles, ", "), strings.Join(one.What, "; "),
			strings.ReplaceAll(one.Within, "_", " "), strings.Join(one.Where, " OR "))
	})
	return out.done()
}

// HTML writes a comparison as one document.
func (c *Comparison) HTML(w io.Writer) error {
	g := grid{
		Title: "Who gains and who loses", About: fmt.Sprintf("%s, revision %s, against %s, revision %s.", c.New.Name, c.New.Revision, c.Old.Name, c.Old.Revision),
		Caption: "What roles gain or lose, and in which situations.",
		Heads:   []string{"Change", "Effect", "Actions", "Roles", "What", "Of all that is", "Where one of these is so"},
	}
	c.each(func(kind string, one *Change) {
		g.Rows = append(g.Rows, [][]string{{kind}, {one.Effect}, one.Actions, one.Roles, one.What, {strings.ReplaceAll(one.Within, "_", " ")}, one.Where})
	})
	return g.write(w)
}

// A grid is a page with one table, each cell of which is a list.
type grid struct {
	Title, About, Caption string
	Heads                 []string
	Rows                  [][][]string
}

var gridPage = template.Must(template.New("grid").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{{.Title}}</title>
` + style + `
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p>{{.About}}</p>
<table>
<caption>{{.Caption}}</caption>
<thead><tr>{{range .Heads}}<th scope="col">{{.}}</th>{{end}}</tr></thead>
<tbody>
{{- range .Rows}}
<tr>{{range $i, $cell := .}}{{if $i}}<td>{{else}}<th scope="row">{{end}}{{if gt (len $cell) 1}}<ul>{{range $cell}}<li>{{.}}</li>{{end}}</ul>{{else}}{{range $cell}}{{.}}{{end}}{{end}}{{if $i}}</td>{{else}}</th>{{end}}{{end}}</tr>
{{- end}}
</tbody>
</table>
</main>
</body>
</html>
`))

func (g *grid) write(w io.Writer) error { return gridPage.Execute(w, g) }
