package app

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
	node "go.yaml.in/yaml/v3"
)

// A Config is everything that can be set about a Wardgate process. Its zero
// value is not usable; DefaultConfig is.
type Config struct {
	Data     string `koanf:"data"`     // data folder
	Policies string `koanf:"policies"` // folder with the rule book; "" for the built-in one
	Demo     bool   `koanf:"-"`        // an invented hospital; by flag alone

	// Roles are what this process does, as ParseRoles names them; by command
	// line alone. None is all of them.
	Roles []string `koanf:"-"`

	PEP struct {
		Listen      string   `koanf:"listen"`
		Hosts       []string `koanf:"hosts"` // Host names that are served; empty serves all
		Certificate string   `koanf:"certificate"`
		Key         string   `koanf:"key"`

		// Addresses and networks of proxies that may ask about requests of
		// theirs; empty trusts none.
		TrustedProxies []string `koanf:"trusted_proxies"`

		// The hospital's own applications that routes name, "name=url" each and what
		// they are told, and who vouches for their servers; "" for whom the machine trusts.
		Applications       []string `koanf:"applications"`
		ApplicationsCAFile string   `koanf:"applications_ca_file"`
		AssertionIssuer    string   `koanf:"assertion_issuer"` // by which applications know who tells them of users
	} `koanf:"pep"`
	PDP     PDPConfig `koanf:"pdp"`
	Records struct {
		Listen string `koanf:"listen"` // with mutual TLS, for an enforcement point elsewhere
		URL    string `koanf:"url"`    // where it runs, when elsewhere
	} `koanf:"records"`
	Inference struct {
		Listen string `koanf:"listen"`
		URL    string `koanf:"url"`
	} `koanf:"inference"`
	Certificates struct {
		Folder      string `koanf:"folder"` // what `wardgate certs` made: ca.pem, ROLE.pem, ROLE.key
		CA          string `koanf:"ca"`     // or three files, for a process that proves itself as one role
		Certificate string `koanf:"certificate"`
		Key         string `koanf:"key"`
	} `koanf:"certificates"`
	Assertion struct {
		KeyFile string `koanf:"key_file"` // shared by all roles; "" makes one in the data folder
	} `koanf:"assertion"`
	Keys struct {
		Folder string `koanf:"folder"` // shared by all decision points on one database; "" for the data folder's
	} `koanf:"keys"`
	ExtAuth struct {
		Listen       string   `koanf:"listen"`
		Applications []string `koanf:"applications"` // that only other proxies forward to
	} `koanf:"extauth"`
	Operations struct {
		Listen string `koanf:"listen"`
	} `koanf:"operations"`
	Policy       PolicyConfig    `koanf:"policy"`
	DecisionLogs CollectorConfig `koanf:"decision_logs"` // every decision, in OPA's format
	Status       CollectorConfig `koanf:"status"`        // which rule book is in force, in OPA's format
	Location     struct {
		Database string `koanf:"database"` // MMDB file with the countries of addresses; "" knows none
	} `koanf:"location"`
	Mail struct {
		SMTP struct {
			Host         string `koanf:"host"` // "" writes mail into the outbox of the data folder
			Port         int    `koanf:"port"`
			Username     string `koanf:"username"`
			PasswordFile string `koanf:"password_file"`
			TLS          string `koanf:"tls"`     // starttls, implicit, none
			CAFile       string `koanf:"ca_file"` // who vouches for the server; "" for whom the machine trusts
			From         string `koanf:"from"`
		} `koanf:"smtp"`
	} `koanf:"mail"`
	Stores struct {
		Identity Database    `koanf:"identity"`
		Sessions Database    `koanf:"sessions"`
		Records  Database    `koanf:"records"`
		Care     Database    `koanf:"care"` // the records' database, as an account that only reads the care views
		Cache    CacheConfig `koanf:"cache"`

		Events  EventsConfig `koanf:"events"`  // where the journal is shipped to
		Signals string       `koanf:"signals"` // where counts of behaviour are kept: sql, or the elasticsearch of events
	} `koanf:"stores"`
	Journal struct {
		Chain string `koanf:"chain"` // name of this enforcement point's chain, its own among all that share a database

		ReserveBytes int `koanf:"reserve_bytes"` // held for when the disk is full
		RetainDays   int `koanf:"retain_days"`   // how long segments are kept; 0 for ever
	} `koanf:"journal"`
	Limits struct {
		Connections           int `koanf:"connections"`             // of one listener
		ConnectionsPerAddress int `koanf:"connections_per_address"` // of one listener, from one address
	} `koanf:"limits"`
	Alerts struct { // of the sentinel
		MailTo  []string `koanf:"mail_to"`
		Webhook struct {
			URL        string `koanf:"url"` // "" for none
			SecretFile string `koanf:"secret_file"`
		} `koanf:"webhook"`
	} `koanf:"alerts"`
	Signals struct {
		Reports []ReportConfig `koanf:"reports"` // which events of other systems count
	} `koanf:"signals"`
	Log struct {
		Level  string `koanf:"level"`  // debug, info, warn, error
		Format string `koanf:"format"` // text, json
	} `koanf:"log"`
}

