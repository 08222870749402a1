package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/jar"
	"github.com/wardgate/wardgate/pep/quota"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pep/upstream/balance"
	"github.com/wardgate/wardgate/pep/upstream/credential"
)

// applicationsKey is where the hospital's own applications stand.
const applicationsKey = "applications"

// applicationExample is one entry, as YAML writes it on one line.
const applicationExample = "{name: lab, upstreams: [https://lab.hospital.example:8443]}"

// An Application is one of the hospital's own, as the configuration has it.
type Application struct {
	Name      string   `koanf:"name"`       // as routes have it
	Hosts     []string `koanf:"hosts"`      // its own; none for one that is found by path, by tokens alone
	Upstreams []string `koanf:"upstreams"`  // where it is; none for one that only other proxies forward to
	PlainHTTP []string `koanf:"plain_http"` // networks in which plain HTTP is meant
	CAFile    string   `koanf:"ca_file"`    // who vouches for its servers; "" for the system's
	Tell      Tell     `koanf:"tell"`

	Credentials Credentials `koanf:"credentials"` // that it wants of the enforcement point

	Headers Headers `koanf:"headers"`
	// UnauthenticatedIdentity is "accepted" where an application is told who asks in plain
	// headers, and cannot know who forwards.
	UnauthenticatedIdentity string `koanf:"unauthenticated_identity"`

	// Cookies is "none" or nil, "sealed", or the names under plainCookies.
	Cookies any `koanf:"cookies"`

	AnswerHeaders []string `koanf:"answer_headers"` // that reach clients beside the usual ones
	AnswerLimit   string   `koanf:"answer_limit"`   // of an answer that is masked, "32MiB"; "" for the default
	Health        *Health  `koanf:"health"`         // nil asks no upstream how it is
	Breaker       Breaker  `koanf:"breaker"`
	FirstByte     string   `koanf:"first_byte"` // until the head of an answer has come, "30s"
	Idle          string   `koanf:"idle"`       // between two parts of a body, "10m"

	Upgrades    []string `koanf:"upgrades"`    // what its connections may be upgraded to: "websocket"
	Connections int      `koanf:"connections"` // to each upstream at once; 0 for the default

	Quota  int `koanf:"quota"`  // requests of one subject a minute; 0 for the usual one
	Weight int `koanf:"weight"` // how many requests of the quota one counts as; 0 for 1
}

// Health says how an application's upstreams are asked how they are.
type Health struct {
	Path      string `koanf:"path"`
	Interval  string `koanf:"interval"`  // "10s"; "" for the default, here and below
	Timeout   string `koanf:"timeout"`   // "2s"
	Unhealthy int    `koanf:"unhealthy"` // failed in a row, after which one is out
	Healthy   int    `koanf:"healthy"`   // passed in a row, after which it is not
}

// A Breaker says when an upstream that fails gets no requests.
type Breaker struct {
	Failures int    `koanf:"failures"` // in a row; 0 for the default
	Rest     string `koanf:"rest"`     // until a request finds out whether it is well, "5s"
}

// Tell is what an application learns of who asks.
type Tell struct {
	Statement *Statement        `koanf:"statement"` // nil for none
	Headers   map[string]string `koanf:"headers"`   // which fact stands in which
}

// A Statement is signed for one audience.
type Statement struct {
	Audience string   `koanf:"audience"`
	Header   string   `koanf:"header"` // "" for Wardgate-Identity
	Claims   []string `koanf:"claims"` // beyond the request
}

// A ParsedApplication is one of the hospital's own: where the enforcement point
// reaches it, and what it is told.
type ParsedApplication struct {
	Name        string
	Upstreams   []Upstream         // none for one that only other proxies forward to
	PlainHTTP   []netip.Prefix     // networks in which it may be reached by plain HTTP, beside loopback
	CAFile      string             // "" for the system's
	Credentials credential.Files   // by which the enforcement point proves to it who forwards
	Identity    *upstream.Identity // nil for one that learns nothing of who asks
	Checks      *balance.Checks    // nil for none
	Failures    int                // in a row, after which an upstream is out; 0 for the default
	Rest        time.Duration      // until a request finds out whether it is well; 0 for the default
	AnswerLimit int64              // bytes of an answer that is masked; 0 for the default
	FirstByte   time.Duration      // 0 for the default
	Idle        time.Duration      // 0 for the default

	WebSocket   bool // connections may be upgraded to it
	Connections int  // to each upstream at once; 0 for the default

	Quota quota.Quota // what one subject may ask of it, and what its requests weigh

	AnswerHeaders []string // that reach clients beside the usual ones
	Headers       upstream.Rules
	Cookies       jar.Policy // of its own, that reach browsers

	// Unauthenticated applications are told who asks in headers that they would believe of
	// anybody who reaches them.
	Unauthenticated bool
}

// An Upstream is where an application is reached.
type Upstream struct {
	URL    *url.URL // scheme and host; of a socket http://localhost
	Socket string   // path of a Unix socket; "" for none
}

// String is as the configuration has it.
func (u Upstream) String() string {
	if u.Socket != "" {
		return socketScheme + u.Socket
	}
	return u.URL.String()
}

