package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pip/signals"
	signalindex "github.com/wardgate/wardgate/pip/signals/elastic"
	"github.com/wardgate/wardgate/pip/signals/reports"
)

// reportsKey is where it stands which events of other systems count as signals.
const reportsKey = "signals.reports"

// reportsExample is one entry, as YAML writes it on one line.
const reportsExample = "{name: vpn, machine: vpn, kind: failed_log_in, when: {event.outcome: failure}, about: {username: user.name}}"

// A Report says which events of another system count as which kind of
// signal, and which subject they are about. Either a machine sends them or they are read
// from an index.
type Report struct {
	Name    string            `koanf:"name"`
	Kind    string            `koanf:"kind"`
	Machine string            `koanf:"machine"` // name of the machine's account
	Index   string            `koanf:"index"`   // name or pattern of indices or data streams
	When    map[string]string `koanf:"when"`    // field -> its value
	About   map[string]string `koanf:"about"`   // account, username, email, address -> the field that has it
	Time    string            `koanf:"time"`    // field of an index with when it happened; "" for @timestamp
}

var (
	reportName  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	reportField = regexp.MustCompile(`^[A-Za-z@_][A-Za-z0-9@_.-]{0,127}$`)
	// reportIndex keeps out lists, and a pattern that begins with a star: it
	// would read every index that the credentials may.
	reportIndex = regexp.MustCompile(`^[a-z0-9.][a-z0-9._:*-]{0,127}$`)
)

// report is what the packages that count make of it.
func (r *Report) report() signals.Report {
	one := signals.Report{Name: r.Name, Kind: r.Kind, When: r.When, About: map[signals.By]string{}}
	for by, field := range r.About {
		one.About[signals.By(by)] = field
	}
	return one
}

// PulledReports are those that are read from Elasticsearch.
func (c *Config) PulledReports() []signalindex.Report {
	var all []signalindex.Report
	for i := range c.Signals.Reports {
		if r := &c.Signals.Reports[i]; r.Index != "" {
			all = append(all, signalindex.Report{Report: r.report(), Index: r.Index, Time: r.Time})
		}
	}
	return all
}

// PushedReports are those whose events machines send.
func (c *Config) PushedReports() []reports.Report {
	var all []reports.Report
	for i := range c.Signals.Reports {
		if r := &c.Signals.Reports[i]; r.Machine != "" {
			all = append(all, reports.Report{Report: r.report(), Machine: r.Machine})
		}
	}
	return all
}

// checkReports reports what is wrong with each entry.
func (c *Config) checkReports(fault func(string, ...any)) {
	names := map[string]bool{}
	for i := range c.Signals.Reports {
		r := &c.Signals.Reports[i]
		called := fmt.Sprintf("entry %d", i+1)
		if r.Name != "" {
			called = r.Name
		}
		wrong := func(format string, args ...any) {
			fault("%s: %s: %w", reportsKey, called, fmt.Errorf(format, args...))
		}
		switch {
		case !reportName.MatchString(r.Name):
			wrong("name: expected letters, digits and ._-, such as vpn")
		case names[r.Name]:
			wrong("name: another entry is called so too")
		}
		names[r.Name] = true
		if !signals.IsKind(r.Kind) {
			wrong("kind: expected small letters, digits and _, such as failed_log_in")
		}
		c.checkReportSource(r, wrong)
		checkReportFields(r, wrong)
	}
}

func (c *Config) checkReportSource(r *Report, wrong func(string, ...any)) {
	switch {
	case (r.Machine == "") == (r.Index == ""):
		wrong("expected either machine, who sends the events, or index, where they are")
	case r.Machine != "" && (!reportName.MatchString(r.Machine) || r.Machine != strings.ToLower(r.Machine)):
		wrong("machine: expected the name of a machine's account in small letters; `wardgate user machine add` makes one")
	case r.Machine != "" && r.Time != "":
		wrong("time: what a machine sends counts when it arrives")
	case r.Index != "" && !reportIndex.MatchString(r.Index):
		wrong("index: expected a name or pattern of indices, such as logs-edr-*")
	case r.Index != "" && len(c.Stores.Events.Elasticsearch.Addresses) == 0:
		wrong("index: expected a node's address in stores.events.elasticsearch.addresses")
	case r.Index != "" && r.About[string(signals.ByEmail)] != "" && c.Runs(RoleEngine) && !c.Runs(RoleIdentity):
		wrong("about.email: only a process with the role pdp can read whose an e-mail address is; name persons here by username or account")
	}
	if r.Time != "" && !reportField.MatchString(r.Time) {
		wrong("time: expected the name of a field, such as event.ingested")
	}
}

func checkReportFields(r *Report, wrong func(string, ...any)) {
	if len(r.When) == 0 {
		wrong("when: expected which events count, such as {event.kind: alert}: not everything is bad news")
	}
	for _, field := range slices.Sorted(maps.Keys(r.When)) {
		if !reportField.MatchString(field) || r.When[field] == "" {
			wrong("when: %q: expected fields and their values, such as {event.kind: alert}", field)
		}
	}
	if len(r.About) == 0 {
		wrong("about: expected whom the events are about, such as {username: user.name}")
	}
	ways := append(signals.Persons(), signals.ByAddress)
	for _, by := range slices.Sorted(maps.Keys(r.About)) {
		if !slices.Contains(ways, signals.By(by)) {
			wrong("about: %q: expected account, username, email or address", by)
		} else if !reportField.MatchString(r.About[by]) {
			wrong("about.%s: expected the name of a field, such as user.name", by)
		}
	}
}

// readReports takes a list of entries of a file. What would be overlooked, or
// turned into something else, is a fault.
func readReports(list []any, fault func(entry int, err error)) {
	for i, item := range list {
		entry, ok := item.(map[string]any)
		if !ok {
			fault(i, fmt.Errorf("entry %d: expected an entry such as %s", i+1, reportsExample))
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(entry)) {
			if err := readReportMember(entry, key); err != nil {
				fault(i, fmt.Errorf("entry %d: %w", i+1, err))
			}
		}
	}
}

func readReportMember(entry map[string]any, key string) error {
	switch key {
	case "name", "kind", "machine", "index", "time":
		if _, ok := entry[key].(string); !ok {
			return fmt.Errorf("%s: expected a text", key)
		}
	case "when", "about":
		fields, ok := entry[key].(map[string]any)
		if !ok {
			return fmt.Errorf("%s: expected names and values, such as {event.kind: alert}", key)
		}
		for name, value := range fields {
			switch v := value.(type) {
			case string:
			case int, bool:
				fields[name] = fmt.Sprint(v)
			default:
				return fmt.Errorf("%s.%s: expected one value", key, name)
			}
		}
	default:
		return fmt.Errorf("unknown member %q; known are name, kind, machine, index, when, about, time", key)
	}
	return nil
}
