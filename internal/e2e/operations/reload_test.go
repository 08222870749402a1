package operations_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
)

// A house follows the file of its configuration.
type house struct {
	*rig.World
	t      *testing.T // of the part of the test that goes on
	file   string
	doctor *rig.Person
}

func newHouse(t *testing.T, yaml string) *house {
	t.Helper()
	book := rig.BookWithLaboratory(t)
	rig.EditFile(t, filepath.Join(book, "authz/tables/routes.rego"), "routes := [",
		"routes := [\n\t_row(\"GET\", \"/films/reports/{report}\", \"films\", \"lab.read\", \"report\", \"none\"),")
	h := &house{t: t, file: filepath.Join(t.TempDir(), "wardgate.yaml")}
	h.write(yaml)
	h.World = rig.NewFollowing(t, h.file, func(c *config.Config) { c.Policies = book })
	h.doctor = h.As("doctor")
	return h
}

// write puts a whole file there: a look that is under way still reads the one or the other.
func (h *house) write(yaml string) {
	h.t.Helper()
	rig.Replace(h.t, h.file, []byte(yaml))
}

// becomes waits until the configuration stands so.
func (h *house) becomes(state string) rig.Ready {
	h.t.Helper()
	rig.Until(h.t, "the configuration is "+state, func() bool { return h.Condition("configuration") == state })
	status, r := h.Ready()
	if status != http.StatusOK || slices.Contains(r.Degraded, "configuration") != (state != "current") {
		h.t.Errorf("got %d, degraded %v", status, r.Degraded)
	}
	return r
}

// changes are what the journal says of applications.
func (h *house) changes() (all []string) {
	for _, e := range rig.Events(h.t, h.Data, func(e *pip.Event) bool { return e.Action == "applications.activate" }) {
		all = append(all, e.Outcome+" "+e.Detail)
	}
	return all
}

// A laboratory says which configuration a request came by.
type laboratory struct {
	*httptest.Server
	open    atomic.Int64 // connections
	breaks  atomic.Bool
	finish  chan struct{} // ends answers to /…/slow
	checked atomic.Int64

	mu   sync.Mutex
	from map[string]bool // the connections of requests that are no checks
}

// came notes the connection that a request came by.
func (l *laboratory) came(r *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.from[r.RemoteAddr] = true
}

func (l *laboratory) connections() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.from)
}

func newLaboratory(t *testing.T) *laboratory {
	t.Helper()
	l := &laboratory{finish: make(chan struct{}), from: map[string]bool{}}
	l.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _, _ := r.BasicAuth()
		by := r.Header.Get("X-Number") + " " + user
		switch {
		case l.breaks.Load():
			panic(http.ErrAbortHandler)
		case r.URL.Path == "/healthz":
			l.checked.Add(1)
		case strings.HasSuffix(r.URL.Path, "/slow"):
			_, _ = io.WriteString(w, by)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-l.finish:
				_, _ = io.WriteString(w, " to the end")
			case <-r.Context().Done():
			}
		default:
			l.came(r)
			_, _ = io.WriteString(w, by)
		}
	}))
	l.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			l.open.Add(1)
		case http.StateClosed:
			l.open.Add(-1)
		}
	}
	l.Start()
	t.Cleanup(l.Close)
	return l
}

// block is an application with what changes from one reload to the next.
func (l *laboratory) block(name, number, more string) string {
	return fmt.Sprintf(`
  - name: %s
    upstreams: [%s]
    headers: {request: {set: {X-Number: n%s}}, answer: {set: {X-Answer-Number: n%s}}}
    health: {path: /healthz}
%s`, name, l.URL, number, number, more)
}

// TestApplicationsAreReloaded is one house: starting one takes seconds.
func TestApplicationsAreReloaded(t *testing.T) {
	lab := newLaboratory(t)
	h := newHouse(t, "applications:"+lab.block("lab", "0", ""))
	for _, one := range []struct {
		name string
		part func(h *house, lab *laboratory)
	}{
		{"a hundred under load", reloadUnderLoad}, {"a faulty file", faultyFiles}, {"ways of writing", waysOfWriting},
		{"what else changed", whatElseChanged}, {"an unchanged one", unchangedApplication}, {"hosts", hostsComeAndGo},
	} {
		t.Run(one.name, func(t *testing.T) {
			h.t, h.World.T = t, t
			lab := newLaboratory(t)
			h.takes("applications:" + lab.block("lab", "0", ""))
			one.part(h, lab)
		})
	}
	h.t, h.World.T = t, t
	h.HoldsNoSecret("first-secret", "s3cret-in-the-file")
	h.Stop()
	if got := h.changes(); len(got) < 100 || got[0] != "success changed lab" || !slices.Contains(got, "failure refused") || !slices.Contains(got, "success added films; removed other") {
		t.Errorf("the journal has %d changes, at last %v", len(got), got[max(0, len(got)-20):])
	}
}

// takes has the house take a configuration, and waits until it has.
func (h *house) takes(yaml string) {
	h.t.Helper()
	h.write(yaml)
	h.Look()
	h.becomes("current")
}

