package shadow_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/shadow"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

// A ward decides by the built-in book, with a candidate beside it.
type ward struct {
	t      *testing.T
	dir    string
	shadow *shadow.Shadow
	engine *engine.Engine
	asked  int

	refused func() error // why the candidate cannot be had; nil for no reason
}

func newWard(t *testing.T, load func(rulebook.Files, []pip.Section) (*engine.Candidate, error)) *ward {
	t.Helper()
	w := &ward{t: t, dir: filepath.Join(t.TempDir(), "candidate")}
	if err := os.CopyFS(w.dir, policies.FS); err != nil {
		t.Fatal(err)
	}
	files, err := rulebook.ReadRules(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	live, err := engine.Load(files, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	w.shadow = shadow.New(shadow.Config{
		Source: "candidate", Read: w.candidate, Points: points.Sections(), Load: load,
		Routes: func(tables *pdp.Tables) (analysis.Router, error) { return route.Recorded(tables) },
		Live:   func() *pdp.Tables { return live.Book().Tables.House }, Timeout: time.Minute, // a busy machine compares as an idle one
	})
	fresh := func(source string) pip.Reading { return pip.Reading{Source: source, State: pip.Fresh} }
	facts := pointstest.Facts{
		Identity:   pip.Identity{Reading: fresh("identity"), Account: pip.AccountActive, Role: "doctor", Staff: "s-1", Department: "d-1"},
		Revocation: pip.Revoked{Reading: fresh("revocation")},
		Device:     pip.Device{Reading: fresh("device"), Match: pip.DeviceSame},
		Location:   pip.Location{Reading: fresh("location")},
		Care:       pointstest.Care{Reading: fresh("care"), Patient: "p-1", Staff: []string{"s-1"}, Department: "d-1"},
		Signals:    pip.Signals{Reading: fresh("signals")},
	}
	w.engine = engine.NewFrom(live, pointstest.Sources(&facts), nil, slog.New(slog.DiscardHandler), engine.Config{Timeout: time.Minute, Decided: w.shadow.Offer})
	return w
}

func (w *ward) candidate() (rulebook.Files, error) {
	if w.refused != nil {
		if err := w.refused(); err != nil {
			return nil, err
		}
	}
	return rulebook.ReadFiles(os.DirFS(w.dir))
}

// edit changes the candidate.
func (w *ward) edit(name, old, changed string) *ward {
	w.t.Helper()
	file := filepath.Join(w.dir, name)
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), old) {
		w.t.Fatal(name, err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), old, changed, 1)), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return w
}

// read has a doctor read a patient, which the live book allows whatever the candidate is.
func (w *ward) read() {
	w.t.Helper()
	w.asked++
	d, err := w.engine.Decide(w.t.Context(), pdp.Request{
		Subject:  pdp.Subject{Type: pdp.SubjectUser, ID: "u-1"},
		Action:   pdp.Action{Name: "patient.read", Method: "GET", Path: "/api/patients/p-1"},
		Resource: pdp.Resource{Type: "patient", ID: "p-1"},
		Context: pdp.Context{
			ID: fmt.Sprintf("d-%d", w.asked), Time: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), Address: netip.MustParseAddr("127.0.0.1"),
			Credential: pdp.Credential{State: pdp.CredentialValid, Presented: "header", Session: "x", AMR: []string{"pwd", "otp"}},
		},
	})
	if err != nil || !d.Allow {
		w.t.Fatalf("the live book: %+v, %v", d.Reasons, err)
	}
}

func (w *ward) run() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { w.shadow.Run(ctx); close(done) }()
	w.t.Cleanup(func() { stop(); <-done })
}

// until waits for what the shadow comes to say.
func (w *ward) until(what string, is func(shadow.Status) bool) shadow.Status {
	w.t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if now := w.shadow.Status(); is(now) {
			return now
		}
	}
	w.t.Fatalf("never: %s; %+v", what, w.shadow.Status())
	return shadow.Status{}
}

func TestAShadowSaysWhatItWouldAnswerOtherwise(t *testing.T) {
	w := newWard(t, nil).edit("authz/tables/thresholds.rego", `"127.0.0.1/32"`, `"10.0.0.0/8"`)
	w.read()
	w.read() // remembered by the engine
	w.run()
	now := w.until("both compared", func(s shadow.Status) bool { return s.Asked == 2 })
	if now.State != shadow.Comparing || now.Flips[answer.Stricter] != 2 || len(now.List) != 1 || now.List[0].Words != "context.location.place:on_site->off_site" {
		t.Errorf("got %+v, want two flips of one group", now)
	}
	if got := now.List[0].Examples; len(got) != 2 || got[0] != "d-1" {
		t.Errorf("got examples %v", got)
	}
}