const socketScheme = "unix:"

const (
	mostUpstreams   = 64
	mostConnections = 100_000
)

const (
	leastAnswer = 1 << 10
	mostAnswer  = 256 << 20

	leastWait = time.Second
	mostWait  = 24 * time.Hour
)

var applicationName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// An entryFault is about a member of an entry of a list.
type entryFault struct {
	key, called string // of the list, and how the entry is called
	entry       int
	member      string // "" for the entry as a whole
	err         error
}

func (f *entryFault) Error() string {
	if f.member == "" {
		return fmt.Sprintf("%s: %s: %v", f.key, f.called, f.err)
	}
	return fmt.Sprintf("%s: %s: %s: %v", f.key, f.called, f.member, f.err)
}

func (f *entryFault) Unwrap() error { return f.err }

// An appReader reads one entry and gathers what is wrong with it.
type appReader struct {
	entry  int
	from   *Application
	to     ParsedApplication
	faults []error
}

func (r *appReader) fault(member, format string, args ...any) {
	called := r.from.Name
	if called == "" {
		called = fmt.Sprintf("entry %d", r.entry+1)
	}
	r.faults = append(r.faults, &entryFault{applicationsKey, called, r.entry, member, fmt.Errorf(format, args...)})
}

// ParseApplications reads the hospital's own applications, and reports all that is
// faulty.
func (c *Config) ParseApplications() ([]ParsedApplication, error) {
	list, faults := c.parseApplications()
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return list, nil
}

// parseApplications reads each entry as far as it can be read.
func (c *Config) parseApplications() (list []ParsedApplication, faults []error) {
	taken := slices.Clone(pdp.OwnApplications)
	for i := range c.Applications {
		r := &appReader{entry: i, from: &c.Applications[i]}
		r.read()
		if name := r.from.Name; name != "" && slices.Contains(taken, name) {
			r.fault("name", "%q is taken", name)
		}
		taken = append(taken, r.from.Name)
		list, faults = append(list, r.to), append(faults, r.faults...)
	}
	faults = append(faults, c.toldFaults(list)...)
	if c.PEP.AssertionIssuer == "" {
		faults = append(faults, errors.New("pep.assertion_issuer: expected a text that applications know the enforcement point by"))
	}
	return list, faults
}

func (r *appReader) read() {
	if !applicationName.MatchString(r.from.Name) {
		r.fault("name", "expected letters, digits and ._-, as routes have it")
	}
	r.to.Name, r.to.CAFile = r.from.Name, r.from.CAFile
	r.readUpstreams()
	r.readStatement()
	r.readCredentials()
	r.readAnswers()
	r.readHeaders()
	r.readCookies()
	r.readHealth()
	r.to.FirstByte = r.wait("first_byte", r.from.FirstByte)
	r.to.Idle = r.wait("idle", r.from.Idle)
	r.readUpgrades()
	r.to.Connections = r.count("connections", r.from.Connections, mostConnections, "connections to each upstream")
	r.to.Quota.PerMinute = r.count("quota", r.from.Quota, quota.Most, "requests a minute")
	r.to.Quota.Weight = r.count("weight", r.from.Weight, quota.MostWeight, "requests that one counts as")
}

// readUpstreams reads where the application is. What it says of an address may hold
// a password, which no error repeats.
func (r *appReader) readUpstreams() {
	var err error
	if r.to.PlainHTTP, err = networks("plain_http", r.from.PlainHTTP); err != nil {
		for _, one := range each(err) {
			r.fault("plain_http", "%s", strings.TrimPrefix(one.Error(), "plain_http: "))
		}
	}
	if len(r.from.Upstreams) == 0 {
		r.unreached()
	}
	if len(r.from.Upstreams) > mostUpstreams {
		r.fault("upstreams", "expected at most %d", mostUpstreams)
	}
	for _, text := range r.from.Upstreams {
		one, ok := r.upstream(text)
		switch {
		case !ok:
		case slices.ContainsFunc(r.to.Upstreams, func(other Upstream) bool { return other.String() == one.String() }):
			r.fault("upstreams", "%s is there twice", one)
		default:
			r.to.Upstreams = append(r.to.Upstreams, one)
		}
	}
}

func (r *appReader) upstream(text string) (one Upstream, ok bool) {
	if socket, is := strings.CutPrefix(text, socketScheme); is {
		if !filepath.IsAbs(socket) || filepath.Clean(socket) != socket || strings.ContainsRune(socket, 0) || len(socket) > maxSocket {
			r.fault("upstreams", "expected unix: and the whole path of a socket, at most %d bytes, such as unix:/run/pacs.sock", maxSocket)
			return Upstream{}, false
		}
		return Upstream{URL: &url.URL{Scheme: "http", Host: "localhost"}, Socket: socket}, true
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Trim(u.Path, "/") != "" || u.Fragment != "":
		r.fault("upstreams", "expected https://host:port and nothing behind it, or unix:/path")
	case u.Scheme != "https" && !r.plain(u):
		r.fault("upstreams", "expected https; plain http is for loopback addresses, and for addresses in the networks of plain_http")
	default:
		return Upstream{URL: &url.URL{Scheme: u.Scheme, Host: u.Host}}, true
	}
	return Upstream{}, false
}

