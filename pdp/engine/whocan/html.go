package whocan

import (
	"html/template"
	"io"
	"strings"
)

// style is that of all documents. It prints.
const style = `<style>
body { font: 1rem/1.4 sans-serif; margin: 1.5rem; color: #111; background: #fff }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-weight: bold; padding: .5rem 0 }
th, td { border: 1px solid #767676; padding: .3rem .5rem; text-align: left; vertical-align: top }
thead th { background: #eee; position: sticky; top: 0 }
ul { margin: 0; padding-left: 1.1rem }
code { font-family: monospace; overflow-wrap: anywhere }
@media print { body { margin: 0; font-size: 9pt } thead { display: table-header-group } tr { break-inside: avoid } thead th { position: static } }
</style>`

// page is one document without anything from elsewhere: it can be kept as evidence.
var page = template.Must(template.New("page").Funcs(template.FuncMap{"join": strings.Join, "said": said, "needs": (*Entry).needs}).Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Who can: {{.Book}}</title>
` + style + `
</head>
<body>
<main>
<h1>Who can do what</h1>
<p>{{.Book}}, revision <code>{{.Revision}}</code>. Every possible input was looked at.</p>
{{- if .Usual}}
<h2>The usual</h2>
<p>All of this is needed where a row says “the usual”:</p>
<ul>{{range .Usual}}<li>{{.String}}</li>{{end}}</ul>
{{- end}}
<table>
<caption>Each action, the roles that can take it, what is needed, and what goes with it. What is not listed is never allowed.</caption>
<thead><tr><th scope="col">Action</th><th scope="col">Roles</th><th scope="col">Right</th><th scope="col">Needs all of</th><th scope="col">Reaches rows</th><th scope="col">Withheld</th><th scope="col">Duties</th></tr></thead>
<tbody>
{{- range .Entries}}
<tr><th scope="row"><code>{{.Action}}</code></th><td>{{join .Roles ", "}}</td><td>{{.Right}}{{if .Reach}}: {{.Reach}}{{end}}</td>
<td><ul>{{range needs .}}<li>{{.}}</li>{{end}}</ul></td>
<td>{{template "list" .Rows}}</td><td>{{template "list" (said .Withheld)}}</td><td>{{template "list" (said .Duties)}}</td></tr>
{{- end}}
</tbody>
</table>
<h2>What is taken for granted</h2>
<ul>{{range .Assumptions}}<li>{{.}}</li>{{end}}</ul>
</main>
</body>
</html>
{{define "list"}}{{if .}}<ul>{{range .}}<li>{{.}}</li>{{end}}</ul>{{else}}–{{end}}{{end}}`))

// HTML writes a table as one document, which prints.
func (t *Table) HTML(w io.Writer) error {
	entries := make([]*Entry, len(t.Entries))
	for i := range t.Entries {
		entries[i] = &t.Entries[i]
	}
	return page.Execute(w, struct {
		*Table
		Entries []*Entry
	}{t, entries})
}