// DefaultConfig is a whole Wardgate on loopback and embedded stores.
func DefaultConfig() Config {
	var c Config
	c.Data = "var"
	c.PEP.Listen = "127.0.0.1:8080"
	c.PEP.Hosts = []string{}
	c.PEP.TrustedProxies = []string{}
	c.PEP.Applications = []string{}
	c.PEP.AssertionIssuer = "wardgate"
	c.PDP.Listen = "127.0.0.1:8181"
	c.PDP.Callers = []string{}
	c.ExtAuth.Listen = "127.0.0.1:9191"
	c.ExtAuth.Applications = []string{}
	c.Operations.Listen = "127.0.0.1:9464"
	c.Policy = defaultPolicy()
	c.Mail.SMTP.Port = 587
	c.Mail.SMTP.TLS = "starttls"
	c.Stores.Cache.Addresses = []string{}
	c.Stores.Cache.TLS = "on"
	c.Journal.Chain = "main"
	c.Journal.ReserveBytes = 64 << 20
	c.Stores.Events = defaultEventsConfig()
	c.Stores.Signals = signalsInSQL
	c.Limits.Connections = 16384
	c.Limits.ConnectionsPerAddress = 12288
	c.Alerts.MailTo, c.Signals.Reports = []string{}, []ReportConfig{}
	c.Log.Level = "info"
	c.Log.Format = "text"
	return c
}

// envPrefix begins the environment variables that override a file.
const envPrefix = "WARDGATE_"

// ReadConfig reads the YAML file (none when file is ""), lets the environment
// override it, and checks the whole. All faults are reported together, those
// of the file with their lines.
func ReadConfig(file string, environ []string) (Config, error) {
	k := koanf.New(".")
	if err := k.Load(structs.Provider(DefaultConfig(), "koanf"), nil); err != nil {
		return Config{}, fmt.Errorf("default configuration: %w", err)
	}
	known := k.Keys()
	var faults []error
	if file != "" {
		values, err := readFile(file, known)
		faults = append(faults, err)
		faults = append(faults, k.Load(confmap.Provider(values, "."), nil))
	}
	values, err := readEnvironment(environ, known)
	faults = append(faults, err, k.Load(confmap.Provider(values, "."), nil))
	var c Config
	if err := k.Unmarshal("", &c); err != nil {
		faults = append(faults, fmt.Errorf("configuration: %w", err))
	}
	if err := errors.Join(faults...); err != nil {
		return Config{}, err
	}
	return c, nil
}

