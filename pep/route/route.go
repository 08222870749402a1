// Package route finds out what a request line means: method and canonical path
// to application, action and resource. It reads the route table of one policy
// revision and decides nothing. What matches no row is for the policy to deny.
//
// Of the rows that take a path the strictest counts, whatever its methods are: a word
// before a parameter, a stricter grammar before a looser one, and a rest last. Where none
// is the strictest of all, the table has a fault. A path that in another spelling would be
// a stricter row's is refused, so that no application reads it as that one.
package route

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
)

// A Table is a compiled route table. It is immutable.
//
// An application with hosts of its own has a table of its own, which is asked at its
// hosts and nowhere else; rows of all others are asked at every other host. So rows of
// different hosts never tie, and no row is found at a host that is not its
// application's.
type Table struct {
	revision string
	root     tree             // of all applications without hosts of their own
	hosted   map[string]*tree // by application, of those that have some
	reserved tree             // of Wardgate's own below /.wardgate/, at every host
	plain    map[string]bool  // application, method and digest of each path without a parameter
}

const reservedPath = "/.wardgate"

// reserved reports whether a path is Wardgate's own at every host.
func reserved(path string) bool {
	return len(path) > 1 && path[1] == reservedPath[1] && (path == reservedPath || strings.HasPrefix(path, reservedPath+"/"))
}

// isOwn reports whether a route is of one of Wardgate's own services.
func isOwn(of *pdp.Route) bool { return slices.Contains(pdp.OwnApplications, of.Application) }

// A Match is what a request line means. Without a Route it means nothing.
type Match struct {
	Route    *pdp.Route
	Resource pdp.Resource

	Flaw  string // the code of why the line is refused before any rule is asked, "" for none
	Allow string // the methods that its path takes, in the form of the header Allow
}

// New compiles the routes of the tables, and reports all faulty rows together. hosted
// names the applications that have hosts of their own.
func New(tables *pdp.Tables, hosted ...string) (*Table, error) {
	t := newTable(tables, hosted)
	return t, t.compile(tables, func(row *pdp.Route) error {
		if of := t.hosted[row.Application]; of != nil {
			return of.add(row)
		}
		return t.root.add(row)
	})
}

func newTable(tables *pdp.Tables, hosted []string) *Table {
	t := &Table{revision: tables.Revision, hosted: map[string]*tree{}, plain: map[string]bool{}}
	for _, name := range hosted {
		t.hosted[name] = &tree{}
	}
	return t
}

// compile puts each row where it belongs, and then looks at all of them together.
func (t *Table) compile(tables *pdp.Tables, put func(*pdp.Route) error) error {
	var faults []error
	for i := range tables.Routes {
		row := &tables.Routes[i]
		err := put(row)
		switch {
		case err == nil && reserved(row.Path) && isOwn(row):
			err = t.reserved.add(row)
		case err == nil && reserved(row.Path):
			err = fmt.Errorf("path: below %s/ all is Wardgate's own, at every host", reservedPath)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("routes: %s %s: %w", row.Method, row.Path, err))
			continue
		}
		t.note(row)
	}
	for _, fault := range t.seal() {
		faults = append(faults, fmt.Errorf("routes: %w", fault))
	}
	return errors.Join(faults...)
}

// seal looks at the rows of each tree together.
func (t *Table) seal() []error {
	t.root.keep(reservedPath)
	faults := append(t.root.seal(true), t.reserved.seal(false)...)
	for _, name := range slices.Sorted(maps.Keys(t.hosted)) {
		of := t.hosted[name]
		of.keep(reservedPath)
		faults = append(faults, of.seal(false)...)
	}
	return faults
}

// Revision of the policy that the table belongs to.
func (t *Table) Revision() string { return t.revision }

// Match is MatchAt at a host that is no application's own.
func (t *Table) Match(method, path string) (Match, bool) { return t.MatchAt("", method, path) }

// MatchAt is LookUp for a line without a query; found is false where it is refused too.
func (t *Table) MatchAt(application, method, path string) (m Match, found bool) {
	m = t.LookUp(application, method, path, "")
	return m, m.Route != nil
}

// LookUp finds the row for a method, a canonical path and a query as it was sent, at a
// host of the application, or with "" at one that is no application's own.
func (t *Table) LookUp(application, method, path, query string) (m Match) {
	var values ids
	r, flaw, p := t.row(application, method, path, &values)
	if p != nil {
		m.Allow = p.allow
	}
	if m.Flaw = flaw; r == nil {
		return m
	}
	if r.id >= 0 {
		m.Resource.ID = values.vals[r.id]
	}
	if r.query != nil {
		one := false
		if m.Resource.ID, one = r.query.read(query); !one {
			m.Flaw = code.ResourceUnclear
			return m
		}
	}
	m.Route, m.Resource.Type = r.route, r.route.Resource
	return m
}

// row is the row of a line, whatever its query is, or the code of why it is refused, with
// the place of its path.
func (t *Table) row(application, method, path string, values *ids) (r *row, flaw string, p *place) {
	of := t.at(application, path)
	if of == nil || path == "" || path[0] != '/' {
		return nil, "", nil
	}
	if p = of.place(method, path, values); p == nil {
		return nil, "", nil
	}
	if p.guarded && of.otherwise(path, p) {
		return nil, code.PathAmbiguous, p
	}
	if r = p.row(method); r == nil && (p.covered || !p.own()) {
		return nil, code.MethodNotAllowed, p
	}
	return r, "", p
}

// place is that of a path: of mixed rows one that has the method, where there is one.
func (t *tree) place(method, path string, values *ids) *place {
	if t.mixed {
		if p := t.exact.find(path[1:], method, values); p != nil {
			return p
		}
		values.n = 0
	}
	if len(path) <= t.longest { // a path with an id seldom is
		if p := t.plain[path]; p != nil {
			return p
		}
	}
	return t.exact.find(path[1:], "", values)
}

// at is where rows stand for a path at a host of the application; nil for one that has
// none by this table.
func (t *Table) at(application, path string) *tree {
	switch {
	case reserved(path):
		return &t.reserved
	case application == "":
		return &t.root
	default:
		return t.hosted[application]
	}
}
