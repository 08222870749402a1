package elastic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"

	"github.com/elastic/go-elasticsearch/v8/esapi"
)

// A Plan says what Setup makes.
type Plan struct {
	Stream          string // logs-wardgate.audit-NAMESPACE
	DeleteAfterDays int    // 0 makes no lifecycle policy: records stay until others remove them
}

func (p Plan) lifecycle() bool { return p.DeleteAfterDays > 0 }

var streamName = regexp.MustCompile(`^logs-wardgate\.audit-[a-z0-9][a-z0-9_.]{0,99}$`)

// Check reports what Elasticsearch, or the template, would not take.
func (p Plan) Check() error {
	if !streamName.MatchString(p.Stream) {
		return fmt.Errorf("the stream's name is logs-wardgate.audit- and a name of lower-case letters and digits, such as %s", DefaultStream)
	}
	if p.DeleteAfterDays < 0 {
		return errors.New("the days before deletion are negative")
	}
	return nil
}

// Setup carries out the plan's steps. It may be repeated: what is there is
// brought up to date, and no document is touched. done, if it is not nil, is
// called after each step.
func Setup(ctx context.Context, client esapi.Transport, p Plan, done func(Step)) error {
	if err := p.Check(); err != nil {
		return err
	}
	for _, s := range Steps(p) {
		if err := perform(ctx, client, s); err != nil {
			return fmt.Errorf("make the %s: %w", s.Name, err)
		}
		if done != nil {
			done(s)
		}
	}
	return nil
}

// ErrNoLifecycle says that the server manages no lifecycles by policy, as
// serverless projects do.
var ErrNoLifecycle = errors.New("this Elasticsearch has no lifecycle policies: " +
	"set stores.events.elasticsearch.delete_after_days to 0, and let the server remove old records by its own means")

func perform(ctx context.Context, client esapi.Transport, s Step) error {
	body, err := encode(s.Body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPut, s.Path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := client.Perform(r)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // it was only read
	if res.StatusCode < http.StatusMultipleChoices {
		return nil
	}
	fault := statusError(&esapi.Response{StatusCode: res.StatusCode, Body: res.Body})
	switch {
	case s.Name == "data stream" && fault.Code == "resource_already_exists_exception":
		return nil
	case s.Name == "lifecycle policy" && (fault.Code == "no_handler_found" || res.StatusCode == http.StatusMethodNotAllowed || res.StatusCode == http.StatusGone):
		return ErrNoLifecycle
	}
	return fault
}
