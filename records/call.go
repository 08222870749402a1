package records

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/records/store"
)

const maxID = 64

// A call is one request, read and checked as far as its route's shape tells.
type call struct {
	claims  *assertion.Claims
	rows    store.Rows
	mask    mask
	id      string
	version int64 // from If-Match; 0 without one
	query   url.Values
	body    []byte // of the right form when the route has a form
}

// read takes a request apart. It returns a call even with an error, so that
// the problem can name the decision.
func (s *Service) read(c *gin.Context, r route) (*call, error) {
	one := &call{claims: assertion.From(c.Request.Context())}
	if one.claims == nil {
		return one, errors.New("read call: the handler is not guarded")
	}
	var err error
	if one.rows, err = store.NewRows(one.claims.Rows); err != nil {
		return one, err
	}
	if one.mask, err = newMask(one.claims.Withhold); err != nil {
		return one, err
	}
	one.id = c.Param("id")
	if strings.Contains(r.path, "{id}") && !isID(one.id) {
		return one, store.ErrNotVisible
	}
	if one.version, err = ifMatch(c.Request.Header.Values("If-Match")); err != nil {
		return one, err
	}
	if one.query, err = query(c.Request.URL.RawQuery, r.query); err != nil {
		return one, err
	}
	if one.body, err = io.ReadAll(c.Request.Body); err != nil {
		return one, faults{{Location: "body", Message: "expected a readable body"}}
	}
	return one, s.checkBody(c.Request, r, one)
}

func (s *Service) checkBody(req *http.Request, r route, one *call) error {
	if r.form == nil && len(one.body) == 0 {
		return nil
	}
	if r.form == nil && !r.empty {
		return faults{{Location: "body", Message: "expected no body"}}
	}
	if kind, _, _ := strings.Cut(req.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		return errMediaType
	}
	if r.form == nil {
		return emptyObject(one.body)
	}
	names, err := s.forms.check(r.form, one.body)
	if err != nil {
		return err
	}
	return one.mask.writable(names)
}

// isID accepts what an id may look like. Anything else names no row.
func isID(id string) bool {
	if id == "" || len(id) > maxID {
		return false
	}
	for _, c := range []byte(id) {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-') {
			return false
		}
	}
	return true
}

// ifMatch reads a version from an entity tag: "3" in double quotes.
func ifMatch(values []string) (int64, error) {
	if len(values) == 0 {
		return 0, nil
	}
	tag := values[0]
	if len(values) == 1 && len(tag) > 2 && tag[0] == '"' && tag[len(tag)-1] == '"' {
		if v, err := strconv.ParseInt(tag[1:len(tag)-1], 10, 64); err == nil && v > 0 {
			return v, nil
		}
	}
	return 0, faults{{Location: "header.If-Match", Message: "expected one version in double quotes"}}
}

// query parses a query string with at most the named parameters, each once.
func query(raw string, names []string) (url.Values, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, faults{{Location: "query", Message: "expected a well-formed query"}}
	}
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
		if len(values[name]) > 1 {
			return nil, faults{{Location: "query." + name, Message: "expected at most once"}}
		}
	}
	for name := range values {
		if !known[name] {
			return nil, faults{{Location: "query", Message: "expected no other parameters than: " + strings.Join(names, ", ")}}
		}
	}
	return values, nil
}

// limit reads the page size.
func limit(q url.Values) (int, error) {
	const standard, most = 50, 100
	if !q.Has("limit") {
		return standard, nil
	}
	n, err := strconv.Atoi(q.Get("limit"))
	if err != nil || n < 1 || n > most {
		return 0, faults{{Location: "query.limit", Message: "expected a number from 1 to " + strconv.Itoa(most)}}
	}
	return n, nil
}

// after reads the cursor.
func after(q url.Values) (string, error) {
	cursor := q.Get("after")
	if q.Has("after") && !isID(cursor) {
		return "", faults{{Location: "query.after", Message: "expected what an earlier answer gave as next"}}
	}
	return cursor, nil
}

// faults are what is wrong with the caller's own input. They never repeat a value.
type faults []problem.Field

// Error names the places alone, for the operator's log.
func (f faults) Error() string {
	places := make([]string, len(f))
	for i, one := range f {
		places[i] = one.Location
	}
	return "invalid input: " + strings.Join(places, ", ")
}