// readFile returns the file's known keys, flat, and an error that names each
// key that is unknown or of the wrong kind with its line.
func readFile(file string, known []string) (map[string]any, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	var root node.Node
	if err := node.Unmarshal(raw, &root); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	k := koanf.New(".")
	if err := k.Load(rawbytes.Provider(raw), yaml.Parser()); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	values := map[string]any{}
	var faults []error
	for _, key := range k.Keys() {
		line := lineOf(&root, strings.Split(key, "."))
		if to, is := moved(key); is {
			faults = append(faults, fmt.Errorf("%s:%d: %s", file, line, to))
			continue
		}
		if !slices.Contains(known, key) {
			faults = append(faults, fmt.Errorf("%s:%d: unknown key %q; known are %s", file, line, key, strings.Join(known, ", ")))
			continue
		}
		v := k.Get(key)
		if !isKind(key, v) {
			faults = append(faults, fmt.Errorf("%s:%d: %s: expected %s", file, line, key, kindOf(key)))
			continue
		}
		if secretInFile(key, v) {
			faults = append(faults, fmt.Errorf("%s:%d: %s: a password does not stand in the configuration; name a file with %s_file, or set %s",
				file, line, key, key, envName(key)))
			continue
		}
		if list, is := v.([]any); is && key == reportsKey {
			readReports(list, func(entry int, err error) {
				line := lineOf(&root, append(strings.Split(key, "."), strconv.Itoa(entry)))
				faults = append(faults, fmt.Errorf("%s:%d: %s: %w", file, line, key, err))
			})
		}
		values[key] = v
	}
	return values, errors.Join(faults...)
}

// isKind reports whether a value of the file is what its key takes.
func isKind(key string, v any) (is bool) {
	switch {
	case lists(key):
		_, is = v.([]any)
	case kindOf(key) == aNumber:
		_, is = v.(int)
	default:
		_, is = v.(string)
	}
	return is
}

const aNumber = "a number"

func kindOf(key string) string {
	switch key {
	case "pep.hosts":
		return "a list of host names"
	case "pep.trusted_proxies":
		return "a list of addresses and networks"
	case "pep.applications":
		return "a list such as [" + anApplication + "]"
	case "pdp.callers":
		return "a list such as [lab=/etc/wardgate/lab.token]"
	case "extauth.applications":
		return "a list of names"
	case "stores.cache.addresses":
		return "a list of host:port"
	case "alerts.mail_to":
		return "a list of e-mail addresses"
	case reportsKey:
		return "a list such as [" + reportsExample + "]"
	case "policy.verification_keys":
		return "a list such as [hospital=/etc/wardgate/policy.pub]"
	case "stores.events.elasticsearch.addresses":
		return "a list of addresses"
	case "mail.smtp.port", "stores.cache.database", "limits.connections", "limits.connections_per_address", "journal.reserve_bytes", "journal.retain_days",
		"policy.long_poll_seconds", "policy.min_delay_seconds", "policy.max_delay_seconds",
		"stores.events.elasticsearch.delete_after_days":
		return aNumber
	default:
		return "a text"
	}
}

// lists reports whether a key's value is a list.
func lists(key string) bool { return strings.HasPrefix(kindOf(key), "a list") }

// lineOf finds the line of a key in a YAML document, or of an entry of a list
// whose number ends the path; 1 when it cannot.
func lineOf(n *node.Node, path []string) int {
	if n.Kind == node.DocumentNode && len(n.Content) > 0 {
		return lineOf(n.Content[0], path)
	}
	if i, err := strconv.Atoi(path[0]); n.Kind == node.SequenceNode && err == nil && i < len(n.Content) {
		return n.Content[i].Line
	}
	for i := 0; n.Kind == node.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != path[0] {
			continue
		}
		if len(path) == 1 || n.Content[i+1].Kind != node.MappingNode && n.Content[i+1].Kind != node.SequenceNode {
			return n.Content[i].Line
		}
		return lineOf(n.Content[i+1], path[1:])
	}
	return 1
}

