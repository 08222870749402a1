package route

import (
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
)

// Recorded compiles the routes for those who do not know which applications have hosts
// of their own, and ask about what was recorded: each application that is not Wardgate's
// own may. Of two rows of different applications for one request line the first counts
// at a host that is no application's own, and Wardgate's own before it.
func Recorded(tables *pdp.Tables) (*Table, error) {
	var foreign []string
	own := *tables
	own.Routes = slices.Clone(tables.Routes)
	slices.SortStableFunc(own.Routes, func(a, b pdp.Route) int { return rank(&a) - rank(&b) })
	for i := range own.Routes {
		if rank(&own.Routes[i]) > 0 {
			foreign = append(foreign, own.Routes[i].Application)
		}
	}
	t := newTable(tables, foreign)
	t.root.mixed = true
	return t, t.compile(&own, func(row *pdp.Route) error {
		of := t.hosted[row.Application]
		if of == nil {
			return t.root.add(row)
		}
		_ = t.root.add(row) // a tie with another application's, or a fault that comes again
		return of.add(row)
	})
}

// rank is 0 for rows of Wardgate's own services.
func rank(row *pdp.Route) int {
	if isOwn(row) {
		return 0
	}
	return 1
}

// Means is what a recorded request line means by this table, at a host of the
// application, or with "" at one that is no application's own; matched is false for one
// that matches no row. Of a resource that the query names the id is "": the query is not
// recorded.
func (t *Table) Means(application, method, path string) (action string, of pdp.Resource, matched bool) {
	var values ids
	r, _, _ := t.row(application, method, path, &values)
	if r == nil {
		return "", pdp.Resource{}, false
	}
	of.Type = r.route.Resource
	if r.id >= 0 {
		of.ID = values.vals[r.id]
	}
	return r.route.Action, of, true
}

// Row is the row of a recorded request line; matched is false for one that matches none.
func (t *Table) Row(application, method, path string) (of pdp.Route, matched bool) {
	r, _, _ := t.row(application, method, path, &ids{})
	if r == nil {
		return pdp.Route{}, false
	}
	return *r.route, true
}

// Could reports whether a request line of which the digest of the path alone was
// recorded matches a row without a parameter, or may match one of the rest of a path.
func (t *Table) Could(application, method, digest string) bool {
	line := application + " " + method + " "
	return t.plain[line+digest] || t.plain[line+anyRest]
}

// anyRest stands in the place of a digest for the paths of rows of a rest.
const anyRest = "..."

// note keeps the digest of a path without a parameter, for the hosts at which it could
// be asked.
func (t *Table) note(row *pdp.Route) {
	digest := assertion.Digest([]byte(row.Path))
	switch {
	case strings.HasSuffix(row.Path, "...}"):
		digest = anyRest
	case strings.Contains(row.Path, "{"):
		return
	}
	methods := []string{row.Method}
	if row.Method == "GET" {
		methods = append(methods, "HEAD")
	}
	for _, method := range methods {
		t.plain[" "+method+" "+digest] = true
		for application := range t.hosted {
			if application == row.Application || reserved(row.Path) {
				t.plain[application+" "+method+" "+digest] = true
			}
		}
	}
}