// An answer that stays is told of where the candidate sends the request elsewhere.
func TestAShadowSaysWhatItWouldDoOtherwise(t *testing.T) {
	w := newWard(t, nil).edit("authz/tables/routes.rego", `_row("GET", "/api/patients/{patient}", "records", "patient.read"`, `_row("GET", "/api/patients/{patient}", "inference", "patient.read"`)
	w.read()
	w.run()
	now := w.until("compared", func(s shadow.Status) bool { return s.Asked == 1 })
	if now.Flips[answer.Other] != 1 || len(now.List) != 1 || now.List[0].Direction != analysis.RouteChanged {
		t.Errorf("got %+v, want a changed route", now)
	}
}

// What becomes of the candidate is nothing to the live book.
func TestAShadowThatFailsChangesNothing(t *testing.T) {
	t.Run("malformed", func(t *testing.T) {
		w := newWard(t, nil).edit("authz/authz.rego", "package authz", "package")
		w.run()
		w.until("refused", func(s shadow.Status) bool { return s.State == shadow.Refused && s.Error != "" })
		w.read()
	})
	t.Run("removed, and back", func(t *testing.T) {
		w := newWard(t, nil)
		w.run()
		w.until("comparing", func(s shadow.Status) bool { return s.State == shadow.Comparing })
		if err := os.Rename(w.dir, w.dir+".away"); err != nil {
			t.Fatal(err)
		}
		w.until("gone", func(s shadow.Status) bool { return s.State == shadow.Gone })
		w.read()
		if err := os.Rename(w.dir+".away", w.dir); err != nil {
			t.Fatal(err)
		}
		w.until("comparing again", func(s shadow.Status) bool { return s.State == shadow.Comparing })
	})
	t.Run("signed by no trusted key", func(t *testing.T) {
		w := newWard(t, nil)
		var trusted atomic.Bool
		w.refused = func() error {
			if trusted.Load() {
				return nil
			}
			return fmt.Errorf("%w: by a stranger", shadow.ErrRefused)
		}
		w.run()
		w.until("refused", func(s shadow.Status) bool { return s.State == shadow.Refused && strings.Contains(s.Error, "stranger") })
		w.read()
		trusted.Store(true)
		w.until("comparing", func(s shadow.Status) bool { return s.State == shadow.Comparing })
	})
	t.Run("panicking", func(t *testing.T) {
		w := newWard(t, func(rulebook.Files, []pip.Section) (*engine.Candidate, error) { panic("no book") })
		w.run()
		w.until("refused", func(s shadow.Status) bool { return s.State == shadow.Refused && strings.Contains(s.Error, "no book") })
		w.read()
	})
	t.Run("refusing to load", func(t *testing.T) {
		w := newWard(t, func(rulebook.Files, []pip.Section) (*engine.Candidate, error) { return nil, errors.New("no") })
		w.run()
		w.until("refused", func(s shadow.Status) bool { return s.State == shadow.Refused })
		w.read()
	})
	t.Run("looping", func(t *testing.T) {
		w := newWard(t, nil)
		loop := "package authz.rules.loop\n\ndeny contains \"loop\" if {\n\tinput.action.name == \"patient.read\"\n\tsome i in numbers.range(1, 3000)\n\tsome j in numbers.range(1, 3000)\n\ti * j < 0\n}\n"
		if err := os.MkdirAll(filepath.Join(w.dir, "authz/rules/loop"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.dir, "authz/rules/loop/loop.rego"), []byte(loop), 0o600); err != nil {
			t.Fatal(err)
		}
		w.edit("authz/tables/reasons.rego", `"role_forbidden": {`, `"loop": {"class": "right", "status": 403, "text": {"en": "No.", "ar": "لا."}},`+"\n\t"+`"role_forbidden": {`)
		w.run()
		w.read()
		w.until("denied, or failed", func(s shadow.Status) bool {
			return s.Failed == 1 || s.Flips[answer.Stricter] == 1 || s.State == shadow.Refused
		})
		w.read()
	})
}

// A shadow that cannot keep up drops what it cannot take, and says so; nothing waits.
func TestAShadowThatIsBehindDropsAndCounts(t *testing.T) {
	w := newWard(t, nil) // which does not run
	r, d := pdp.Request{}, pdp.Decision{}
	for range 2000 {
		w.shadow.Offer(&r, &d)
	}
	if now := w.shadow.Status(); now.Dropped != 2000-1024 {
		t.Errorf("got %d dropped, want those beyond the 1024 that may wait", now.Dropped)
	}
}
