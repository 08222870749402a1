package operations_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// killCycles kills the whole house under load, again and again. Each time it
// starts anew on what is there, no request reached the laboratory without a
// durable record that allowed it, and no answer was given whose outcome is
// forgotten. Who was logged in stays so.
func killCycles(t *testing.T, cycles int) {
	lab, book := newCountingLaboratory(t), rig.BookWithLaboratory(t)
	rig.EditFile(t, filepath.Join(book, "authz/tables/thresholds.rego"), `"requests_many": 3000`, `"requests_many": 3000000`)
	rig.EditFile(t, filepath.Join(book, "sentinel/tables/verdicts.rego"), `"requests": 6000`, `"requests": 6000000`)
	data := filepath.Join(t.TempDir(), "var")
	raw, err := json.Marshal(rig.ChildConfig{Data: data, Policies: book, Laboratory: lab.URL})
	if err != nil {
		t.Fatal(err)
	}
	w := rig.New(t, func(c *config.Config) { c.Data = data })
	token := w.As("doctor").Token
	w.Stop()
	l := killLedger{t: t, lab: lab, data: data, told: map[string]bool{}}
	for cycle := range cycles {
		if cycle > 0 && cycle%20 == 0 { // before the token expires
			again := rig.New(t, func(c *config.Config) { c.Data = data })
			token = again.As("doctor").Token
			again.Stop()
		}
		l.loadAndKill(string(raw), token, cycle)
	}
	lab.mu.Lock() // a request that reached it at the last moment is counted late
	defer lab.mu.Unlock()
	l.balance()
	t.Logf("%d kills, %d requests reached the laboratory, %d answered", cycles, len(lab.got), len(l.told))
	if len(l.told) < cycles {
		t.Errorf("only %d requests were answered", len(l.told))
	}
}

// A killLedger holds the journal against what the laboratory and the clients
// saw.
type killLedger struct {
	t    *testing.T
	lab  *countingLaboratory
	data string
	mu   sync.Mutex
	told map[string]bool // the paths of which an answer came back
}

func (l *killLedger) loadAndKill(config, token string, cycle int) {
	l.t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), rig.ChildVariable+"="+config)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		l.t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		l.t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = child.Process.Kill()
		_ = child.Wait()
		l.t.Fatalf("kill %d: it does not start again: %q, %v", cycle, address, err)
	}
	var group sync.WaitGroup
	var answers atomic.Int64
	for worker := range 4 {
		group.Go(func() {
			for n := 0; ; n++ {
				path := fmt.Sprintf("/lab/reports/r-%d-%d-%d", cycle, worker, n)
				if !l.ask(address[:len(address)-1]+path, path, token) {
					return
				}
				answers.Add(1)
			}
		})
	}
	for begun := time.Now(); answers.Load() < int64(4+cycle%7) && time.Since(begun) < 30*time.Second; {
		time.Sleep(time.Millisecond)
	}
	_ = child.Process.Kill() // it lives until now
	_ = child.Wait()
	group.Wait()
}

// ask returns false when nobody answers any more.
func (l *killLedger) ask(url, path, token string) bool {
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		l.t.Error(err)
		return false
	}
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return false
	}
	body, err := rig.ReadAndClose(res)
	rig.Sent()
	switch {
	case err != nil:
		return false
	case res.StatusCode == http.StatusOK:
		l.mu.Lock()
		l.told[path] = true
		l.mu.Unlock()
	case !(&rig.Answer{Status: res.StatusCode, Body: body}).Late():
		l.t.Errorf("%s: got %d %s", path, res.StatusCode, body)
		return false
	}
	return true
}

// balance looks at the journal once it was opened and closed in good order. It needs lab.mu.
func (l *killLedger) balance() {
	l.t.Helper()
	if err := runOnce(l.t, rig.Config(l.data)); err != nil {
		l.t.Fatal(err)
	}
	if code, said := rig.Command("audit", "verify", "--anchors", "--data", l.data); code != 0 {
		l.t.Fatalf("verify: %s", said)
	}
	allowed, outcomes := map[string]int{}, map[string]int{}
	for r, err := range reader.Read(context.Background(), filepath.Join(l.data, "journal"), 1) {
		if err != nil {
			l.t.Fatal(err)
		}
		switch e := r.Event; {
		case e.Action != "lab.read" || !e.Allow:
		case e.Kind == pip.KindDecision:
			allowed[e.Path]++
		case e.Kind == pip.KindOutcome:
			outcomes[e.Path]++
		}
	}
	for path, n := range l.lab.got {
		if n != 1 || allowed[path] != 1 {
			l.t.Errorf("%s: reached the laboratory %d times, and %d records allow it", path, n, allowed[path])
		}
	}
	for path := range l.told {
		if outcomes[path] != 1 {
			l.t.Errorf("%s: was answered, and has %d outcomes", path, outcomes[path])
		}
	}
}

func TestKilledUnderLoad(t *testing.T) { killCycles(t, 2) }
