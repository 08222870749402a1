package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pep/quota"
	"github.com/wardgate/wardgate/pep/upstream/balance"
)

const labHere = "name: lab, upstreams: [\"https://lab.hospital.example\"]"

func TestApplicationsConfiguration(t *testing.T) {
	with := func(entries ...string) string {
		return "applications:\n  - {" + strings.Join(entries, "}\n  - {") + "}\n"
	}
	lab := func(more string) string { return with(labHere + more) }
	onHost := func(more string) string {
		return "pep: {home: \"https://home.hospital.example\"}\n" + lab(", hosts: [lab-ui.hospital.example]"+more)
	}
	for name, tt := range map[string]struct {
		yaml    string
		environ []string
		want    string
	}{
		"plain":            {lab(""), nil, ""},
		"every member":     {lab(", ca_file: /etc/ca.pem, answer_headers: [X-Total-Count], answer_limit: 32MiB, first_byte: 120s, idle: 10m, upgrades: [websocket], connections: 20000, quota: 600, weight: 20, tell: {statement: {audience: lab, header: X-User, claims: [role, staff]}}"), nil, ""},
		"health":           {lab(", health: {path: /healthz, interval: 10s, timeout: 2s, unhealthy: 3, healthy: 2}, breaker: {failures: 5, rest: 10s}"), nil, ""},
		"credentials":      {lab(", credentials: {basic_file: /etc/wardgate/lab.user, certificate_file: /etc/a.pem, key_file: /etc/a.key}"), nil, ""},
		"headers":          {lab(", headers: {request: {pass: [Origin], remove: [User-Agent], set: {X-Site: north}}, answer: {remove: [Link], set: {X-Frame-Options: DENY}}}, unauthenticated_identity: accepted, tell: {headers: {Remote-User: account}}"), nil, ""},
		"a number":         {lab(", answer_limit: 1048576"), nil, ""},
		"by others alone":  {with("name: archive, tell: {statement: {audience: archive, claims: [role]}}"), nil, ""},
		"plain loopback":   {with("name: lab, upstreams: [\"http://127.0.0.1:9000\"]"), nil, ""},
		"plain localhost":  {with("name: lab, upstreams: [\"http://localhost:9000\"]"), nil, ""},
		"a named network":  {with("name: lab, upstreams: [\"http://10.0.0.7:8042\"], plain_http: [10.0.0.0/24]"), nil, ""},
		"by environment":   {"", []string{"WARDGATE_APPLICATIONS=[{" + labHere + "}]"}, ""},
		"environment, bad": {"", []string{"WARDGATE_APPLICATIONS=[{names: lab}]"}, `WARDGATE_APPLICATIONS: entry 1: unknown member "names"`},

		"the old list":          {"pep:\n  applications: [\"lab=https://lab.test\"]\n", nil, ":2: pep.applications is the list applications now, such as [{name: lab"},
		"the old authority":     {"pep:\n  applications_ca_file: /ca.pem\n", nil, ":2: pep.applications_ca_file is ca_file of each entry of applications now"},
		"the old ones of else":  {"extauth:\n  applications: [imaging]\n", nil, ":2: extauth.applications is a part of applications now: an entry without upstreams"},
		"the old variable":      {"", []string{"WARDGATE_PEP_APPLICATIONS=lab=https://lab.test"}, "WARDGATE_PEP_APPLICATIONS: pep.applications is the list applications now"},
		"an entry of old":       {"applications: [\"lab=https://lab.test\"]\n", nil, "applications: entry 1: expected an entry such as {name: lab"},
		"no list":               {"applications: lab\n", nil, "applications: expected a list such as [{name: lab"},
		"an unknown member":     {lab(", upstream: x"), nil, `:2: applications: lab: unknown member "upstream"; was "upstreams" meant?; known are answer_headers, `},
		"cookies sealed":        {onHost(", cookies: sealed"), nil, ""},
		"cookies by name":       {onHost(", cookies: {plain: [csrftoken, __Host-a]}"), nil, ""},
		"no cookies":            {lab(", cookies: none"), nil, ""},
		"cookies by path":       {lab(", cookies: sealed"), nil, `applications: lab: cookies: it has no hosts: found by path, it would share its cookies with the home`},
		"cookies of a word":     {onHost(", cookies: seald"), nil, `applications: lab: cookies: expected none, sealed, or {plain: [NAME, …]}; was "sealed" meant?`},
		"cookies of a truth":    {onHost(", cookies: true"), nil, "applications: lab: cookies: expected none, sealed, or {plain: [NAME, …]}"},
		"cookies in a list":     {onHost(", cookies: [a]"), nil, "applications: lab: cookies: expected none, sealed, or {plain: [NAME, …]}"},
		"cookies of no kind":    {onHost(", cookies: {sealed: [a]}"), nil, "applications: lab: cookies: expected none, sealed, or {plain: [NAME, …]}"},
		"cookies and more":      {onHost(", cookies: {plain: [a], sealed: true}"), nil, "applications: lab: cookies: expected none, sealed, or {plain: [NAME, …]}"},
		"cookies of numbers":    {onHost(", cookies: {plain: [1]}"), nil, "applications: lab: cookies: expected none, sealed, or {plain: [NAME, …]}"},
		"cookies without names": {onHost(", cookies: {plain: []}"), nil, "applications: lab: cookies: expected none, sealed, or {plain: [NAME, …]}, with a name at least"},
		"nor in what is told":   {lab(", tell: {header: {Remote-User: account}}"), nil, `applications: lab: unknown member "tell.header"; was "headers" meant?; known are headers, statement`},
		"a number told":         {lab(", tell: {headers: {Remote-User: 1}}"), nil, `applications: lab: tell.headers: expected names of headers, each with a text`},
		"rules in a list":       {lab(", headers: {request: {set: [X-A]}}"), nil, `applications: lab: headers.request.set: expected names of headers, each with a text`},
		"a rule of no kind":     {lab(", headers: {request: {add: {X-A: b}}}"), nil, `applications: lab: unknown member "headers.request.add"`},
		"an unknown check":      {lab(", health: {path: /, intervall: 10s}"), nil, `applications: lab: unknown member "health.intervall"; was "interval" meant?`},
		"a path for checks":     {lab(", health: /healthz"), nil, "applications: lab: health: expected members: some of healthy, interval, path, timeout, unhealthy"},
		"no failure at all":     {lab(", breaker: {failures: 0}"), nil, "applications: lab: breaker.failures: expected a number"},
		"a password":            {lab(", credentials: {basic: \"pacs:hush\"}"), nil, `applications: lab: unknown member "credentials.basic"; known are basic_file, bearer_file`},
		"told as a text":        {lab(", tell: statement"), nil, "applications: lab: tell: expected members: some of headers, statement"},
		"a text for a list":     {with("name: lab, upstreams: \"https://lab.test\""), nil, "applications: lab: upstreams: expected a list of texts"},
		"numbers in a list":     {lab(", answer_headers: [1]"), nil, "applications: lab: answer_headers: expected a list of texts"},
		"a truth for a number":  {lab(", quota: true"), nil, "applications: lab: quota: expected a number"},
		"no quota at all":       {lab(", quota: 0"), nil, "applications: lab: quota: expected a number"},
		"a quota below nothing": {lab(", quota: -1"), nil, "applications: lab: quota: expected a number"},
	} {
		t.Run(name, func(t *testing.T) { readsAs(t, tt.yaml, tt.environ, false, tt.want) })
	}
}

