package rig

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/internal/process"
)

// Barred has an address barred, as another decision point would.
func (w *World) Barred(address string) {
	w.T.Helper()
	now := time.Now()
	w.Execute("sessions.db", fmt.Sprintf(`INSERT INTO admin_bans (account, reason, banned_by, created_at, banned_until)
		VALUES ('address %s', 'spraying', 'sentinel', %d, %d); UPDATE admin_revocation_mark SET sequence = sequence + 1`,
		address, now.UnixMicro(), now.Add(time.Hour).UnixMicro()))
}

// HasMail reports whether a mail to the address has all the words.
func (w *World) HasMail(to string, words ...string) bool {
	files, err := filepath.Glob(filepath.Join(w.Data, "outbox", "*.eml"))
	if err != nil {
		w.T.Fatal(err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		lacks := func(word string) bool { return !strings.Contains(string(raw), word) }
		if err == nil && !lacks(to) && !slices.ContainsFunc(words, lacks) {
			return true
		}
	}
	return false
}

// Machine is another system with a key of its own, logged in.
func (w *World) Machine(name string) *Person {
	w.T.Helper()
	added, err := control.NewClient(w.Data).AddMachine(w.T.Context(), name)
	if err != nil {
		w.T.Fatal(err)
	}
	p := w.From(name, "")
	var token struct {
		Access string `json:"access_token"`
	}
	p.Post("/auth/machine", map[string]string{"key": added.Key}).Is(http.StatusOK).Into(&token)
	p.Token = token.Access
	return p
}

// Condition is what /readyz says of one part.
func (w *World) Condition(part string) string { _, r := w.Ready(); return r.Detail[part].State }

func (w *World) Degraded(part string) bool {
	_, r := w.Ready()
	return slices.Contains(r.Degraded, part)
}

func (w *World) DegradedMetric(part string) string {
	return w.Metric(`wardgate_degraded{part="` + part + `"}`)
}

// Execute makes one statement on a database of the data folder, behind the
// process's back.
func (w *World) Execute(file, statement string) {
	w.T.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(w.Data, file)+"?_pragma=busy_timeout(5000)")
	if err != nil {
		w.T.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(w.T.Context(), statement); err != nil {
		w.T.Fatal(err)
	}
}

type Ready struct {
	Status string
	Policy struct {
		Revision string
		Refused  *struct{ Error string }
		Proof    struct {
			Revision, State, By, Error string
			Lacks                      []string
		}
	}
	Degraded []string
	Detail   map[string]struct {
		State, Error string
		Since        time.Time
		RestartFor   []string `json:"restart_for"`
	}
}

func (w *World) Ready() (int, Ready) {
	w.T.Helper()
	res, err := http.Get(w.Process.Operations() + "/readyz")
	if err != nil {
		w.T.Fatal(err)
	}
	defer res.Body.Close()
	var r Ready
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil {
		w.T.Fatal(err)
	}
	return res.StatusCode, r
}

// Until waits for something that must become true; the bound is for a broken
// program, not a promise of speed.
func Until(t testing.TB, what string, true func() bool) {
	t.Helper()
	for range 800 {
		if true() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func (w *World) Metrics() string {
	w.T.Helper()
	res, err := http.Get(w.Process.Operations() + "/metrics")
	if err != nil {
		w.T.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		w.T.Fatal(err)
	}
	return string(raw)
}

// Metric reads one sample.
func (w *World) Metric(name string) string {
	w.T.Helper()
	res, err := http.Get(w.Process.Operations() + "/metrics")
	if err != nil {
		w.T.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		w.T.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (w *World) From(name, address string) *Person {
	return &Person{World: w, Name: name, Via: address}
}

// LogInAs logs in with whatever password.
func (w *World) LogInAs(email, password string) *Person {
	w.T.Helper()
	p := &Person{World: w, Name: email}
	var challenge struct{ Challenge string }
	p.Post("/auth/login", map[string]string{"email": email, "password": password}).Is(200).Into(&challenge)
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	p.Post("/auth/login/verify", map[string]string{"challenge": challenge.Challenge, "code": w.NewestCode(email)}).Is(200).Into(&tokens)
	p.Token = tokens.AccessToken
	return p
}

// HoldsNoSecret searches log, journal and databases.
func (w *World) HoldsNoSecret(secrets ...string) {
	w.T.Helper()
	seen := map[string][]byte{"the log": []byte(w.Logs.String())}
	for _, pattern := range []string{"journal/*", "identity.db*", "sessions.db*"} {
		files, err := filepath.Glob(filepath.Join(w.Data, pattern))
		if err != nil {
			w.T.Fatal(err)
		}
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
				continue
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				w.T.Fatal(err)
			}
			seen[filepath.Base(file)] = raw
		}
	}
	for where, content := range seen {
		for i, s := range secrets {
			// A six-digit number may stand in a database by chance.
			if _, err := strconv.Atoi(s); err == nil && where != "the log" {
				continue
			}
			if bytes.Contains(content, []byte(s)) {
				w.T.Errorf("%s holds secret %d", where, i)
			}
		}
	}
}

// A world is a whole Wardgate with the demo hospital, seen from outside.
type World struct {
	T       testing.TB
	Process *process.Process
	Data    string
	Logs    *Logs
	Stop    func()
	EndsIn  error // what the process may end with

	Again chan os.Signal // has a world that follows a file look at it
}

type Logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *Logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *Logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Config is a configuration on free ports.
func Config(data string) config.Config {
	c := config.Default()
	onFreePorts(&c, data)
	return c
}

func onFreePorts(c *config.Config, data string) {
	c.Data = data
	c.Demo = true
	c.PEP.Listen, c.PDP.Listen, c.Operations.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.ExtAuth.Listen = "127.0.0.1:0"
	// A machine that runs all tests at once decides late, and a late decision
	// denies: what tests ask is whether it is right.
	c.Limits.DecisionMilliseconds = 5000
}

func New(t testing.TB, change func(*config.Config)) *World {
	t.Helper()
	c := Config(filepath.Join(t.TempDir(), "var"))
	if change != nil {
		change(&c)
	}
	return start(t, c, nil)
}

// NewFollowing is a world whose configuration is read from a file, and read again as that
// changes. What change sets is set by a command line, as it were.
func NewFollowing(t testing.TB, file string, change func(*config.Config)) *World {
	t.Helper()
	data := filepath.Join(t.TempDir(), "var")
	source, c, err := config.Open(file, nil, func(c *config.Config) {
		onFreePorts(c, data)
		if change != nil {
			change(c)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return start(t, c, source)
}

// Look has a world that follows a file look at it, and waits until it has.
func (w *World) Look() {
	for range 2 { // the second is heard when the first is done
		w.Again <- syscall.SIGHUP
	}
}

func start(t testing.TB, c config.Config, source *config.Source) *World {
	t.Helper()
	w := &World{T: t, Data: c.Data, Logs: &Logs{}, Again: make(chan os.Signal)}
	ctx, cancel := context.WithCancel(context.Background())
	a, err := process.New(ctx, c, slog.New(slog.NewTextHandler(w.Logs, nil)))
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	if source != nil {
		a.Follow(source, w.Again)
	}
	w.Process = a
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	w.Stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil && (w.EndsIn == nil || !errors.Is(err, w.EndsIn)) {
			t.Errorf("stop: %v", err)
		}
	})
	t.Cleanup(w.Stop)
	return w
}

func (w *World) Anonymous() *Person { return &Person{World: w, Name: "stranger"} }

var SixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// NewestCode is the code in the newest mail to an address.
func (w *World) NewestCode(to string) string {
	w.T.Helper()
	files, err := filepath.Glob(filepath.Join(w.Data, "outbox", "*.eml"))
	if err != nil {
		w.T.Fatal(err)
	}
	slices.Sort(files)
	for _, file := range slices.Backward(files) {
		raw, err := os.ReadFile(file)
		if err != nil {
			w.T.Fatal(err)
		}
		head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
		if strings.Contains(head, to) {
			return SixDigits.FindString(body)
		}
	}
	w.T.Fatalf("no mail to %s", to)
	return ""
}

// As logs in with password and code.
func (w *World) As(name string) *Person {
	w.T.Helper()
	p := &Person{World: w, Name: name}
	p.LogIn()
	return p
}