// envName is the environment variable that overrides a key.
func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// readEnvironment maps WARDGATE_PEP_LISTEN to pep.listen.
func readEnvironment(environ, known []string) (map[string]any, error) {
	byName := map[string]string{}
	for _, key := range known {
		byName[envName(key)] = key
	}
	values := map[string]any{}
	var faults []error
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		key, ok := byName[name]
		to, gone := movedFromEnvironment(name)
		switch {
		case gone:
			faults = append(faults, fmt.Errorf("environment: %s", to))
		case !ok:
			faults = append(faults, fmt.Errorf("environment: %s overrides no known key", name))
		case key == reportsKey:
			list, err := reportsFromText(value)
			values[key] = list
			faults = append(faults, err)
		case lists(key):
			values[key] = splitList(value)
		default:
			values[key] = value
		}
	}
	return values, errors.Join(faults...)
}

// splitList reads a list from the environment; an empty value is an empty list.
func splitList(value string) []string {
	if value == "" {
		return []string{}
	}
	return strings.Split(value, ",")
}

// Check reports everything about c that could not be honoured.
func (c *Config) Check() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.Data == "" {
		fault("data: expected the path of a folder")
	}
	for _, l := range []struct {
		key, address string
		tls          bool
	}{
		{"pep.listen", c.PEP.Listen, c.PEP.Certificate != ""},
		{"pdp.listen", c.PDP.Listen, c.PDP.Certificate != ""},
		{"extauth.listen", c.ExtAuth.Listen, false},
		{"operations.listen", c.Operations.Listen, false},
	} {
		loopback, err := isLoopback(l.address)
		switch {
		case err != nil:
			fault("%s: %w", l.key, err)
		case !loopback && c.Demo:
			fault("%s: %s is not a loopback address; the demo listens on loopback only", l.key, l.address)
		case !loopback && !l.tls:
			fault("%s: %s is not a loopback address and has no TLS; plain HTTP is for loopback alone", l.key, l.address)
		}
	}
	if (c.PEP.Certificate == "") != (c.PEP.Key == "") {
		fault("pep.certificate, pep.key: one is set without the other")
	}
	c.PDP.check(fault)
	c.checkRoles(fault)
	c.checkMail(fault)
	c.checkAlerts(fault)
	c.checkReports(fault)
	c.checkPolicy(fault)
	c.checkStores(fault)
	c.Stores.Events.check(c.Demo, fault)
	c.Stores.Cache.check(fault)
	c.checkSignals(fault)
	if _, err := trustedProxies(c.PEP.TrustedProxies); err != nil {
		faults = append(faults, err)
	}
	if _, err := c.foreign(); err != nil {
		faults = append(faults, err)
	}
	c.checkJournal(fault)
	if c.Limits.Connections < 1 || c.Limits.ConnectionsPerAddress < 1 {
		fault("limits.connections, limits.connections_per_address: expected whole numbers above 0")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		fault("log.level: expected debug, info, warn or error")
	}
	if !slices.Contains([]string{"text", "json"}, c.Log.Format) {
		fault("log.format: expected text or json")
	}
	return errors.Join(faults...)
}

// trustedProxies reads addresses and networks, and reports all that are none.
// A network that holds everybody is a slip: it would let any client describe
// its own request.
func trustedProxies(list []string) ([]netip.Prefix, error) {
	var trusted []netip.Prefix
	var faults []error
	for _, s := range list {
		prefix, err := netip.ParsePrefix(s)
		if a, single := netip.ParseAddr(s); single == nil && a.Zone() == "" {
			a = a.Unmap()
			prefix, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("pep.trusted_proxies: %q is neither an IP address nor a network such as 10.0.0.0/24", s))
		case prefix.Bits() == 0:
			faults = append(faults, fmt.Errorf("pep.trusted_proxies: %s would trust everybody", s))
		case prefix != prefix.Masked():
			faults = append(faults, fmt.Errorf("pep.trusted_proxies: %s is no network; %s is", s, prefix.Masked()))
		default:
			trusted = append(trusted, prefix)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return trusted, nil
}

func isLoopback(address string) (bool, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return false, errors.New("expected address:port, such as 127.0.0.1:8080")
	}
	if host == "localhost" {
		return true, nil
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false, errors.New("expected an IP address and a port, such as 127.0.0.1:8080")
	}
	return a.IsLoopback(), nil
}
