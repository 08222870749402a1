package operations_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/verify"
	"github.com/wardgate/wardgate/pip/revocation"
)

// Somebody is still sending a request when the process is told to stop. It is
// decided long after, from facts that are as fresh as ever.
func TestWhoDrainsIsDecidedAsEver(t *testing.T) {
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	const body = `{"age":54,"sex":1,"cp":1,"chol":239,"fbs":0,"restecg":1,"thalach":160,"exang":0,"oldpeak":1.2,"slope":2,"ca":0,"thal":3}`
	doctor.Post("/api/predict/blood-pressure", []byte(body)).Is(http.StatusOK)
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.Process.Address(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	r := doctor.Request("POST", "/api/predict/blood-pressure", nil)
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAuthorization: %s\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n%s",
		r.URL.Path, r.Host, r.UserAgent(), r.Header.Get("Authorization"), len(body), body[:20])
	answers := bufio.NewReader(conn)
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100") { // its body is being read
		t.Fatalf("got %q, %v, want to be told to go on", line, err)
	}
	if _, err := answers.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() { defer close(stopped); w.Stop() }()
	rig.Until(t, "the process says that it stops", func() bool { status, r := w.Ready(); return status == 503 && r.Status == "stopping" })
	time.Sleep(revocation.FreshFor + 500*time.Millisecond)
	if _, err := io.WriteString(conn, body[20:]); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(answers, r)
	if err != nil {
		t.Fatal(err)
	}
	said, err := rig.ReadAndClose(res)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("got %d %s, %v", res.StatusCode, said, err)
	}
	<-stopped
}

// A countingLaboratory counts what reaches it, by path. Some answers take a
// while, so that something is under way whenever the process stops.
type countingLaboratory struct {
	*httptest.Server
	mu  sync.Mutex
	got map[string]int
}

func newCountingLaboratory(t *testing.T) *countingLaboratory {
	t.Helper()
	l := &countingLaboratory{got: map[string]int{}}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.got[r.URL.Path]++
		n := len(l.got)
		l.mu.Unlock()
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "first half, ")
		if n%3 == 0 {
			_ = http.NewResponseController(w).Flush()
			time.Sleep(20 * time.Millisecond)
		}
		_, _ = io.WriteString(w, "second half")
	}))
	t.Cleanup(l.Close)
	return l
}

// stopCycles starts and stops the whole house under load. Each time it says at
// once that it is not ready, finishes what is under way, and leaves a journal
// that is closed and proves every request that the laboratory saw.
func stopCycles(t *testing.T, cycles int) {
	lab, book := newCountingLaboratory(t), rig.BookWithLaboratory(t)
	rig.EditFile(t, filepath.Join(book, "authz/tables/thresholds.rego"), `"requests_many": 3000`, `"requests_many": 3000000`)
	rig.EditFile(t, filepath.Join(book, "sentinel/tables/verdicts.rego"), `"requests": 6000`, `"requests": 6000000`)
	data := filepath.Join(t.TempDir(), "var")
	start := func() *rig.World {
		return rig.New(t, func(c *config.Config) {
			c.Data, c.Policies, c.Applications = data, book, rig.At("lab", lab.URL)
		})
	}
	var doctor *rig.Person
	l := stopLedger{t: t, lab: lab, dir: filepath.Join(data, "journal"), next: 1}
	for cycle := range cycles {
		w := start()
		if cycle%20 == 0 { // before the token expires
			doctor = w.As("doctor")
		}
		l.loadAndStop(w, doctor.To(w), cycle)
		l.balance(cycle%10 == 0 || cycle == cycles-1)
	}
	t.Logf("%d stops, %d requests answered, %d reached the laboratory", cycles, l.answered.Load(), l.proved)
	if l.answered.Load() < int64(cycles) {
		t.Errorf("only %d requests were answered", l.answered.Load())
	}
}

// A stopLedger holds the journal against what the laboratory saw.
type stopLedger struct {
	t        *testing.T
	lab      *countingLaboratory
	dir      string
	next     uint64 // seq of the first record that was not looked at
	answered atomic.Int64
	proved   int
}

