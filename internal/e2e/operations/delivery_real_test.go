//go:build integration

package operations_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// nginxFiles is a stock web server that knows nothing of bundles.
const nginxFiles = `
daemon off;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log;
events { worker_connections 64; }
http {
  log_format asked '$request_uri $status "$http_user_agent" "$http_if_none_match"';
  access_log %[1]s/access.log asked;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  server { listen %[2]s; root %[1]s/files; etag on; }
}
`

// A depot is where a hospital's machines get their rule book from: nginx, and
// one signed bundle below it.
type depot struct {
	t       *testing.T
	dir     string
	address string
	server  *exec.Cmd
}

// eventually waits as until does, for programs that take their time to start.
func eventually(t testing.TB, what string, true func() bool) {
	t.Helper()
	for range 1200 {
		if true() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

// spawn starts a program that ends with the test.
func spawn(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		slay(cmd)
		if t.Failed() {
			t.Logf("%s said: %.4000s", filepath.Base(cmd.Path), said.String())
		}
	})
	return cmd
}

// slay kills a program, and what it has started, with signal 9.
func slay(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
	_ = cmd.Wait()
}

func newDepot(t *testing.T) *depot {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		t.Skip("NOT RUN: nginx is missing")
	}
	d := &depot{t: t, dir: t.TempDir(), address: rig.Port(t)}
	if err := errors.Join(os.Mkdir(filepath.Join(d.dir, "files"), 0o755), os.Chmod(d.dir, 0o755)); err != nil { // #nosec G302 -- nginx gives up its rights
		t.Fatal(err)
	}
	for dir := d.dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		_ = os.Chmod(dir, 0o755) // #nosec G302 -- the way there is the test's own
	}
	file := filepath.Join(d.dir, "nginx.conf")
	write(t, file, fmt.Appendf(nil, nginxFiles, d.dir, d.address))
	d.server = exec.Command(nginx, "-c", file, "-p", d.dir)
	t.Cleanup(func() {
		if raw, err := os.ReadFile(filepath.Join(d.dir, "access.log")); t.Failed() && err == nil {
			t.Logf("nginx was asked: %s", raw[max(0, len(raw)-2000):])
		}
	})
	return d
}

func (d *depot) open() {
	d.t.Helper()
	d.server = spawn(d.t, exec.Command(d.server.Path, d.server.Args[1:]...))
	eventually(d.t, "nginx serves", func() bool {
		conn, err := net.Dial("tcp", d.address)
		return err == nil && conn.Close() == nil
	})
}

func (d *depot) put(packed []byte) {
	d.t.Helper()
	file := filepath.Join(d.dir, "files", "wardgate.tar.gz")
	if err := errors.Join(os.WriteFile(file+".new", packed, 0o644), os.Rename(file+".new", file)); err != nil { // #nosec G306 -- it is signed, not secret
		d.t.Fatal(err)
	}
}

// asked counts the requests of an agent that ended with a status.
func (d *depot) asked(agent string, status int) (n int) {
	d.t.Helper()
	raw, err := os.ReadFile(filepath.Join(d.dir, "access.log"))
	if err != nil {
		d.t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if strings.Contains(line, fmt.Sprintf(" %d ", status)) && strings.Contains(line, agent) {
			n++
		}
	}
	return n
}

// startOPA has the stock program follow the same bundle, and verify it.
func (d *depot) startOPA(p *press) string {
	d.t.Helper()
	opa := filepath.Join(d.t.TempDir(), "opa")
	if out, err := exec.Command("go", "build", "-o", opa, "github.com/open-policy-agent/opa").CombinedOutput(); err != nil {
		d.t.Fatalf("opa was not built: %s", out)
	}
	address := rig.Port(d.t)
	args := []string{"run", "--server", "--addr", address, "--log-level", "error", "--disable-telemetry", "--set-file", "keys.hospital.key=" + p.public}
	for _, set := range []string{
		"keys.hospital.algorithm=ES256",
		"services.depot.url=http://" + d.address,
		"bundles.wardgate.service=depot", "bundles.wardgate.resource=/wardgate.tar.gz",
		"bundles.wardgate.signing.keyid=hospital", "bundles.wardgate.signing.scope=production",
		"bundles.wardgate.polling.min_delay_seconds=1", "bundles.wardgate.polling.max_delay_seconds=1",
	} {
		args = append(args, "--set", set)
	}
	spawn(d.t, exec.Command(opa, args...))
	return "http://" + address
}

