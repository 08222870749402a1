package operations_test

import (
	"context"
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

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

func TestEditedRuleIsInForceAndABrokenOneIsNot(t *testing.T) {
	dir := rig.CopyBook(t)
	w := rig.New(t, func(c *config.Config) { c.Policies = dir })
	nurse := w.As("nurse")
	patient := nurse.Items("/api/patients")[0].ID
	nurse.Get("/api/patients/"+patient+"/bills").Denied(403, "role_forbidden")

	rights := filepath.Join(dir, "authz", "tables", "rights.rego")
	_, first := w.Ready()
	rig.EditFile(t, rights, `"Billing and Finance": {"patient": "self"`, `"Billing and Finance": {"nurse": "department", "patient": "self"`)
	// Asked again and again meanwhile, the nurse would be one of many denials.
	rig.Until(t, "the edit is in force", func() bool { _, r := w.Ready(); return r.Policy.Revision != first.Policy.Revision })
	nurse.Get("/api/patients/" + patient + "/bills").Is(200)
	_, good := w.Ready()

	rig.EditFile(t, rights, "rights := {", "rights := {{")
	rig.Until(t, "the refusal is told", func() bool { _, r := w.Ready(); return r.Policy.Refused != nil })
	status, r := w.Ready()
	if status != 200 || r.Policy.Revision != good.Policy.Revision || !strings.Contains(r.Policy.Refused.Error, "rights.rego") {
		t.Errorf("got %d %+v, want the last good revision and the file's name", status, r)
	}
	if !strings.Contains(w.Logs.String(), "refused") {
		t.Error("the console says nothing of the refusal")
	}
	nurse.Get("/api/patients/" + patient + "/bills").Is(200)
}

func TestEveryDecisionIsInTheJournal(t *testing.T) {
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	id := doctor.Items("/api/patients")[0].ID
	doctor.Get("/api/patients/" + id).Is(200)
	var denial rig.ProblemDocument
	doctor.Get("/api/patients/" + id + "/bills").Is(403).Into(&denial)
	w.Stop()
	var decisions, outcomes []pip.Event
	for r, err := range reader.Read(context.Background(), filepath.Join(w.Data, "journal"), 1) {
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
	broken := rig.CopyBook(t)
	rig.EditFile(t, filepath.Join(broken, "authz", "authz.rego"), "package authz", "packge authz")
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
		{"an asker that is not trusted", func(_ *testing.T, c *config.Config) { c.ExtAuth.Proxies = []string{"10.0.0.1"} }, "extauth.proxies: 10.0.0.1/32 is not among pep.trusted_proxies"},
		{"trusted network in another spelling", func(_ *testing.T, c *config.Config) { c.PEP.TrustedProxies = []string{"::ffff:10.0.0.0/104"} }, "as one of IPv4"},
		{"trusted network with a host", func(_ *testing.T, c *config.Config) { c.PEP.TrustedProxies = []string{"10.0.0.1/24"} }, "10.0.0.0/24 is"},
		{"nameless application", func(_ *testing.T, c *config.Config) { c.Applications = []config.Application{{}} }, "applications: entry 1: name"},
		{"broken rule book", func(_ *testing.T, c *config.Config) { c.Policies = broken }, "authz/authz.rego"},
		{"no rule book", func(_ *testing.T, c *config.Config) { c.Policies = t.TempDir() }, "no .rego file"},
		{"missing rule book", func(_ *testing.T, c *config.Config) { c.Policies = "/nowhere" }, "/nowhere is no folder"},
		{"missing certificate", func(_ *testing.T, c *config.Config) { c.PEP.Certificate, c.PEP.Key = "/nowhere", "/nowhere" }, "pep.certificate"},
		{"no authority for workstations", func(_ *testing.T, c *config.Config) { c.PEP.WorkstationCAFile, c.PDP.Listen = "/nowhere", "here" }, "pep.workstation_ca_file: /nowhere: no such file"},
		{"and what else is wrong", func(_ *testing.T, c *config.Config) { c.PEP.WorkstationCAFile, c.PDP.Listen = "/nowhere", "here" }, "pdp.listen: expected address:port"},
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
			c := rig.Config(filepath.Join(t.TempDir(), "var"))
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
	w := rig.New(t, nil)
	_, err := process.New(context.Background(), rig.Config(w.Data), slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err == nil || !strings.Contains(err.Error(), "is in use by another wardgate") {
		t.Errorf("got %v", err)
	}
}

// A part that was lost and silently begun anew would forget revocations, or
// deny what was done.
func TestLostPartIsNotBegunAnew(t *testing.T) {
	w := rig.New(t, nil)
	w.Stop()
	for _, name := range []string{"sessions.db", "identity.db", "records.db", "journal", "keys/records", "keys/tokens"} {
		t.Run(name, func(t *testing.T) {
			aside := filepath.Join(t.TempDir(), "aside")
			if err := os.Rename(filepath.Join(w.Data, name), aside); err != nil {
				t.Fatal(err)
			}
			_, err := process.New(context.Background(), rig.Config(w.Data), slog.New(slog.NewTextHandler(io.Discard, nil)))
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "lost") {
				t.Errorf("got %v", err)
			}
			if err := os.Rename(aside, filepath.Join(w.Data, name)); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestDemoAnswersToLoopbackNamesOnly(t *testing.T) {
	w := rig.New(t, nil)
	for _, address := range []string{w.Process.Address(), w.Process.Operations(), w.Process.Decisions()} {
		r, err := http.NewRequest("GET", address+"/readyz", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "hospital.example"
		w.Anonymous().Send(r).Is(421)
	}
}

// What was revoked stays revoked, and who was logged in stays logged in.
func TestRestartForgetsNothing(t *testing.T) {
	w := rig.New(t, nil)
	doctor, nurse := w.As("doctor"), w.As("nurse")
	nurse.Do("DELETE", "/api/patients/019b8d4d-6bf5-7e28-a7ec-f71df98b3752", nil).Denied(403, "role_forbidden")
	w.Stop()
	again := rig.New(t, func(c *config.Config) { c.Data = w.Data })
	doctor.World, nurse.World = again, again
	doctor.Get("/api/me").Is(200)
	nurse.Get("/api/me").Denied(401, "session_revoked")
}
