package app

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	signalindex "github.com/wardgate/wardgate/pip/signals/elastic"
)

// externalExample is a line of stores.events.elasticsearch.external: a kind, then
// NAME=VALUE words. index, account, username, address and time say where the
// events of another system are and whom they are about; every other name is a
// field of the event, which has the value.
const externalExample = "malware index=logs-edr-* username=user.name event.kind=alert"

var (
	reportKind  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	reportField = regexp.MustCompile(`^[A-Za-z@_][A-Za-z0-9@_.-]{0,127}$`)
	// reportIndex keeps out lists, and a pattern that begins with a star: it
	// would read every index that the credentials may.
	reportIndex = regexp.MustCompile(`^[a-z0-9.][a-z0-9._:*-]{0,127}$`)
)

// reports reads all lines, or reports what is wrong with them.
func (c *EventsConfig) reports() ([]signalindex.Report, error) {
	var all []signalindex.Report
	var faults []error
	for i, line := range c.Elasticsearch.External {
		one, err := parseReport(line)
		if err != nil {
			faults = append(faults, fmt.Errorf("stores.events.elasticsearch.external: line %d: %w", i+1, err))
			continue
		}
		all = append(all, one)
	}
	return all, errors.Join(faults...)
}

// parseReport reads a line such as externalExample.
func parseReport(line string) (signalindex.Report, error) {
	words := strings.Fields(line)
	one := signalindex.Report{When: map[string]string{}}
	if len(words) == 0 || !reportKind.MatchString(words[0]) {
		return one, fmt.Errorf("expected a kind of small letters, digits and _ first, such as %q", externalExample)
	}
	one.Kind = words[0]
	of := map[string]*string{
		"index": &one.Index, "account": &one.Account, "username": &one.Username, "address": &one.Address, "time": &one.Time,
	}
	for _, word := range words[1:] {
		name, value, ok := strings.Cut(word, "=")
		to := of[name]
		switch {
		case !ok || value == "" || !reportField.MatchString(name):
			return one, fmt.Errorf("%q: expected NAME=VALUE, such as event.kind=alert", word)
		case to == nil:
			if _, twice := one.When[name]; twice {
				return one, fmt.Errorf("%s: is there twice, and no event has both values", name)
			}
			one.When[name] = value
		case *to != "":
			return one, fmt.Errorf("%s: is there twice", name)
		case name == "index" && !reportIndex.MatchString(value):
			return one, fmt.Errorf("index: expected a name or pattern of indices, such as logs-edr-*")
		case name != "index" && !reportField.MatchString(value):
			return one, fmt.Errorf("%s: expected the name of a field, such as user.name", name)
		default:
			*to = value
		}
	}
	switch {
	case one.Index == "":
		return one, fmt.Errorf("index: expected where the events are, such as index=logs-edr-*")
	case one.Account == "" && one.Username == "" && one.Address == "":
		return one, fmt.Errorf("expected whom the events are about: account=FIELD, username=FIELD or address=FIELD")
	case len(one.When) == 0:
		return one, fmt.Errorf("expected which events count, such as event.kind=alert: not everything in an index is bad news")
	}
	return one, nil
}
