package console

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pip"
)

// maxText bounds an id or a name that is looked for.
const maxText = 128

// A query reads the parameters of one request, and collects what is wrong with
// them. A parameter that none of its methods has asked for is wrong too.
type query struct {
	values url.Values
	known  []string
	faults []problem.Field
}

func newQuery(c *gin.Context) *query {
	values, err := url.ParseQuery(c.Request.URL.RawQuery)
	q := &query{values: values}
	if err != nil {
		q.faults = append(q.faults, problem.Field{Location: "query", Message: "expected name=value, joined by &"})
	}
	return q
}

// one returns the parameter's only value; "" and false when there is none.
func (q *query) one(name string) (string, bool) {
	q.known = append(q.known, name)
	switch values := q.values[name]; {
	case len(values) == 0:
		return "", false
	case len(values) > 1 || values[0] == "":
		q.fault(name, "expected one value")
		return "", false
	default:
		return values[0], true
	}
}

func (q *query) fault(name, message string) {
	q.faults = append(q.faults, problem.Field{Location: "query." + name, Message: message})
}

func (q *query) text(name string) string {
	text, _ := q.one(name)
	if len(text) > maxText {
		q.fault(name, "expected at most 128 bytes")
		return ""
	}
	return text
}

func (q *query) word(name string, words ...string) string {
	text, there := q.one(name)
	if there && !slices.Contains(words, text) {
		q.fault(name, "expected one of the words of the journal")
		return ""
	}
	return text
}

func (q *query) time(name string) time.Time {
	text, there := q.one(name)
	if !there {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		q.fault(name, "expected a time such as 2026-01-31T08:00:00Z")
	}
	return at
}

func (q *query) number(name string, least, most, otherwise uint64) uint64 {
	text, there := q.one(name)
	if !there {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n < least || n > most {
		q.fault(name, "expected a number from "+strconv.FormatUint(least, 10)+" to "+strconv.FormatUint(most, 10))
		return otherwise
	}
	return n
}

// understood answers what was not understood, each parameter by its name.
func (q *query) understood(c *gin.Context) bool {
	var unknown []string
	for name := range q.values {
		if !slices.Contains(q.known, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		q.fault(name[:min(len(name), maxText)], "there is no such parameter")
	}
	if len(q.faults) == 0 {
		return true
	}
	d := problem.New(http.StatusBadRequest, "query_malformed")
	d.Errors = q.faults
	write(c, d)
	return false
}

// filter reads all that records are chosen by.
func (q *query) filter() Filter {
	f := Filter{
		After: q.number("after", 0, 1<<62, 0),
		Kind: pip.Kind(q.word("kind", string(pip.KindDecision), string(pip.KindOutcome), string(pip.KindStream), string(pip.KindPolicy),
			string(pip.KindSession), string(pip.KindAccount), string(pip.KindSystem))),
		Subject:  q.text("subject"),
		Patient:  q.text("patient"),
		Session:  q.text("session"),
		Decision: q.text("decision"),
		Rule:     q.text("rule"),
		Action:   q.text("action"),
		Outcome:  q.word("outcome", "success", "failure", "unknown"),
		Since:    q.time("since"),
		Until:    q.time("until"),
	}
	if !f.Since.IsZero() && !f.Until.IsZero() && !f.Since.Before(f.Until) {
		q.fault("until", "expected a time after since")
	}
	return f
}
