package pep_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/token"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/verify"
)

// The test binary starts itself again as the enforcement point that is killed.
const childVariable = "WARDGATE_PEP_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) == "" {
		os.Exit(m.Run())
	}
	fmt.Println("error", enforceForever(os.Args[len(os.Args)-3:]))
	os.Exit(1)
}

// enforceForever is an enforcement point with a durable journal, in front of
// the backend of the process that started it.
func enforceForever(args []string) error {
	dir, backend := args[0], args[1]
	der, err := base64.StdEncoding.DecodeString(args[2])
	if err != nil {
		return err
	}
	public, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return err
	}
	key, err := assertion.NewKey(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		return err
	}
	journal, err := audit.Open(audit.Config{Dir: dir, SegmentBytes: 256 << 10})
	if err != nil {
		return err
	}
	proxy, err := pep.New(pep.Config{
		Decider:   deciderFunc(sessionPolicy),
		Tables:    fixedTables(testTables()),
		Revoker:   revokerFunc(func(context.Context, string, string) error { return nil }),
		Journal:   journal,
		Keys:      onlyKey{public},
		Tokens:    token.Policy{Issuer: testIssuer, Audience: testAudience},
		Assertion: key,
		Applications: pep.Applications{Upstreams: map[string]pep.Upstream{"records": {
			URL: &url.URL{Scheme: "http", Host: backend}, Transport: &http.Transport{MaxIdleConnsPerHost: 64},
		}}},
		Log: slog.New(slog.DiscardHandler), DecisionTime: time.Minute,
	})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	server := &http.Server{Handler: proxy, ReadHeaderTimeout: 5 * time.Second}
	return server.Serve(l)
}

type onlyKey struct{ public crypto.PublicKey }

func (k onlyKey) Key(id string) (crypto.PublicKey, bool) { return k.public, id == "key-1" }
func (onlyKey) Generation() uint64                       { return 1 }

// However often the enforcement point is killed under load, each request that
// the backend saw has exactly one durable record that allowed it, and the
// record says the same of it as its bytes do.
func killUnderLoad(t *testing.T, cycles int) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "journal")
	var clock atomic.Int64
	tokens, recording := newTokenIssuer(t), newBackend(t, &clock)
	key, err := assertion.NewKey(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]received{} // decision -> what the backend saw
	subjects := map[string]string{}
	checked, answered := 0, 0
	for range cycles {
		answered += loadAndKill(t, dir, recording.listener.Addr().String(), tokens)
		got, _ := recording.requests()
		for _, r := range got[checked:] {
			c, err := key.Verify(strings.Join(r.values(assertion.Header), " "), "records", r.at)
			if err != nil {
				t.Fatalf("%s: assertion: %v", r.line, err)
			}
			if _, twice := claims[c.Decision]; twice {
				t.Errorf("decision %s was forwarded twice", c.Decision)
			}
			claims[c.Decision], subjects[c.Decision] = r, c.Subject
		}
		checked = len(got)
	}
	j, err := audit.Open(audit.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if report, err := verify.Folder(dir); err != nil || !report.OK() {
		t.Fatalf("verify: %v, %v", report.Findings, err)
	}
	allowed := map[string]int{}
	for rec, err := range reader.Query(context.Background(), dir, reader.Filter{Kind: pip.KindDecision}) {
		if err != nil {
			t.Fatal(err)
		}
		e := rec.Event
		r, seen := claims[e.Decision]
		if !seen {
			continue
		}
		path, query := r.target()
		allowed[e.Decision]++
		if !e.Allow || e.Revision != testRevision || e.Method != r.method() || e.Path != path || e.Subject != subjects[e.Decision] ||
			e.QueryDigest != assertion.Digest([]byte(query)) || e.BodyDigest != assertion.Digest([]byte(r.body)) {
			t.Errorf("%s: the record says otherwise: %+v", r.line, e)
		}
	}
	for decision, r := range claims {
		if allowed[decision] != 1 {
			t.Errorf("%s: %d durable records, want 1", r.line, allowed[decision])
		}
	}
	if len(claims) < cycles {
		t.Errorf("only %d requests were forwarded in %d cycles", len(claims), cycles)
	}
	t.Logf("%d kills, %d requests forwarded, %d answered", cycles, len(claims), answered)
}

// loadAndKill starts an enforcement point, loads it, kills it at some moment,
// and returns how many answers came back before.
func loadAndKill(t *testing.T, dir, backend string, tokens *tokenIssuer) int {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&tokens.private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], dir, backend, base64.StdEncoding.EncodeToString(der))
	child.Env = append(os.Environ(), childVariable+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	first, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || strings.HasPrefix(first, "error") {
		t.Fatalf("child says %q, %v", first, err)
	}
	var answered atomic.Int64
	var load sync.WaitGroup
	for g := range 16 {
		load.Go(func() { askUntilKilled(strings.TrimSpace(first), tokens.good(), g, &answered) })
	}
	for answered.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Duration(rand.IntN(60_000)) * time.Microsecond)
	_ = child.Process.Kill() // it lives until now
	_ = child.Wait()
	load.Wait()
	return int(answered.Load())
}

func askUntilKilled(address, token string, g int, answered *atomic.Int64) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
	for i := 0; ; i++ {
		method, target, body := "GET", fmt.Sprintf("/info?n=%d-%d", g, i), ""
		switch i % 3 {
		case 1:
			method, target, body = "POST", "/api/patients", fmt.Sprintf(`{"n":"%d-%d"}`, g, i)
		case 2:
			target = "/nowhere"
		}
		r, err := http.NewRequest(method, "http://"+address+target, strings.NewReader(body))
		if err != nil {
			return
		}
		r.Header.Set("Authorization", "Bearer "+token)
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		res, err := client.Do(r)
		if err != nil {
			return // it was killed
		}
		_, err = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if err != nil {
			return
		}
		if res.StatusCode == http.StatusOK {
			answered.Add(1)
		}
	}
}