// loadAndStop has people read until nobody listens any more.
func (l *stopLedger) loadAndStop(w *rig.World, reader *rig.Person, cycle int) {
	l.t.Helper()
	var group sync.WaitGroup
	busy, said := make(chan struct{}), sync.Once{}
	for worker := range 4 {
		group.Go(func() {
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			for n := 0; l.ask(transport, reader.Request("GET", fmt.Sprintf("/lab/reports/r-%d-%d-%d", cycle, worker, n), nil)); n++ {
				if n == 5 {
					said.Do(func() { close(busy) })
				}
			}
		})
	}
	<-busy
	stopped := make(chan struct{})
	go func() { defer close(stopped); w.Stop() }()
	l.readyNoMore(w, stopped)
	<-stopped
	group.Wait()
}

// ask returns false when nobody listens. An answer that begins ends whole.
func (l *stopLedger) ask(transport *http.Transport, r *http.Request) bool {
	res, err := transport.RoundTrip(r)
	if err != nil {
		return false
	}
	body, err := rig.ReadAndClose(res)
	rig.Sent()
	switch {
	case err != nil:
		l.t.Errorf("%s: the answer broke off after %q: %v", r.URL.Path, body, err)
	case res.StatusCode == http.StatusOK && string(body) == "first half, second half":
		l.answered.Add(1)
	case !(&rig.Answer{Status: res.StatusCode, Body: body}).Late():
		l.t.Errorf("%s: got %d %s", r.URL.Path, res.StatusCode, body)
	}
	return true
}

// readyNoMore: whoever finds the door closed finds the house not ready.
func (l *stopLedger) readyNoMore(w *rig.World, stopped <-chan struct{}) {
	l.t.Helper()
	closed := false
	for {
		select {
		case <-stopped:
			return
		default:
		}
		if !closed {
			conn, err := net.Dial("tcp", strings.TrimPrefix(w.Process.Address(), "http://"))
			if closed = err != nil; !closed {
				_ = conn.Close()
				continue
			}
		}
		res, err := http.Get(w.Process.Operations() + "/readyz")
		if err != nil {
			return // the operators' door is the last that closes
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusServiceUnavailable {
			l.t.Errorf("got %d from /readyz after the door was closed", res.StatusCode)
		}
	}
}

// balance: each request that the laboratory saw has one record that allowed it,
// each such record has an outcome, and the journal was closed in good order.
func (l *stopLedger) balance(checkChain bool) {
	l.t.Helper()
	allowed, outcomes, last := map[string]string{}, map[string]int{}, ""
	for r, err := range reader.Read(context.Background(), l.dir, l.next) {
		if err != nil {
			l.t.Fatal(err)
		}
		e := r.Event
		l.next, last = r.Seq+1, e.Action
		switch {
		case e.Action != "lab.read" || !e.Allow:
		case e.Kind == pip.KindDecision:
			if other := allowed[e.Path]; other != "" {
				l.t.Errorf("%s: two records allow it", e.Path)
			}
			allowed[e.Path] = e.Decision
		case e.Kind == pip.KindOutcome:
			outcomes[e.Decision]++
		}
	}
	l.lab.mu.Lock()
	defer l.lab.mu.Unlock()
	for path, n := range l.lab.got {
		if n != 1 || allowed[path] == "" {
			l.t.Errorf("%s: seen %d times, allowed by %q", path, n, allowed[path])
		}
	}
	for path, decision := range allowed {
		if outcomes[decision] != 1 {
			l.t.Errorf("%s: allowed, and then %d outcomes", path, outcomes[decision])
		}
	}
	l.proved += len(l.lab.got)
	clear(l.lab.got)
	if head, err := reader.HeadOf(l.dir); err != nil || !head.Closed || last != "journal.close" {
		l.t.Errorf("the journal ends with %q, closed %t, %v", last, head.Closed, err)
	}
	if !checkChain {
		return
	}
	if report, err := verify.Folder(l.dir); err != nil || !report.OK() {
		l.t.Errorf("verify: %v, %v", report.Findings, err)
	}
}

func TestStopsUnderLoad(t *testing.T) { stopCycles(t, 4) }
