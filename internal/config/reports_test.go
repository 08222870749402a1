package config_test

import (
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
)

func TestReportsConfiguration(t *testing.T) {
	const nodes = "stores:\n  events:\n    elasticsearch:\n      addresses: [\"https://es:9200\"]\n"
	const good = "{name: vpn, machine: vpn, kind: failed_log_in, when: {event.outcome: failure}, about: {username: user.name}}"
	reports := func(entries ...string) string {
		return nodes + "signals:\n  reports:\n    - " + strings.Join(entries, "\n    - ") + "\n"
	}
	but := func(old, new string) string { return reports(strings.Replace(good, old, new, 1)) }
	for name, tt := range map[string]struct {
		yaml    string
		environ []string
		want    string
	}{
		"pushed":                 {reports(good), nil, ""},
		"pulled":                 {but("machine: vpn", "index: logs-vpn-*, time: event.ingested"), nil, ""},
		"a number and a truth":   {but("failure}", "failure, event.severity: 9, event.bad: true}"), nil, ""},
		"every way":              {but("username: user.name", "account: user.id, username: user.name, email: user.email, address: source.ip"), nil, ""},
		"by environment":         {nodes, []string{"WARDGATE_SIGNALS_REPORTS=[" + good + "]"}, ""},
		"no entries":             {nodes, []string{"WARDGATE_SIGNALS_REPORTS="}, ""},
		"environment, no list":   {nodes, []string{"WARDGATE_SIGNALS_REPORTS=failed_log_in event.module=vpn"}, "WARDGATE_SIGNALS_REPORTS: expected a list in YAML"},
		"environment, a fault":   {nodes, []string{"WARDGATE_SIGNALS_REPORTS=[{names: vpn}]"}, `WARDGATE_SIGNALS_REPORTS: entry 1: unknown member "names"`},
		"the old key of pushed":  {"signals:\n  external: [\"a b=c\"]\n", nil, ":2: signals.external is a part of signals.reports now"},
		"the old key of pulled":  {"stores:\n  events:\n    elasticsearch:\n      external: []\n", nil, ":4: stores.events.elasticsearch.external is a part of signals.reports now"},
		"the old variable":       {"", []string{"WARDGATE_SIGNALS_EXTERNAL=a b=c"}, "WARDGATE_SIGNALS_EXTERNAL: signals.external is a part of signals.reports now"},
		"a text":                 {"signals:\n  reports: vpn\n", nil, ":2: signals.reports: expected a list such as [{name: vpn"},
		"a line of the old form": {reports("failed_log_in event.module=vpn"), nil, ":7: signals.reports: entry 1: expected an entry such as"},
		"the second entry":       {reports(good, "{name: edr, kinds: x}"), nil, `:8: signals.reports: entry 2: unknown member "kinds"`},
		"a list for a value":     {but("failure}", "[failure]}"), nil, "when.event.outcome: expected one value"},
		"a text for fields":      {but("{event.outcome: failure}", "failure"), nil, "when: expected names and values"},
		"no name":                {but("name: vpn, ", ""), nil, "signals.reports: entry 1: name: expected letters"},
		"one name twice":         {reports(good, good), nil, "signals.reports: vpn: name: another entry is called so too"},
		"no kind":                {but("kind: failed_log_in, ", ""), nil, "vpn: kind: expected small letters"},
		"a kind in capitals":     {but("failed_log_in", "Failed"), nil, "vpn: kind: expected small letters"},
		"from nowhere":           {but("machine: vpn, ", ""), nil, "vpn: expected either machine, who sends the events, or index"},
		"from two places":        {but("machine: vpn", "machine: vpn, index: x"), nil, "vpn: expected either machine"},
		"from everywhere":        {but("machine: vpn", `index: "*"`), nil, "vpn: index: expected a name or pattern"},
		"no search engine":       {"signals:\n  reports: [" + strings.Replace(good, "machine: vpn", "index: x", 1) + "]\n", nil, "vpn: index: expected a node's address in stores.events"},
		"a machine in capitals":  {but("machine: vpn", "machine: VPN"), nil, "vpn: machine: expected the name of a machine's account in small letters"},
		"a machine's time":       {but("machine: vpn", "machine: vpn, time: event.ingested"), nil, "vpn: time: what a machine sends counts when it arrives"},
		"everything counts":      {but("{event.outcome: failure}", "{}"), nil, "vpn: when: expected which events count"},
		"an empty value":         {but("event.outcome: failure", `event.outcome: ""`), nil, `vpn: when: "event.outcome": expected fields and their values`},
		"about nobody":           {but("{username: user.name}", "{}"), nil, "vpn: about: expected whom"},
		"about something else":   {but("username: user.name", "host: host.name"), nil, `vpn: about: "host": expected account, username, email or address`},
		"a field that is none":   {but("user.name", `"user name"`), nil, "vpn: about.username: expected the name of a field"},
	} {
		t.Run(name, func(t *testing.T) { readsAs(t, tt.yaml, tt.environ, false, tt.want) })
	}
}

// Every fault is told at once.
func TestAllFaultsOfReportsAreTold(t *testing.T) {
	c := config.Default()
	c.Signals.Reports = []config.Report{{}, {Name: "edr", Index: "*"}}
	err := c.Check()
	for _, want := range []string{"entry 1: name", "entry 1: kind", "entry 1: expected either", "entry 1: when", "entry 1: about", "edr: kind", "edr: index", "edr: when", "edr: about"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q too", err, want)
		}
	}
}

// E-mail addresses are sealed under a key that only ID management has.
func TestEmailsAreReadWhereIdentityIs(t *testing.T) {
	for role, want := range map[string]bool{"pdp": false, "engine": true, "records": false} {
		c := anyPort(t.TempDir())
		c.Stores.Events.Elasticsearch.Addresses = []string{"http://127.0.0.1:9"}
		c.Signals.Reports = []config.Report{{
			Name: "vpn", Kind: "failed_log_in", Index: "x", When: map[string]string{"a": "b"}, About: map[string]string{"email": "user.email"},
		}}
		names := []string{role}
		if role == "engine" {
			names = append(names, "pep")
		}
		var err error
		if c.Roles, err = config.ParseRoles(names); err != nil {
			t.Fatal(err)
		}
		err = c.Check()
		if got := err != nil && strings.Contains(err.Error(), "vpn: about.email: only a process with the role pdp"); got != want {
			t.Errorf("%s: got %v, want it refused: %t", role, err, want)
		}
	}
}
