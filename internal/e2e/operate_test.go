package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/policies"
)

// copyBook writes the built-in rule book into a folder that a test may edit.
func copyBook(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "policies")
	if err := os.CopyFS(dir, policies.FS); err != nil {
		t.Fatal(err)
	}
	return dir
}

func editFile(t *testing.T, file, old, new string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), old) {
		t.Fatalf("%s does not contain %q", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(raw), old, new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

type ready struct {
	Status string
	Policy struct {
		Revision string
		Refused  *struct{ Error string }
	}
	Degraded []string
	Detail   map[string]struct {
		State, Error string
		Since        time.Time
	}
}

func (w *world) ready() (int, ready) {
	w.t.Helper()
	res, err := http.Get(w.app.Operations() + "/readyz")
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	var r ready
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, r
}

// until waits for something that must become true; the bound is for a broken
// program, not a promise of speed.
func until(t testing.TB, what string, true func() bool) {
	t.Helper()
	for range 200 {
		if true() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func TestEditedRuleIsInForceAndABrokenOneIsNot(t *testing.T) {
	dir := copyBook(t)
	w := newWorld(t, func(c *config.Config) { c.Policies = dir })
	nurse := w.as("nurse")
	patient := nurse.items("/api/patients")[0].ID
	nurse.get("/api/patients/"+patient+"/bills").denied(403, "role_forbidden")

	rights := filepath.Join(dir, "authz", "tables", "rights.rego")
	editFile(t, rights, `"Billing and Finance": {"patient": "self"`, `"Billing and Finance": {"nurse": "department", "patient": "self"`)
	until(t, "the nurse sees bills", func() bool { return nurse.get("/api/patients/"+patient+"/bills").status == 200 })
	_, good := w.ready()

	editFile(t, rights, "rights := {", "rights := {{")
	until(t, "the refusal is told", func() bool { _, r := w.ready(); return r.Policy.Refused != nil })
	status, r := w.ready()
	if status != 200 || r.Policy.Revision != good.Policy.Revision || !strings.Contains(r.Policy.Refused.Error, "rights.rego") {
		t.Errorf("got %d %+v, want the last good revision and the file's name", status, r)
	}
	if !strings.Contains(w.logs.String(), "refused") {
		t.Error("the console says nothing of the refusal")
	}
	nurse.get("/api/patients/" + patient + "/bills").is(200)
}

func TestEveryDecisionIsInTheJournal(t *testing.T) {
	w := newWorld(t, nil)
	doctor := w.as("doctor")
	id := doctor.items("/api/patients")[0].ID
	doctor.get("/api/patients/" + id).is(200)
	var denial problemDocument
	doctor.get("/api/patients/" + id + "/bills").is(403).into(&denial)
	w.stop()
	var decisions, outcomes []pip.Event
	for r, err := range reader.Read(context.Background(), filepath.Join(w.data, "journal"), 1) {
		if err != nil {
			t.Fatal(err)
		}
		switch r.Event.Kind {
		case pip.KindDecision:
			decisions = append(decisions, r.Event)
		case pip.KindOutcome:
			outcomes = append(outcomes, r.Event)
		}
	}
	denied := slices.IndexFunc(decisions, func(e pip.Event) bool { return e.Decision == denial.Decision })
	if denied < 0 || decisions[denied].Allow || !slices.Equal(decisions[denied].Reasons, []string{"role_forbidden"}) {
		t.Errorf("the denial %s is not in the journal", denial.Decision)
	}
	for _, o := range outcomes {
		i := slices.IndexFunc(decisions, func(e pip.Event) bool { return e.Decision == o.Decision })
		if i < 0 || !decisions[i].Allow {
			t.Errorf("outcome of %s without a decision that allows", o.Decision)
		}
	}
	read := slices.IndexFunc(outcomes, func(e pip.Event) bool { return e.Action == "patient.read" })
	if read < 0 || !slices.Equal(outcomes[read].Patients, []string{id}) || outcomes[read].Status != 200 {
		t.Error("the journal does not say whose record was read")
	}
	for _, e := range decisions {
		if e.Action == "patient.read" && (e.Revision == "" || len(e.Input) == 0 || e.Ages["identity"] < 0 || len(e.Ages) < 5) {
			t.Errorf("decision %s lacks its evidence: %+v", e.Decision, e)
		}
	}
}

func TestStartIsRefusedWithAClearMessage(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	broken := copyBook(t)
	editFile(t, filepath.Join(broken, "authz", "authz.rego"), "package authz", "packge authz")
	marked := func(content string) func(*testing.T, *config.Config) {
		return func(t *testing.T, c *config.Config) {
			if err := os.MkdirAll(c.Data, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(c.Data, "wardgate.json"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name   string
		change func(*testing.T, *config.Config)
		want   string
	}{
		{"port in use", func(_ *testing.T, c *config.Config) { c.PEP.Listen = taken.Addr().String() }, "is in use by another program"},
		{"not loopback", func(_ *testing.T, c *config.Config) { c.Demo = false; c.PEP.Listen = "0.0.0.0:0" }, "plain HTTP is for loopback alone"},
		{"demo beyond loopback", func(_ *testing.T, c *config.Config) { c.PEP.Listen = "192.0.2.1:0" }, "the demo listens on loopback only"},
		{"no address", func(_ *testing.T, c *config.Config) { c.PDP.Listen = "here" }, "pdp.listen: expected address:port"},
		{"Envoy's port in use", func(_ *testing.T, c *config.Config) { c.ExtAuth.Listen = taken.Addr().String() }, "extauth.listen: "},
		{"Envoy beyond loopback", func(_ *testing.T, c *config.Config) { c.Demo = false; c.ExtAuth.Listen = "0.0.0.0:0" }, "extauth.listen: 0.0.0.0:0 is not a loopback address"},
		{"trusted proxy by name", func(_ *testing.T, c *config.Config) { c.PEP.TrustedProxies = []string{"proxy.test"} }, "neither an IP address nor a network"},
		{"everybody is trusted", func(_ *testing.T, c *config.Config) { c.PEP.TrustedProxies = []string{"::/0"} }, "would trust everybody"},
		{"trusted network with a host", func(_ *testing.T, c *config.Config) { c.PEP.TrustedProxies = []string{"10.0.0.1/24"} }, "10.0.0.0/24 is"},
		{"nameless application elsewhere", func(_ *testing.T, c *config.Config) { c.ExtAuth.Applications = []string{""} }, "extauth.applications"},
		{"broken rule book", func(_ *testing.T, c *config.Config) { c.Policies = broken }, "authz/authz.rego"},
		{"no rule book", func(_ *testing.T, c *config.Config) { c.Policies = t.TempDir() }, "no .rego file"},
		{"missing rule book", func(_ *testing.T, c *config.Config) { c.Policies = "/nowhere" }, "/nowhere is no folder"},
		{"missing certificate", func(_ *testing.T, c *config.Config) { c.PEP.Certificate, c.PEP.Key = "/nowhere", "/nowhere" }, "pep.certificate"},
		{"data of another version", marked(`{"format": 99, "demo": true}`), "has format 99, and this program reads format 1"},
		{"data without the demo", marked(`{"format": 1, "demo": false}`), "does not hold the demo hospital"},
		{"foreign folder", func(t *testing.T, c *config.Config) {
			if err := os.MkdirAll(filepath.Join(c.Data, "photos"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, "is not empty and is no data folder of Wardgate"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := anyPort(filepath.Join(t.TempDir(), "var"))
			tt.change(t, &c)
			before := listing(t, c.Data)
			_, err := process.New(context.Background(), c, slog.New(slog.NewTextHandler(io.Discard, nil)))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want an error with %q", err, tt.want)
			}
			got := slices.DeleteFunc(listing(t, c.Data), func(path string) bool {
				// Ours already, or empty before: the lock tells others to keep out.
				return filepath.Base(path) == "lock" && tt.name != "foreign folder"
			})
			if !slices.Equal(got, before) {
				t.Errorf("the data folder was touched: %v, before %v", got, before)
			}
		})
	}
}

// listing is what a folder holds.
func listing(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if path != dir {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestDataFolderServesOneProcess(t *testing.T) {
	w := newWorld(t, nil)
	_, err := process.New(context.Background(), anyPort(w.data), slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err == nil || !strings.Contains(err.Error(), "is in use by another wardgate") {
		t.Errorf("got %v", err)
	}
}

// A part that was lost and silently begun anew would forget revocations, or
// deny what was done.
func TestLostPartIsNotBegunAnew(t *testing.T) {
	w := newWorld(t, nil)
	w.stop()
	for _, name := range []string{"sessions.db", "identity.db", "records.db", "journal", "keys/records", "keys/tokens"} {
		t.Run(name, func(t *testing.T) {
			aside := filepath.Join(t.TempDir(), "aside")
			if err := os.Rename(filepath.Join(w.data, name), aside); err != nil {
				t.Fatal(err)
			}
			_, err := process.New(context.Background(), anyPort(w.data), slog.New(slog.NewTextHandler(io.Discard, nil)))
			if err == nil || !strings.Contains(err.Error(), "has lost "+name) {
				t.Errorf("got %v", err)
			}
			if err := os.Rename(aside, filepath.Join(w.data, name)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestDemoAnswersToLoopbackNamesOnly(t *testing.T) {
	w := newWorld(t, nil)
	for _, address := range []string{w.app.Address(), w.app.Operations(), w.app.Decisions()} {
		r, err := http.NewRequest("GET", address+"/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "hospital.example"
		w.stranger().send(r).is(421)
	}
}

// What was revoked stays revoked, and who was logged in stays logged in.
func TestRestartForgetsNothing(t *testing.T) {
	w := newWorld(t, nil)
	doctor, nurse := w.as("doctor"), w.as("nurse")
	nurse.post("/api/patients", map[string]string{"name": "Nova Inventedson"}).denied(403, "role_forbidden")
	w.stop()
	again := newWorld(t, func(c *config.Config) { c.Data = w.data })
	doctor.w, nurse.w = again, again
	doctor.get("/api/me").is(200)
	nurse.get("/api/me").denied(401, "session_revoked")
}

func TestDecisionPointAnswersAuthZEN(t *testing.T) {
	w := newWorld(t, nil)
	doctor := w.as("doctor")
	token, err := os.ReadFile(filepath.Join(w.data, "pdp.token"))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(bearer, patient string) *answer {
		body, err := json.Marshal(map[string]any{
			"subject":  map[string]string{"type": "user", "id": doctor.me().ID},
			"action":   map[string]string{"name": "patient.read"},
			"resource": map[string]string{"type": "patient", "id": patient},
			"context":  map[string]string{"address": "127.0.0.1"},
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest("POST", w.app.Decisions()+"/access/v1/evaluation", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+bearer)
		return w.stranger().send(r)
	}
	var d struct{ Decision bool }
	own := doctor.items("/api/patients")[0].ID
	ask(strings.TrimSpace(string(token)), own).is(200).into(&d)
	if !d.Decision {
		t.Error("the own patient is denied")
	}
	ask(strings.TrimSpace(string(token)), "no-such-patient").is(200).into(&d)
	if d.Decision {
		t.Error("a patient who does not exist is allowed")
	}
	ask("guessed-token-guessed-token", own).is(401)
}