// A program is a decision point in a process of its own, as `wardgate run pdp`
// starts it.
type program struct {
	t          *testing.T
	data       string
	inside     string // for the enforcement point
	operations string
	config     string
	cmd        *exec.Cmd
}

func newProgram(t *testing.T, h *rig.Split, d *depot, p *press) *program {
	t.Helper()
	g := &program{t: t, data: filepath.Join(h.Dir, "pdp"), inside: rig.Port(t), operations: rig.Port(t), config: filepath.Join(h.Dir, "pdp.yaml")}
	write(t, g.config, fmt.Appendf(nil, `
pdp: {listen: "127.0.0.1:0", listen_internal: "%[1]s"}
operations: {listen: "%[2]s"}
certificates: {folder: "%[3]s"}
assertion: {key_file: "%[3]s/assertion.key"}
stores: {records: {file: "%[4]s/records/records.db"}}
journal: {chain: pdp}
policy:
  bundle_url: http://%[5]s/wardgate.tar.gz
  verification_keys: ["hospital=%[6]s"]
  scope: production
  long_poll_seconds: 0
  min_delay_seconds: 1
  max_delay_seconds: 1
`, g.inside, g.operations, h.Certs, h.Dir, d.address, p.public))
	return g
}

func (g *program) start() {
	g.t.Helper()
	args, err := json.Marshal([]string{"run", "pdp", "--demo", "--config", g.config, "--data", g.data})
	if err != nil {
		g.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), rig.CommandVariable+"="+string(args))
	g.cmd = spawn(g.t, cmd)
	eventually(g.t, "the decision point is ready", func() bool { status, _ := g.ready(); return status == http.StatusOK })
}