// serves holds that the laboratory is reached by a configuration.
func (h *house) serves(number string) {
	h.t.Helper()
	if a := h.doctor.Get("/lab/reports/r-1").Is(http.StatusOK); string(a.Body) != number+" " {
		h.t.Errorf("got %s, want by %s", a.Body, number)
	}
}

// No request fails, none is of two configurations, an answer that is under way goes on to
// its end, and nothing is left of a configuration afterwards.
func reloadUnderLoad(h *house, lab *laboratory) {
	t, doctor := h.t, h.doctor
	credentials := filepath.Join(t.TempDir(), "lab.user")
	if err := os.WriteFile(credentials, []byte("gate:first-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.takes("applications:" + lab.block("lab", "0", "    credentials: {basic_file: "+credentials+"}\n"))
	slow, err := http.DefaultClient.Do(doctor.Request("GET", "/lab/reports/slow", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Body.Close()
	h.takes("applications:" + lab.block("lab", "0", ""))
	before := runtime.NumGoroutine()
	for i := 1; i <= 100; i++ {
		var clients sync.WaitGroup
		for range 3 {
			clients.Go(func() {
				a := doctor.Get("/lab/reports/r-1").Is(http.StatusOK)
				if number, _, _ := strings.Cut(string(a.Body), " "); number != a.Header.Get("X-Answer-Number") {
					t.Errorf("%q by %s", a.Body, a.Header.Get("X-Answer-Number"))
				}
			})
		}
		h.write("applications:" + lab.block("lab", fmt.Sprint(i), ""))
		h.Look()
		clients.Wait()
		h.serves(fmt.Sprintf("n%d", i))
	}
	close(lab.finish)
	if whole, err := io.ReadAll(slow.Body); string(whole) != "n0 gate to the end" || err != nil || slow.Header.Get("X-Answer-Number") != "n0" {
		t.Errorf("the answer that was under way: got %q, %v", whole, err)
	}
	http.DefaultClient.CloseIdleConnections()
	rig.Until(t, "nothing is left of earlier configurations", func() bool {
		return runtime.NumGoroutine() <= before && lab.open.Load() <= 2 // one session's, and a check's
	})
}

// Whatever an editor, a disk or a slip leaves there, the last good applications go on, and
// operators are told once.
func faultyFiles(h *house, lab *laboratory) {
	t := h.t
	good := "applications:" + lab.block("lab", "1", "")
	h.takes(good)
	faults := []struct{ name, yaml, want string }{
		{"a slip", strings.Replace(good, "upstreams", "upstreems", 1), `wardgate.yaml:3: applications: lab: unknown member "upstreems"`},
		{"two faults at once", good + "    first_byte: soon\n    idle: later\n", "idle: expected a time"},
		{"half a file", good[:strings.Index(good, "health:")+7] + "{", "wardgate.yaml: yaml: line"},
		{"nothing", "", "it sets nothing"},
		{"a secret on the wrong line", good + "    credentials: {basic: s3cret-in-the-file}\n", "unknown member"},
		{"a fault elsewhere", good + "log: {level: loud}\n", "log.level: expected"},
		{"credentials that are not there", good + "    credentials: {basic_file: /nowhere/lab.user}\n", "credentials.basic_file"},
	}
	for _, tt := range faults {
		h.write(tt.yaml)
		h.Look()
		r := h.becomes("refused")
		if told := r.Detail["configuration"]; !strings.Contains(told.Error, tt.want) || !strings.Contains(told.Error, "a start with this file would") || told.Since.IsZero() {
			t.Errorf("%s: got %+v", tt.name, told)
		}
		h.serves("n1")
	}
	if err := os.Remove(h.file); err != nil {
		t.Fatal(err)
	}
	rig.Until(t, "the file is missed", func() bool {
		_, r := h.Ready()
		return strings.Contains(r.Detail["configuration"].Error, "wardgate.yaml: no such file")
	})
	h.serves("n1")
	h.write(good)
	h.becomes("current")
	if got := h.Metric(`wardgate_configuration_changes_total{outcome="refused"}`); got != fmt.Sprint(len(faults)+1) {
		t.Errorf("%s were refused", got)
	}
}

// In place, by another file's name, and as a mounted folder exchanges it. Without being
// told, a change is taken when it has settled.
func waysOfWriting(h *house, lab *laboratory) {
	t := h.t
	yaml := func(number string) string { return "applications:" + lab.block("lab", number, "") }
	dir := t.TempDir()
	mount := func(number string) {
		t.Helper()
		folder, next := filepath.Join(dir, "..data-"+number), filepath.Join(dir, "next")
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "wardgate.yaml"), []byte(yaml(number)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(folder, next); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	taken := func(number string) {
		t.Helper()
		rig.Until(t, number+" is taken", func() bool {
			return string(h.doctor.Get("/lab/reports/r-1").Is(http.StatusOK).Body) == "n"+number+" "
		})
	}
	if err := os.WriteFile(h.file, []byte(yaml("1")), 0o600); err != nil {
		t.Fatal(err)
	}
	taken("1")
	mount("3")
	if err := os.Symlink(filepath.Join(dir, "..data", "wardgate.yaml"), h.file+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(h.file+".new", h.file); err != nil {
		t.Fatal(err)
	}
	taken("3")
	mount("4")
	taken("4")
	h.becomes("current")
	if err := os.Remove(h.file); err != nil {
		t.Fatal(err)
	}
}

// What else has changed is named, by its keys alone, and is as it was.
func whatElseChanged(h *house, lab *laboratory) {
	yaml := func(number string) string { return "applications:" + lab.block("lab", number, "") }
	h.write("log: {level: error}\npep: {assertion_issuer: https://other.test}\n" + yaml("1"))
	h.Look()
	r := h.becomes("restart_needed")
	if got := r.Detail["configuration"].RestartFor; !slices.Equal(got, []string{"log.level", "pep.assertion_issuer"}) {
		h.t.Errorf("got %v", got)
	}
	h.serves("n1")
	h.takes(yaml("2"))
	h.serves("n2")
	// What fits with another home does not fit with the one that is in force.
	h.write("pep: {home: 'http://home.localhost:8080'}\n" + yaml("3") + "    hosts: [127.0.0.1]\n")
	h.Look()
	if r := h.becomes("refused").Detail["configuration"]; !strings.Contains(r.Error, "which a restart takes") || !strings.Contains(r.Error, "is the host of pep.home") || !slices.Equal(r.RestartFor, []string{"pep.home"}) {
		h.t.Errorf("got %+v", r)
	}
	h.serves("n2")
	if strings.Contains(h.Logs.String(), "other.test") {
		h.t.Error("a value is in the log")
	}
}

// The breaker of an application whose block is as before stays open, its connections stay, and its
// quota is used up as before, while another one changes, comes and goes.
func unchangedApplication(h *house, lab *laboratory) {
	t, doctor, films := h.t, h.doctor, newLaboratory(h.t)
	yaml := func(number string) string {
		return "applications:" + lab.block("lab", "1", "    quota: 6\n    breaker: {failures: 1, rest: 1h}\n") + films.block("films", number, "")
	}
	h.takes(yaml("0"))
	begun := time.Now()
	h.serves("n1")
	rig.Until(t, "checked", func() bool { return lab.checked.Load() > 0 })
	h.takes(yaml("1"))
	h.serves("n1")
	if got := lab.connections(); got != 1 {
		t.Errorf("one connection became %d", got)
	}
	lab.breaks.Store(true)
	doctor.Get("/lab/reports/r-1").Is(http.StatusBadGateway)
	lab.breaks.Store(false)
	h.takes(strings.Replace(yaml("2"), "name: films", "name: other", 1))
	doctor.Get("/lab/reports/r-1").Is(http.StatusServiceUnavailable)
	if got := h.Condition("applications.lab"); got != "out" {
		t.Errorf("the laboratory is %s", got)
	}
	if got := doctor.Get("/films/reports/r-1"); got.Status == http.StatusOK || h.Condition("applications.films") != "" || h.Condition("applications.other") != "serving" {
		t.Errorf("an application that is gone: got %d %s", got.Status, got.Body)
	}
	h.takes(yaml("3"))
	if a := doctor.Get("/films/reports/r-1").Is(http.StatusOK); string(a.Body) != "n3 " {
		t.Errorf("got %s", a.Body)
	}
	// Of six a minute four are used up, and one comes back every ten seconds.
	for taken := 5; ; taken++ {
		a := doctor.Get("/lab/reports/r-1")
		more := int(time.Since(begun) / (10 * time.Second))
		if a.Status == http.StatusTooManyRequests && taken > 6 {
			break
		}
		if a.Is(http.StatusServiceUnavailable); taken > 6+more {
			t.Fatalf("%d requests passed of a quota of six, and %d that came back", taken, more)
		}
	}
}

// A new host works at once, and one that has gone is no application's any more.
func hostsComeAndGo(h *house, lab *laboratory) {
	films := newLaboratory(h.t)
	port := h.Process.Address()[strings.LastIndex(h.Process.Address(), ":"):]
	at := func(host string) *rig.Person {
		return &rig.Person{World: h.World, Name: "doctor", Token: h.doctor.Token, Host: host + port}
	}
	yaml := func(hosts string) string {
		return "applications:" + lab.block("lab", "0", "") + films.block("films", "1", "    hosts: ["+hosts+"]\n")
	}
	h.takes(yaml("films.localhost"))
	at("films.localhost").Get("/films/reports/r-1").Is(http.StatusOK)
	h.doctor.Get("/films/reports/r-1").Is(http.StatusNotFound) // by no path of the home
	at("films.localhost").Get("/lab/reports/r-1").Is(http.StatusNotFound)
	h.takes(yaml("other.localhost"))
	at("other.localhost").Get("/films/reports/r-1").Is(http.StatusOK)
	if a := at("films.localhost").Get("/films/reports/r-1"); a.Status != http.StatusMisdirectedRequest && a.Status != http.StatusNotFound {
		h.t.Errorf("a host that has gone: got %d %s", a.Status, a.Body)
	}
	h.takes(yaml(""))
	h.doctor.Get("/films/reports/r-1").Is(http.StatusOK) // by path now
}
