package operations_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/bundle/bundletest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/policies"
)

// A press signs rule books for a hospital.
type press struct {
	t      *testing.T
	public string // file
	signer *bundle.Signer
	files  rulebook.Files
}

func newPress(t *testing.T) *press {
	t.Helper()
	keys := bundletest.NewPair(t)
	p := &press{t: t, signer: keys.Signer(t, "hospital", "production")}
	_, p.public = keys.Files(t)
	var err error
	if p.files, err = rulebook.ReadFiles(policies.FS); err != nil {
		t.Fatal(err)
	}
	return p
}

// print signs the rule book as it was changed, without tests.
func (p *press) print(day int, old, new string) []byte {
	p.t.Helper()
	files := rulebook.Files{}
	const rights = "authz/tables/rights.rego"
	for name, content := range p.files {
		if !strings.HasSuffix(name, "_test.rego") {
			files[name] = content
		}
	}
	files[rights] = []byte(strings.Replace(string(files[rights]), old, new, 1))
	packed, err := bundle.Write(files, nil, time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC), p.signer)
	if err != nil {
		p.t.Fatal(err)
	}
	return packed
}

func (p *press) follow(file string) func(*config.Config) {
	return func(c *config.Config) {
		c.Policy.BundleFile, c.Policy.Scope = file, "production"
		c.Policy.VerificationKeys = []string{"hospital=" + p.public}
	}
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	rig.Replace(t, file, content)
}

const (
	strictBills = `"Billing and Finance": {"patient": "self"`
	laxBills    = `"Billing and Finance": {"nurse": "department", "patient": "self"`
)

func TestSignedBundlesAreFollowedAndRolledBack(t *testing.T) {
	p := newPress(t)
	file := filepath.Join(t.TempDir(), "bundle.tar.gz")
	strict, lax := p.print(1, "", ""), p.print(2, strictBills, laxBills)
	write(t, file, strict)
	w := rig.New(t, p.follow(file))
	nurse := w.As("nurse")
	bills := "/api/patients/" + nurse.Items("/api/patients")[0].ID + "/bills"
	nurse.Get(bills).Denied(403, "role_forbidden")
	_, first := w.Ready()

	write(t, file, lax)
	rig.Until(t, "the new rules are in force", func() bool { _, r := w.Ready(); return r.Policy.Revision != first.Policy.Revision })
	nurse.Get(bills).Is(200)
	if metrics := w.Metrics(); !strings.Contains(metrics, "wardgate_policy_refused 0") || strings.Contains(metrics, first.Policy.Revision) {
		t.Error("metrics do not name the new revision alone")
	}

	write(t, file, p.print(1, "", "")) // older, with a signature that holds
	rig.Until(t, "the refusal is told", func() bool { _, r := w.Ready(); return r.Policy.Refused != nil })
	status, r := w.Ready()
	if status != 200 || !strings.Contains(r.Policy.Refused.Error, "not newer") {
		t.Errorf("got %d %+v", status, r)
	}
	nurse.Get(bills).Is(200)
	if !strings.Contains(w.Metrics(), `wardgate_policy_refusals_total{code="bundle_older"} 1`) {
		t.Error("metrics do not count the refusal")
	}

	operator := control.NewClient(w.Data)
	if _, err := operator.Rollback(context.Background(), control.Return{To: first.Policy.Revision[:12]}); err == nil {
		t.Error("rolled back without a reason")
	}
	back, err := operator.Rollback(context.Background(), control.Return{To: first.Policy.Revision[:12], Reason: "bills leak"})
	if err != nil || back.Rules != first.Policy.Revision || !back.Active {
		t.Fatalf("got %+v %v", back, err)
	}
	nurse.Get(bills).Denied(403, "role_forbidden")
	known, err := operator.Bundles(context.Background())
	if err != nil || len(known) != 2 || !known[0].Active || known[1].Active {
		t.Errorf("got %+v %v, want two, the older in force", known, err)
	}
	w.Stop()
	if got, want := policyEvents(t, w.Data), []string{
		"policy.activate success ", "policy.activate success ", "policy.activate failure bundle_older", "policy.rollback success bills leak",
	}; !slices.Equal(got, want) {
		t.Errorf("got %q in the journal, want %q", got, want)
	}

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	again := rig.New(t, func(c *config.Config) { p.follow(file)(c); c.Data = w.Data })
	if _, r := again.Ready(); r.Policy.Revision != first.Policy.Revision {
		t.Errorf("got revision %s after a restart without the source, want the one rolled back to", r.Policy.Revision)
	}
}

func policyEvents(t *testing.T, data string) []string {
	t.Helper()
	var out []string
	for r, err := range reader.Query(context.Background(), filepath.Join(data, "journal"), reader.Filter{Kind: pip.KindPolicy}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r.Event.Action+" "+r.Event.Outcome+" "+r.Event.Detail)
	}
	return out
}

func TestBundlesThatCannotBeTakenStopTheStart(t *testing.T) {
	p, stranger := newPress(t), newPress(t)
	dir := t.TempDir()
	good, foreign := filepath.Join(dir, "good.tar.gz"), filepath.Join(dir, "foreign.tar.gz")
	write(t, good, p.print(1, "", ""))
	write(t, foreign, stranger.print(1, "", ""))
	tests := []struct {
		name   string
		change func(*config.Config)
		want   string
	}{
		{"no key", func(c *config.Config) { c.Policy.BundleFile = good }, "never taken unsigned"},
		{"key file missing", func(c *config.Config) { p.follow(good)(c); c.Policy.VerificationKeys = []string{"a=/nowhere"} }, "/nowhere"},
		{"key without an id", func(c *config.Config) { p.follow(good)(c); c.Policy.VerificationKeys = []string{p.public} }, "expected ID=FILE"},
		{"another scope", func(c *config.Config) { p.follow(good)(c); c.Policy.Scope = "test" }, "scope"},
		{"another's bundle", p.follow(foreign), "not to be trusted"},
		{"missing bundle", p.follow("/nowhere"), "/nowhere"},
		{"two sources", func(c *config.Config) { p.follow(good)(c); c.Policy.BundleURL = "https://a.test/b" }, "expected one of them"},
		{"folder and bundle", func(c *config.Config) { p.follow(good)(c); c.Policies = dir }, "expected one of them"},
		{"plain HTTP", func(c *config.Config) { p.follow("")(c); c.Policy.BundleURL = "http://policy.test/b" }, "plain HTTP"},
		{"keys for nothing", func(c *config.Config) { c.Policy.VerificationKeys = []string{"a=b"} }, "nothing is verified"},
		{"token for nothing", func(c *config.Config) { p.follow(good)(c); c.Policy.BearerTokenFile = p.public }, "policy.bundle_url"},
		{"endless poll", func(c *config.Config) { c.Policy.LongPollSeconds = 6000 }, "policy.long_poll_seconds"},
		{"delays the wrong way round", func(c *config.Config) { c.Policy.MaxDelaySeconds = 1 }, "policy.min_delay_seconds"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := rig.Config(filepath.Join(t.TempDir(), "var"))
			tt.change(&c)
			_, err := process.New(context.Background(), c, slog.New(slog.DiscardHandler))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want an error with %q", err, tt.want)
			}
			if touched := listing(t, c.Data); len(touched) > 0 {
				t.Errorf("the data folder was touched: %v", touched)
			}
		})
	}
}
