package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/internal/command"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	if told := os.Getenv(childVariable); told != "" {
		fmt.Fprintln(os.Stderr, runChild(told))
		os.Exit(1)
	}
	if told := os.Getenv(commandVariable); told != "" {
		os.Exit(runCommand(told))
	}
	os.Exit(m.Run())
}

// commandVariable has the test binary be the program itself, with these
// arguments, as JSON.
const commandVariable = "WARDGATE_APP_COMMAND"

func runCommand(told string) int {
	var args []string
	if err := json.Unmarshal([]byte(told), &args); err != nil {
		return 2
	}
	return command.Run(args, os.Stdout, os.Stderr, nil)
}

// A world is a whole Wardgate with the demo hospital, seen from outside.
type world struct {
	t    testing.TB
	app  *process.Process
	data string
	logs *lockedBuffer
	stop func()
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// anyPort is a configuration on free ports.
func anyPort(data string) config.Config {
	c := config.Default()
	c.Data = data
	c.Demo = true
	c.PEP.Listen, c.PDP.Listen, c.Operations.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.ExtAuth.Listen = "127.0.0.1:0"
	return c
}

func newWorld(t testing.TB, change func(*config.Config)) *world {
	t.Helper()
	c := anyPort(filepath.Join(t.TempDir(), "var"))
	if change != nil {
		change(&c)
	}
	w := &world{t: t, data: c.Data, logs: &lockedBuffer{}}
	ctx, cancel := context.WithCancel(context.Background())
	a, err := process.New(ctx, c, slog.New(slog.NewTextHandler(w.logs, nil)))
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	w.app = a
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	t.Cleanup(w.stop)
	return w
}

// A person is somebody with, or without, a session.
type person struct {
	w     *world
	name  string
	token string
	via   string // local address to call from, "" for any
}

// An answer is what came back.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   []byte
}

func (w *world) stranger() *person { return &person{w: w, name: "stranger"} }

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// newestCode is the code in the newest mail to an address.
func (w *world) newestCode(to string) string {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(w.data, "outbox", "*.eml"))
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(files)
	for _, file := range slices.Backward(files) {
		raw, err := os.ReadFile(file)
		if err != nil {
			w.t.Fatal(err)
		}
		head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
		if strings.Contains(head, to) {
			return sixDigits.FindString(body)
		}
	}
	w.t.Fatalf("no mail to %s", to)
	return ""
}

// as logs in with password and code.
func (w *world) as(name string) *person {
	w.t.Helper()
	p := &person{w: w, name: name}
	p.logIn()
	return p
}

func (p *person) logIn() {
	p.w.t.Helper()
	email := p.name + "@demo.hospital.test"
	var challenge struct{ Challenge string }
	p.token = ""
	p.post("/auth/login", map[string]string{"email": email, "password": "Wardgate-demo-2026"}).is(200).into(&challenge)
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	p.post("/auth/login/verify", map[string]string{"challenge": challenge.Challenge, "code": p.w.newestCode(email)}).
		is(200).into(&tokens)
	p.token = tokens.AccessToken
}

// steppedUp is the same person with a fresh factor.
func (p *person) steppedUp() *person {
	p.w.t.Helper()
	var challenge struct{ Challenge string }
	p.post("/auth/step-up", nil).is(200).into(&challenge)
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	p.post("/auth/step-up/verify", map[string]string{
		"challenge": challenge.Challenge, "code": p.w.newestCode(p.name + "@demo.hospital.test"),
	}).is(200).into(&tokens)
	return &person{w: p.w, name: p.name, token: tokens.AccessToken, via: p.via}
}

func (p *person) get(path string) *answer            { return p.do("GET", path, nil) }
func (p *person) post(path string, body any) *answer { return p.do("POST", path, body) }
func (p *person) put(path string, body any) *answer  { return p.do("PUT", path, body) }
func (p *person) remove(path string) *answer         { return p.do("DELETE", path, nil) }

// do sends one request. A body that is already bytes is sent as it is.
func (p *person) do(method, path string, body any) *answer {
	p.w.t.Helper()
	return p.send(p.request(method, path, body))
}

func (p *person) request(method, path string, body any) *http.Request {
	p.w.t.Helper()
	var raw []byte
	switch b := body.(type) {
	case nil:
	case []byte:
		raw = b
	default:
		var err error
		if raw, err = json.Marshal(body); err != nil {
			p.w.t.Fatal(err)
		}
	}
	r, err := http.NewRequest(method, p.w.app.Address()+path, bytes.NewReader(raw))
	if err != nil {
		p.w.t.Fatal(err)
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	if len(raw) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	return r
}

// isBusy reports whether there was no time to decide, or to read who asks.
func (a *answer) isBusy() bool {
	return a.status == http.StatusServiceUnavailable &&
		(bytes.Contains(a.body, []byte("decision_unavailable")) || bytes.Contains(a.body, []byte("identity_unavailable")))
}

// send sends a request. A machine that is too busy to decide in time denies
// and forwards nothing: the request is then sent again, as a client would.
func (p *person) send(r *http.Request) *answer {
	p.w.t.Helper()
	a := p.sendOnce(r)
	for range 20 {
		if !a.isBusy() {
			break
		}
		if r.GetBody != nil {
			body, err := r.GetBody()
			if err != nil {
				p.w.t.Fatal(err)
			}
			r.Body = body
		}
		a = p.sendOnce(r)
	}
	return a
}

func (p *person) sendOnce(r *http.Request) *answer {
	p.w.t.Helper()
	client := http.DefaultClient
	if p.via != "" {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(p.via)}}
		client = &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	}
	res, err := client.Do(r)
	if err != nil {
		p.w.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		p.w.t.Fatal(err)
	}
	return &answer{
		t: p.w.t, what: fmt.Sprintf("%s: %s %s", p.name, r.Method, r.URL.Path),
		status: res.StatusCode, header: res.Header, body: got,
	}
}

func (a *answer) is(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: got %d %s, want %d", a.what, a.status, a.body, status)
	}
	return a
}

func (a *answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Fatalf("%s: %v in %s", a.what, err, a.body)
	}
}

type problemDocument struct {
	Type     string
	Title    string
	Status   int
	Decision string `json:"decision_id"`
	Reasons  []string
}

// denied checks a problem document with exactly these reasons.
func (a *answer) denied(status int, reasons ...string) *answer {
	a.t.Helper()
	a.is(status)
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Errorf("%s: got content type %q", a.what, got)
	}
	var p problemDocument
	a.into(&p)
	if !slices.Equal(p.Reasons, reasons) || p.Status != status || p.Decision == "" || p.Type == "" || p.Title == "" {
		a.t.Errorf("%s: got %s, want reasons %v", a.what, a.body, reasons)
	}
	return a
}

type item struct {
	ID         string   `json:"id"`
	DoctorID   string   `json:"doctor_id"`
	Department string   `json:"department_id"`
	Withheld   []string `json:"withheld"`
}

// items reads a whole list, page by page.
func (p *person) items(path string) []item {
	p.w.t.Helper()
	var all []item
	next := path
	for {
		var page struct {
			Items []item
			Next  *string
		}
		p.get(next).is(200).into(&page)
		all = append(all, page.Items...)
		if page.Next == nil || *page.Next == "" {
			return all
		}
		next = path + "?after=" + *page.Next
	}
}

type me struct {
	ID      string `json:"id"`
	Staff   string `json:"staff_id"`
	Patient string `json:"patient_id"`
}

func (p *person) me() me {
	p.w.t.Helper()
	var m me
	p.get("/api/me").is(200).into(&m)
	return m
}
