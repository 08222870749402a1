// Package route finds out what a request line means: method and canonical path
// to application, action and resource. It reads the route table of one policy
// revision and decides nothing. What matches no row is for the policy to deny.
package route

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp"
)

const (
	maxID         = 64 // bytes of an id in a path
	maxParameters = 4  // of one path
)

// A Table is a compiled route table. It is immutable.
type Table struct {
	revision string
	root     node
}

// A Match is what a request line means.
type Match struct {
	Route    *pdp.Route
	Resource pdp.Resource
}

type node struct {
	static map[string]*node
	param  *node  // matches any id
	name   string // of the parameter that leads here
	rows   map[string]*pdp.Route
}

// New compiles the routes of the tables, and reports all faulty rows together.
func New(tables *pdp.Tables) (*Table, error) {
	t := &Table{revision: tables.Revision}
	var faults []error
	for i := range tables.Routes {
		row := &tables.Routes[i]
		if err := t.add(row); err != nil {
			faults = append(faults, fmt.Errorf("route %s %s: %w", row.Method, row.Path, err))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return t, nil
}

// Revision of the policy that the table belongs to.
func (t *Table) Revision() string { return t.revision }

func (t *Table) add(row *pdp.Route) error {
	switch {
	case row.Method == "" || row.Application == "" || row.Action == "" || row.Resource == "":
		return errors.New("method, application, action and resource are required")
	case row.Body != "none" && row.Body != "json":
		return errors.New(`body: expected "none" or "json"`)
	case row.Required && row.Body == "none":
		return errors.New(`required: no body can be, of which there is "none"`)
	case !strings.HasPrefix(row.Path, "/"):
		return errors.New("path: expected to begin with /")
	}
	at := &t.root
	var names []string
	for segment := range strings.SplitSeq(row.Path[1:], "/") {
		next, err := at.child(segment)
		if err != nil {
			return err
		}
		at = next
		if at.name == "" {
			continue
		}
		if slices.Contains(names, at.name) {
			return fmt.Errorf("path: {%s} stands in it twice", at.name)
		}
		if names = append(names, at.name); len(names) > maxParameters {
			return fmt.Errorf("path: more than %d parameters", maxParameters)
		}
	}
	if len(names) > 0 && !slices.Contains(names, row.Resource) {
		// The resource would be judged as a collection, without its id.
		return fmt.Errorf("path: no parameter is named as the resource, {%s}", row.Resource)
	}
	if at.rows == nil {
		at.rows = map[string]*pdp.Route{}
	}
	if at.rows[row.Method] != nil {
		return errors.New("the table has this request line twice")
	}
	at.rows[row.Method] = row
	return nil
}

func (n *node) child(segment string) (*node, error) {
	name, isParam := strings.CutPrefix(segment, "{")
	if !isParam {
		if segment == "" || strings.ContainsAny(segment, "{}%") {
			return nil, fmt.Errorf("path: segment %q is neither plain nor {parameter}", segment)
		}
		if n.static == nil {
			n.static = map[string]*node{}
		}
		if n.static[segment] == nil {
			n.static[segment] = &node{}
		}
		return n.static[segment], nil
	}
	name, closed := strings.CutSuffix(name, "}")
	if !closed || !isID(name) {
		return nil, fmt.Errorf("path: segment %q is neither plain nor {parameter}", segment)
	}
	if n.param == nil {
		n.param = &node{name: name}
	}
	if n.param.name != name {
		return nil, fmt.Errorf("path: {%s} stands where another row has {%s}", name, n.param.name)
	}
	return n.param, nil
}

// Match finds the row for a method and a canonical path. A plain segment is
// preferred over a parameter. HEAD without a row of its own is GET, of which it
// asks for the header alone (RFC 9110, section 9.3.2).
func (t *Table) Match(method, path string) (Match, bool) {
	if path == "" || path[0] != '/' {
		return Match{}, false
	}
	var ids ids
	row := t.root.find(method, path[1:], &ids)
	if row == nil && method == "HEAD" {
		ids.n = 0
		row = t.root.find("GET", path[1:], &ids)
	}
	if row == nil {
		return Match{}, false
	}
	return Match{Route: row, Resource: pdp.Resource{Type: row.Resource, ID: ids.of(row.Resource)}}, true
}

// ids holds the parameters on the way to a row; templates have few.
type ids struct {
	n     int
	names [maxParameters]string
	vals  [maxParameters]string
}

func (s *ids) of(name string) string {
	for i := range s.n {
		if s.names[i] == name {
			return s.vals[i]
		}
	}
	return ""
}

func (n *node) find(method, rest string, ids *ids) *pdp.Route {
	segment, tail, more := strings.Cut(rest, "/")
	if next := n.static[segment]; next != nil {
		if row := next.step(method, tail, more, ids); row != nil {
			return row
		}
	}
	if n.param == nil || !isID(segment) || ids.n == len(ids.names) {
		return nil
	}
	ids.names[ids.n], ids.vals[ids.n] = n.param.name, segment
	ids.n++
	if row := n.param.step(method, tail, more, ids); row != nil {
		return row
	}
	ids.n--
	return nil
}

func (n *node) step(method, tail string, more bool, ids *ids) *pdp.Route {
	if more {
		return n.find(method, tail, ids)
	}
	return n.rows[method]
}

// isID accepts what an id may look like in a path: one spelling, no free text.
func isID(s string) bool {
	if s == "" || len(s) > maxID {
		return false
	}
	for i := range len(s) {
		c := s[i]
		plain := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !plain && (i == 0 || c != '-' && c != '_') {
			return false
		}
	}
	return true
}