// ready is what it tells operators; the status is 0 while nobody answers.
func (g *program) ready() (int, rig.Ready) {
	var r rig.Ready
	res, err := http.Get("http://" + g.operations + "/readyz")
	if err != nil {
		return 0, r
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil {
		return 0, r
	}
	return res.StatusCode, r
}

// agrees holds every recorded decision against what the stock program answers
// to the same input.
func agrees(t *testing.T, opa, journal string, since time.Time) (compared int) {
	t.Helper()
	for r, err := range reader.Query(context.Background(), journal, reader.Filter{Kind: pip.KindDecision, Since: since}) {
		if err != nil {
			t.Fatal(err)
		}
		e := r.Event
		if len(e.Input) == 0 || slices.Contains(e.Reasons, "application_unavailable") || slices.Contains(e.Reasons, "decision_unavailable") {
			continue
		}
		body, err := json.Marshal(map[string]json.RawMessage{"input": e.Input})
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.Post(opa+"/v1/data/authz/answer", "application/json", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		var said struct {
			Result struct {
				Decision bool
				Context  struct {
					Reasons     []string
					Obligations []struct{ ID string }
					Grounds     pdp.Grounds
				}
			}
		}
		err = json.NewDecoder(res.Body).Decode(&said)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		var duties []string
		for _, o := range said.Result.Context.Obligations {
			duties = append(duties, o.ID)
		}
		slices.Sort(duties)
		slices.Sort(e.Obligations)
		got := said.Result
		if got.Decision != e.Allow || !slices.Equal(got.Context.Reasons, e.Reasons) && len(got.Context.Reasons)+len(e.Reasons) > 0 ||
			!slices.Equal(duties, e.Obligations) && len(duties)+len(e.Obligations) > 0 ||
			e.Allow && !slices.Equal(got.Context.Grounds.Names(), e.Rules) {
			t.Errorf("%s: the stock program says %+v, the record %t %v %v %v", e.Action, got, e.Allow, e.Reasons, e.Obligations, e.Rules)
		}
		compared++
	}
	return compared
}

// TestBundlesOfAStockServer: nginx serves one signed bundle to a stock OPA and
// to a Wardgate whose roles run apart. Both answer alike; a newer bundle reaches
// both, an older one neither brings Wardgate back nor, killed as it may be, does
// its decision point ever forget how new the newest was.
func TestBundlesOfAStockServer(t *testing.T) {
	p, d := newPress(t), newDepot(t)
	d.put(p.print(1, "", ""))
	d.open()
	opa := d.startOPA(p)
	h := rig.NewSplit(t)
	h.StartRecords()
	h.StartInference()
	g := newProgram(t, h, d, p)
	g.start()
	h.Parts["pdp"] = &rig.Running{Data: g.data, Stop: func() {}}
	c := h.Config("pep", "pep")
	c.PDP.URL = "https://" + g.inside
	c.Records.URL, c.Inference.URL = h.Parts["records"].Process.Inside("records"), h.Parts["inference"].Process.Inside("inference")
	h.Start("pep", c)
	w := h.At("pep", "pdp")
	eventually(t, "the enforcement point is ready", func() bool { status, _ := w.Ready(); return status == 200 })
	begun := time.Now()
	nurse, doctor := w.As("nurse"), w.As("doctor")
	bills := "/api/patients/" + nurse.Items("/api/patients")[0].ID + "/bills"
	nurse.Get(bills).Denied(403, "role_forbidden")
	doctor.Get("/api/patients/" + doctor.Items("/api/patients")[0].ID).Is(200)
	if n := agrees(t, opa, filepath.Join(c.Data, "journal"), begun); n < 5 {
		t.Errorf("only %d decisions were compared", n)
	}
	eventually(t, "both are told that nothing is new", func() bool { return d.asked("Go-http-client", 304) > 0 && d.asked("Open-Policy-Agent", 304) > 0 })

	_, first := g.ready()
	lax := p.print(2, strictBills, laxBills)
	d.put(lax)
	// The server is asked, and not the nurse: a person who is denied again and again is suspected.
	eventually(t, "the newer one is in force", func() bool { _, r := g.ready(); return r.Policy.Revision != first.Policy.Revision })
	nurse.Get(bills).Is(200)
	eventually(t, "the stock program follows", func() bool { return d.asked("Open-Policy-Agent", 200) > 1 })
	changed := time.Now()
	nurse.Get(bills).Is(200)
	eventually(t, "both agree on the new rules", func() bool { return agrees(t, opa, filepath.Join(c.Data, "journal"), changed) > 0 })
	_, newest := g.ready()

	slay(g.cmd)
	d.put(p.print(1, "", "")) // with a signature that holds
	g.start()
	eventually(t, "the older one is refused", func() bool { _, r := g.ready(); return r.Policy.Refused != nil })
	if _, r := g.ready(); r.Policy.Revision != newest.Policy.Revision {
		t.Errorf("got %s after a kill, want %s", r.Policy.Revision, newest.Policy.Revision)
	}
	slay(g.cmd)
	slay(d.server)
	g.start()
	if _, r := g.ready(); r.Policy.Revision != newest.Policy.Revision {
		t.Errorf("got %s without a server, want the last good one", r.Policy.Revision)
	}
	eventually(t, "who was logged in goes on", func() bool { return nurse.Get(bills).Status == 200 })
	killedAsBundlesCome(t, p, d, g)
}

// killedAsBundlesCome kills the decision point around the moments in which new
// bundles come into force: it starts with the one before or the new one, and
// ends with the new one.
func killedAsBundlesCome(t *testing.T, p *press, d *depot, g *program) {
	t.Helper()
	d.open()
	var before string
	_, r := g.ready()
	before = r.Policy.Revision
	for n := 3; n < 9; n++ {
		packed := p.print(n, `"Predictions": {`, fmt.Sprintf("# edition %d\n\t\"Predictions\": {", n))
		d.put(packed)
		time.Sleep(time.Duration(n-2) * 350 * time.Millisecond)
		slay(g.cmd)
		g.start()
		_, at := g.ready()
		eventually(t, "the new bundle is in force", func() bool { _, r = g.ready(); return r.Policy.Revision != before })
		if at.Policy.Revision != before && at.Policy.Revision != r.Policy.Revision {
			t.Errorf("edition %d: it began with %s, which is neither %s nor %s", n, at.Policy.Revision, before, r.Policy.Revision)
		}
		before = r.Policy.Revision
	}
}
