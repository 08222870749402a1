package route

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/request"
)

// A query is the parameter of a query in which the resource's id stands.
type query struct {
	name string
	kind kind
}

// queryOf reads what a row says of its query, such as "id={page:segment}"; nil for
// nothing.
func queryOf(of *pdp.Route) (*query, error) {
	if of.Query == "" {
		return nil, nil
	}
	name, part, _ := strings.Cut(of.Query, "=")
	e, err := elementOf(part)
	if name == "" || !unreserved(name) || err != nil || e.kind == literal || e.kind == rest || e.text != of.Resource {
		return nil, fmt.Errorf("query: expected the name of a parameter and the resource in it, such as id={%s}, id={%s:uuid}", of.Resource, of.Resource)
	}
	if of.Body != pdp.BodyNone {
		return nil, fmt.Errorf("query: a body (%s) may name another one, which some programs read in its place: expected the class %s", of.Body, pdp.BodyNone)
	}
	return &query{name, e.kind}, nil
}

// read is the one value of the parameter. It is false where the query has none, several,
// one of another form, or one under a name that some programs take for the same.
func (q *query) read(raw string) (value string, one bool) {
	for pair := range strings.SplitSeq(raw, "&") {
		key, v, has := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(key)
		if err != nil {
			return "", false
		}
		if !request.Reads(plain, q.name) {
			continue
		}
		if key != q.name || !has || one {
			return "", false
		}
		value, one = v, true
	}
	if !one || !q.kind.takes(value) {
		return "", false
	}
	return value, true
}