// maxSocket is the longest path that systems take for a socket, in bytes.
const maxSocket = 107

// plain reports whether an address is one at which plain HTTP is meant.
func (r *appReader) plain(u *url.URL) bool {
	if u.Scheme != "http" {
		return false
	}
	if isLoopbackName(u.Hostname()) {
		return true
	}
	a, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return false
	}
	a = a.Unmap()
	return a.IsLoopback() || slices.ContainsFunc(r.to.PlainHTTP, func(n netip.Prefix) bool { return n.Contains(a) })
}

// unreached holds that nothing is said of how an application is reached that only
// other proxies forward to.
func (r *appReader) unreached() {
	for member, said := range map[string]bool{
		"plain_http": len(r.from.PlainHTTP) > 0, "ca_file": r.from.CAFile != "", "answer_headers": len(r.from.AnswerHeaders) > 0,
		"answer_limit": r.from.AnswerLimit != "", "first_byte": r.from.FirstByte != "", "idle": r.from.Idle != "",
		"upgrades": len(r.from.Upgrades) > 0, "connections": r.from.Connections != 0,
		"headers": r.from.Headers.said(), "tell.headers": len(r.from.Tell.Headers) > 0,
		"unauthenticated_identity": r.from.UnauthenticatedIdentity != "", "credentials": r.from.Credentials != Credentials{}, "health": r.from.Health != nil, "breaker": r.from.Breaker != Breaker{},
	} {
		if said {
			r.fault(member, "it has no upstreams, so that other proxies alone forward to it")
		}
	}
	if s := r.from.Tell.Statement; s != nil && s.Header != "" {
		r.fault("tell.statement.header", "it has no upstreams: the other proxy says in which header the application gets it")
	}
}

func (r *appReader) readStatement() {
	s := r.from.Tell.Statement
	if s == nil {
		return
	}
	r.to.Identity = &upstream.Identity{Header: s.Header, Audience: s.Audience, Claims: s.Claims}
	if err := r.to.Identity.Check(); err != nil {
		r.fault("tell.statement", "%w", err)
	}
}

func (r *appReader) readUpgrades() {
	for _, to := range r.from.Upgrades {
		switch {
		case to != upstream.WebSocket:
			r.fault("upgrades", "%q: expected %s, the one protocol that a connection may be upgraded to", to, upstream.WebSocket)
		case r.to.WebSocket:
			r.fault("upgrades", "%s is there twice", to)
		default:
			r.to.WebSocket = true
		}
	}
}

func (r *appReader) readAnswers() {
	var err error
	if r.to.AnswerHeaders, err = upstream.AnswerHeaders(r.from.AnswerHeaders); err != nil {
		r.fault("answer_headers", "%w", err)
	}
	if r.from.AnswerLimit == "" {
		return
	}
	n, ok := bytesOf(r.from.AnswerLimit)
	if !ok || n < leastAnswer || n > mostAnswer {
		r.fault("answer_limit", "expected from 1KiB to 256MiB, such as 32MiB, or a number of bytes")
		return
	}
	r.to.AnswerLimit = n
}

// mostChecks bounds how many failures or checks in a row may be waited for.
const mostChecks = 1000

// readHealth reads how it is known whether an upstream is well.
func (r *appReader) readHealth() {
	r.to.Failures = r.count("breaker.failures", r.from.Breaker.Failures, mostChecks, "failures in a row")
	r.to.Rest = r.wait("breaker.rest", r.from.Breaker.Rest)
	h := r.from.Health
	if h == nil {
		return
	}
	c := &balance.Checks{Path: h.Path, Interval: r.wait("health.interval", h.Interval), Timeout: r.wait("health.timeout", h.Timeout)}
	if err := balance.CheckPath(h.Path); err != nil {
		r.fault("health.path", "%w", err)
	}
	if every := cmp.Or(c.Interval, balance.DefaultInterval); c.Timeout > every {
		r.fault("health.timeout", "expected at most health.interval, which is %s", every)
	}
	c.Unhealthy = r.count("health.unhealthy", h.Unhealthy, mostChecks, "failed checks in a row")
	c.Healthy = r.count("health.healthy", h.Healthy, mostChecks, "passed checks in a row")
	r.to.Checks = c
}

// bytesOf reads "32MiB", "64KiB", or a number of bytes.
func bytesOf(text string) (int64, bool) {
	unit := int64(1)
	for name, size := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if number, has := strings.CutSuffix(text, name); has {
			text, unit = number, size
		}
	}
	n, err := strconv.ParseUint(text, 10, 32)
	return int64(n) * unit, err == nil
}

func (r *appReader) wait(member, text string) time.Duration {
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < leastWait || d > mostWait {
		r.fault(member, "expected a time from 1s to 24h, such as 30s or 10m")
		return 0
	}
	return d
}

func (r *appReader) count(member string, n, most int, what string) int {
	if n < 0 || n > most {
		r.fault(member, "expected a number of %s from 1 to %d", what, most)
	}
	return n
}