// What an entry says is read, or refused with the member that it is about; nothing of an
// address is repeated, which may hold a password.
func TestApplicationsAreChecked(t *testing.T) {
	at := func(address string) func(*config.Application) {
		return func(a *config.Application) { a.Upstreams = []string{address} }
	}
	told := func(s config.Statement) func(*config.Application) {
		return func(a *config.Application) { a.Tell.Statement = &s }
	}
	for name, tt := range map[string]struct {
		change func(*config.Application)
		want   string
	}{
		"no name":             {func(a *config.Application) { a.Name = "" }, "entry 1: name: expected letters"},
		"a name with a blank": {func(a *config.Application) { a.Name = "the lab" }, "name: expected letters"},
		"one of our own":      {func(a *config.Application) { a.Name = "records" }, `name: "records" is taken`},
		"another of our own":  {func(a *config.Application) { a.Name = "signals" }, `name: "signals" is taken`},
		"plain HTTP":          {at("http://lab.test:80"), "upstreams: expected https; plain http is for loopback"},
		"plain elsewhere":     {at("http://192.0.2.1:80"), "upstreams: expected https; plain http is for loopback"},
		"no URL":              {at("lab"), "upstreams: expected https://host:port"},
		"a path":              {at("https://lab.test/x"), "upstreams: expected https://host:port"},
		"a query":             {at("https://lab.test?"), "upstreams: expected https://host:port"},
		"a user":              {at("https://u:p@lab.test"), "upstreams: expected https://host:port"},
		"a port alone":        {at("https://:443"), "upstreams: expected https://host:port"},
		"a relative socket":   {at("unix:lab.sock"), "upstreams: expected unix: and the whole path"},
		"a socket with dots":  {at("unix:/run/../lab.sock"), "upstreams: expected unix: and the whole path"},
		"a socket too long":   {at("unix:/" + strings.Repeat("a", 107)), "upstreams: expected unix: and the whole path"},
		"one address twice":   {func(a *config.Application) { a.Upstreams = []string{"https://lab.test", "https://lab.test/"} }, "upstreams: https://lab.test is there twice"},
		"too many":            {func(a *config.Application) { a.Upstreams = make([]string, 65) }, "upstreams: expected at most 64"},
		"another scheme":      {at("ftp://127.0.0.1:21"), "upstreams: expected https"},
		"everywhere":          {func(a *config.Application) { a.PlainHTTP = []string{"0.0.0.0/0"} }, "plain_http: 0.0.0.0/0 would trust everybody"},
		"no network":          {func(a *config.Application) { a.PlainHTTP = []string{"10.0.0.1/8"} }, "plain_http: 10.0.0.1/8 is no network"},
		"no audience":         {told(config.Statement{Claims: []string{"role"}}), "tell.statement: an audience is required"},
		"a foreign header":    {told(config.Statement{Audience: "a", Header: "Cookie"}), "tell.statement: the header Cookie means something else"},
		"a claim":             {told(config.Statement{Audience: "a", Claims: []string{"session"}}), `tell.statement: claim "session"`},
		"too small":           {func(a *config.Application) { a.AnswerLimit = "1" }, "answer_limit: expected from 1KiB to 256MiB"},
		"too large":           {func(a *config.Application) { a.AnswerLimit = "4GiB" }, "answer_limit: expected from 1KiB to 256MiB"},
		"another unit":        {func(a *config.Application) { a.AnswerLimit = "32MB" }, "answer_limit: expected from 1KiB to 256MiB"},
		"a taken cookie":      {func(a *config.Application) { a.AnswerHeaders = []string{"Set-Cookie"} }, `answer_headers: "Set-Cookie" is no header`},
		"no time":             {func(a *config.Application) { a.FirstByte = "30" }, "first_byte: expected a time from 1s to 24h"},
		"for ever":            {func(a *config.Application) { a.Idle = "48h" }, "idle: expected a time from 1s to 24h"},
		"a quota beyond":      {func(a *config.Application) { a.Quota = 99_999_999 }, "quota: expected a number of requests a minute from 1"},
		"a weight beyond":     {func(a *config.Application) { a.Weight = 1001 }, "weight: expected a number of requests that one counts as from 1 to 1000"},
		"two of one header":   {func(a *config.Application) { a.Credentials = config.Credentials{BasicFile: "/a", BearerFile: "/b"} }, "credentials.bearer_file: basic_file is set too"},
		"a certificate alone": {func(a *config.Application) { a.Credentials.CertificateFile = "/a" }, "credentials: expected certificate_file and key_file together"},
		"a key alone":         {func(a *config.Application) { a.Credentials.KeyFile = "/a" }, "credentials: expected certificate_file and key_file together"},
		"shown without TLS": {func(a *config.Application) {
			a.Upstreams, a.Credentials = []string{"https://lab.test", "unix:/run/lab.sock"}, config.Credentials{CertificateFile: "/a", KeyFile: "/b"}
		}, "credentials.certificate_file: unix:/run/lab.sock speaks no TLS"},
		"two in one header": {func(a *config.Application) {
			told(config.Statement{Audience: "a", Header: "authorization"})(a)
			a.Credentials.BearerFile = "/a"
		}, "tell.statement.header: Authorization carries the credentials"},
		"credentials without it":  {func(a *config.Application) { a.Upstreams, a.Credentials.BasicFile = nil, "/a" }, "credentials: it has no upstreams"},
		"a client's token passes": {func(a *config.Application) { a.Headers.Request.Pass = []string{"Authorization"} }, `headers.request.pass: "Authorization": credentials for the application`},
		"an own name passes":      {func(a *config.Application) { a.Headers.Request.Pass = []string{"wardgate-Assertion"} }, `headers.request.pass: "wardgate-Assertion": it is the connection's or Wardgate's own`},
		"another spelling":        {func(a *config.Application) { a.Headers.Request.Pass = []string{"X_User"} }, `headers.request.pass: "X_User": expected the name of a header`},
		"passes anyway":           {func(a *config.Application) { a.Headers.Request.Pass = []string{"accept"} }, `headers.request.pass: Accept goes on anyway`},
		"nothing to remove":       {func(a *config.Application) { a.Headers.Request.Remove = []string{"User-Agnt"} }, `headers.request.remove: "User-Agnt": it does not go on anyway; was "User-Agent" meant?`},
		"no answer to remove":     {func(a *config.Application) { a.Headers.Answer.Remove = []string{"Set-Cookie"} }, `headers.answer.remove: "Set-Cookie": it reaches no client anyway`},
		"two rules of one": {func(a *config.Application) {
			a.Headers.Request.Pass, a.Headers.Request.Set = []string{"X-A"}, map[string]string{"x-a": "b"}
		}, `headers.request.set: "x-a": a rule for it is in headers.request.pass already`},
		"no value":         {func(a *config.Application) { a.Headers.Request.Set = map[string]string{"X-A": "u:p\n"} }, `headers.request.set: "X-A": expected a value of visible ASCII`},
		"a cookie written": {func(a *config.Application) { a.Headers.Answer.Set = map[string]string{"Set-Cookie": "a=b"} }, `headers.answer.set: "Set-Cookie": it is the connection's`},
		"told by anybody":  {func(a *config.Application) { a.Tell.Headers = map[string]string{"Remote-User": "account"} }, "tell.headers: it cannot know who forwards to it, and believes them of anybody who reaches it: expected credentials, or unauthenticated_identity: accepted"},
		"told what is not known": {func(a *config.Application) {
			a.Tell.Headers, a.Credentials.BasicFile = map[string]string{"Remote-User": "acount"}, "/a"
		}, `tell.headers: "Remote-User": expected one of account, username, department, patient, role, staff; was "account" meant?`},
		"told by what goes on": {func(a *config.Application) {
			a.Tell.Headers, a.Credentials.BasicFile = map[string]string{"user-agent": "account"}, "/a"
		}, `tell.headers: "user-agent": clients send it, and it goes on`},
		"told twice": {func(a *config.Application) {
			a.Tell.Headers, a.Credentials.BasicFile = map[string]string{"remote-user": "account", "Remote-User": "role"}, "/a"
		}, `tell.headers: "remote-user": a rule for it is in tell.headers already`},
		"nothing to accept":        {func(a *config.Application) { a.UnauthenticatedIdentity = "accepted" }, "unauthenticated_identity: there is nothing to accept"},
		"accepted by another word": {func(a *config.Application) { a.UnauthenticatedIdentity = "acepted" }, `unauthenticated_identity: expected accepted, or nothing; was "accepted" meant?`},
		"told without it": {func(a *config.Application) {
			a.Upstreams, a.Tell.Headers = nil, map[string]string{"Remote-User": "account"}
		}, "tell.headers: it has no upstreams"},
		"checks of nothing":   {func(a *config.Application) { a.Health = &config.Health{} }, "health.path: expected a path that begins with one /"},
		"checks of elsewhere": {func(a *config.Application) { a.Health = &config.Health{Path: "//e.test/"} }, "health.path: expected a path that begins with one /"},
		"checks too often":    {func(a *config.Application) { a.Health = &config.Health{Path: "/", Interval: "10ms"} }, "health.interval: expected a time from 1s to 24h"},
		"checks that overlap": {func(a *config.Application) { a.Health = &config.Health{Path: "/", Timeout: "11s"} }, "health.timeout: expected at most health.interval, which is 10s"},
		"too many checks":     {func(a *config.Application) { a.Health = &config.Health{Path: "/", Healthy: 1001} }, "health.healthy: expected a number of passed checks in a row from 1 to 1000"},
		"too many failures":   {func(a *config.Application) { a.Breaker.Failures = -1 }, "breaker.failures: expected a number of failures in a row from 1 to 1000"},
		"no rest":             {func(a *config.Application) { a.Breaker.Rest = "0s" }, "breaker.rest: expected a time from 1s to 24h"},
		"checks without it":   {func(a *config.Application) { a.Upstreams, a.Health = nil, &config.Health{Path: "/"} }, "health: it has no upstreams"},
		"another upgrade":     {func(a *config.Application) { a.Upgrades = []string{"h2c"} }, `upgrades: "h2c": expected websocket`},
		"an upgrade twice":    {func(a *config.Application) { a.Upgrades = []string{"websocket", "websocket"} }, "upgrades: websocket is there twice"},
		"too many at once":    {func(a *config.Application) { a.Connections = 100_001 }, "connections: expected a number of connections to each upstream from 1 to 100000"},
		"upgrades without it": {func(a *config.Application) { a.Upstreams, a.Upgrades = nil, []string{"websocket"} }, "upgrades: it has no upstreams"},
		"limits without it":   {func(a *config.Application) { a.Upstreams, a.AnswerLimit = nil, "4KiB" }, "answer_limit: it has no upstreams"},
		"a header without it": {func(a *config.Application) {
			a.Upstreams = nil
			told(config.Statement{Audience: "a", Header: "X-User"})(a)
		}, "tell.statement.header: it has no upstreams"},
	} {
		t.Run(name, func(t *testing.T) {
			c := config.Default()
			c.Applications = []config.Application{{Name: "lab", Upstreams: []string{"https://lab.test"}}}
			tt.change(&c.Applications[0])
			err := c.Check()
			if err == nil || !strings.HasPrefix(err.Error(), "applications: ") || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "u:p") {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	c := config.Default()
	c.Applications = []config.Application{{Name: "lab"}, {Name: "lab", Upstreams: []string{"x"}}, {Quota: -1}}
	for _, want := range []string{`lab: name: "lab" is taken`, "lab: upstreams", "entry 3: name", "entry 3: quota"} {
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q too", err, want)
		}
	}
}

// No application's rule passes or sets what says to any of them who asks.
func TestNoRuleSaysWhoAsks(t *testing.T) {
	c := config.Default()
	c.Applications = []config.Application{
		{Name: "lab", Upstreams: []string{"https://lab.test"}},
		{Name: "pacs", Upstreams: []string{"https://pacs.test"}, Credentials: config.Credentials{BasicFile: "/a"}, Tell: config.Tell{
			Headers: map[string]string{"X-Pacs-User": "account"}, Statement: &config.Statement{Audience: "a", Header: "X-Pacs-Statement"},
		}},
	}
	c.Applications[0].Headers.Request.Pass = []string{"X-PACS-User", "Origin"}
	c.Applications[0].Headers.Request.Set = map[string]string{"x-pacs-statement": "a"}
	err := c.Check()
	for _, want := range []string{
		`applications: lab: headers.request.pass: "X-Pacs-User": it says to pacs who asks`, `applications: lab: headers.request.set: "X-Pacs-Statement": it says to pacs who asks`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "Origin") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	c.Applications[0].Headers = config.Headers{}
	c.Applications[1].Tell.Headers["X-Pacs-Statement"] = "account"
	if err := c.Check(); err == nil || !strings.Contains(err.Error(), `applications: pacs: tell.headers: "X-Pacs-Statement": the statement stands there`) {
		t.Errorf("got %v", err)
	}
}

func TestApplicationsAreRead(t *testing.T) {
	c := config.Default()
	c.Applications = []config.Application{
		{Name: "lab", Upstreams: []string{"https://lab.test:8443/", "unix:/run/lab.sock"}, AnswerLimit: "32MiB", FirstByte: "120s", Idle: "10m", Quota: 600, Weight: 20},
		{Name: "archive"},
		{Name: "pacs", Upstreams: []string{"https://pacs.test"}, Health: &config.Health{Path: "/system", Interval: "20s", Unhealthy: 4}, Breaker: config.Breaker{Failures: 7, Rest: "1m"}},
	}
	list, err := c.ParseApplications()
	if err != nil || len(list) != 3 {
		t.Fatalf("got %v, %v", list, err)
	}
	if pacs := list[2]; pacs.Checks == nil || *pacs.Checks != (balance.Checks{Path: "/system", Interval: 20 * time.Second, Unhealthy: 4}) || pacs.Failures != 7 || pacs.Rest != time.Minute {
		t.Errorf("got %+v", pacs)
	}
	lab := list[0]
	if lab.Upstreams[0].String() != "https://lab.test:8443" || lab.Upstreams[1].String() != "unix:/run/lab.sock" || lab.AnswerLimit != 32<<20 || lab.FirstByte != 2*time.Minute || lab.Idle != 10*time.Minute ||
		lab.Quota != (quota.Quota{PerMinute: 600, Weight: 20}) || lab.Identity != nil || len(list[1].Upstreams) > 0 {
		t.Errorf("got %+v", list)
	}
}

// All that is wrong with cookies is said at once, each with its member.
func TestCookiesOfApplicationsAreChecked(t *testing.T) {
	plain := func(names ...any) any { return map[string]any{"plain": names} }
	c := config.Default()
	c.Applications = []config.Application{
		{Name: "lab", Upstreams: []string{"https://lab.test"}, Cookies: plain("a b", "__HOST-Wardgate", "wardgate-x", "a", "a", "a=b", "", " __Secure-__host-WardGate-app-1")},
		{Name: "archive", Hosts: []string{"archive.test"}, Cookies: "sealed"},
	}
	err := c.Check()
	for _, want := range []string{
		`applications: lab: cookies.plain: "a b": expected the name of a cookie`, `applications: lab: cookies.plain: "__HOST-Wardgate": names like Wardgate's own`,
		`applications: lab: cookies.plain: "wardgate-x": names like Wardgate's own`, `applications: lab: cookies.plain: "a" is there twice`,
		`applications: lab: cookies.plain: "a=b": expected`, `applications: lab: cookies.plain: "": expected`, `cookies.plain: " __Secure-__host-WardGate-app-1": names like`,
		"applications: lab: cookies: it has no hosts", "applications: archive: cookies: it has no upstreams",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	c = config.Default()
	c.PEP.Home = "https://home.test"
	c.Applications = []config.Application{
		{Name: "lab", Hosts: []string{"lab.test"}, Upstreams: []string{"https://10.0.0.1"}, Cookies: plain("a", "__Host-b")},
		{Name: "pacs", Hosts: []string{"pacs.test"}, Upstreams: []string{"https://10.0.0.2"}, Cookies: "sealed"},
		{Name: "scale", Upstreams: []string{"https://10.0.0.3"}, Cookies: "none"},
	}
	list, err := c.ParseApplications()
	if err != nil || !slices.Equal(list[0].Cookies.Plain, []string{"a", "__Host-b"}) || list[0].Cookies.Sealed || !list[1].Cookies.Sealed || !list[2].Cookies.None() {
		t.Errorf("got %+v, %v", list, err)
	}
}
