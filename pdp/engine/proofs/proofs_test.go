package proofs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/proofs"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

const rights = "authz/tables/rights.rego"

// gate has a single invariant, which takes less time than all of them.
func gate(t *testing.T) prove.Gate {
	t.Helper()
	const name = "invariants/never/administration.rego"
	return prove.Gate{Points: points.Sections(), Base: rulebook.Files{name: book(t)[name]}}
}

func book(t *testing.T) rulebook.Files {
	t.Helper()
	files, err := rulebook.ReadFiles(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// good is the built-in book without invariants of its own, bad one that lists users
// to strangers.
func good(t *testing.T) rulebook.Files {
	t.Helper()
	files := book(t)
	maps.DeleteFunc(files, func(name string, _ []byte) bool { return strings.HasPrefix(name, "invariants/") })
	return files
}

func bad(t *testing.T) rulebook.Files {
	t.Helper()
	files := good(t)
	changed := strings.Replace(string(files[rights]), `"user.list": {"right": "Manage users"`, `"user.list": {"right": "Sign up"`, 1)
	if changed == string(files[rights]) {
		t.Fatal("the table is not as expected")
	}
	files[rights] = []byte(changed)
	return files
}

func keeper(t *testing.T, require bool) *proofs.Keeper {
	t.Helper()
	return proofs.New(proofs.Config{Gate: gate(t), Program: "devel", Require: require, Log: slog.New(slog.DiscardHandler)})
}

// stated is a true statement about a book.
func stated(t *testing.T, files rulebook.Files) *prove.Statement {
	t.Helper()
	g := gate(t)
	report, err := g.Prove(t.Context(), files, nil)
	if err != nil || !report.OK {
		t.Fatal(report.OK, err)
	}
	return g.Statement(files, &report, "devel")
}

// The proof of what is in force follows it: what was stated is believed, what was not
// is proved, and a revision of which nothing is known yet is not called proved.
func TestKeeperFollowsWhatIsInForce(t *testing.T) {
	files, edited := good(t), bad(t)
	moreText := maps.Clone(files)
	moreText["authz/authz.rego"] = append(bytes.Clone(moreText["authz/authz.rego"]), "# An edit that says nothing.\n"...)
	withOwn := maps.Clone(files)
	withOwn["invariants/never/lists.rego"] = []byte("package invariants.never.lists\n\nviolated if {\n\tdata.authz.answer.decision\n\tinput.action.name == \"user.list\"\n}\n")
	true1 := stated(t, files)
	older := *true1
	older.Analyser = "0.1.0"
	false1 := *true1
	false1.Rules = "another"
	tests := []struct {
		name    string
		subject proofs.Subject
		state   proofs.State
		by      string
		lacks   []string
		kept    int
	}{
		{"stated", proofs.Subject{Files: files, Stated: true1}, proofs.Proved, "bundle", nil, 0},
		{"refuted", proofs.Subject{Files: edited}, proofs.Refuted, "here", []string{"never administration"}, 0},
		{"its invariants alone changed", proofs.Subject{Files: withOwn}, proofs.Refuted, "here", []string{"never lists"}, 0},
		{"what is proved did not change", proofs.Subject{Files: moreText}, proofs.Proved, "here", nil, 1},
		{"stated of another book", proofs.Subject{Files: edited, Stated: &false1}, proofs.Refuted, "here", nil, 0}, // remembered
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		k := keeper(t, false)
		var now atomic.Pointer[proofs.Subject]
		now.Store(&tests[0].subject)
		done := make(chan struct{})
		go func() {
			defer close(done)
			k.Run(ctx, time.Minute, func() (proofs.Subject, error) { return *now.Load(), nil })
		}()
		if got := k.Status(files.Revision()); got.State != proofs.Proving || got.By != "" {
			t.Errorf("before anything was proved: got %+v", got)
		}
		time.Sleep(time.Minute)
		for _, tt := range tests {
			now.Store(&tt.subject)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			got := k.Status(tt.subject.Files.Revision())
			if got.State != tt.state || got.By != tt.by || tt.lacks != nil && !slices.Equal(got.Lacks, tt.lacks) || got.Since.IsZero() || got.Kept != tt.kept {
				t.Errorf("%s: got %+v", tt.name, got)
			}
			if got := k.Status("another"); got.State != proofs.Proving {
				t.Errorf("%s: another revision is %s", tt.name, got.State)
			}
		}
		stop()
		<-done
	})
}

// What comes with the proof of another book never comes into force; where proofs are
// required, nor does what is refuted or could not be proved.
func TestAdmission(t *testing.T) {
	files, edited := good(t), bad(t)
	true1 := stated(t, files)
	older := *true1
	older.Analyser = "0.1.0"
	broken := maps.Clone(files)
	broken["invariants/never/broken.rego"] = []byte("package invariants.never.broken\n\nviolated if data.authz.answer.context.grounds.right == \"x\"\n")
	tests := []struct {
		name     string
		subject  proofs.Subject
		lenient  error
		required error
	}{
		{"stated", proofs.Subject{Files: files, Stated: true1}, nil, nil},
		{"stated by an older analyser", proofs.Subject{Files: files, Stated: &older}, nil, nil},
		{"the proof of another book", proofs.Subject{Files: edited, Stated: true1}, proofs.ErrFalse, proofs.ErrFalse},
		{"refuted", proofs.Subject{Files: edited}, nil, proofs.ErrNotProved},
		{"an invariant that is none", proofs.Subject{Files: broken}, nil, proofs.ErrNotProved},
	}
	lenient, required := keeper(t, false), keeper(t, true)
	if err := required.Admit(t.Context(), proofs.Subject{Files: edited, Resumed: true}); err != nil {
		t.Errorf("what was in force before does not go on: %v", err)
	}
	if err := required.Admit(t.Context(), proofs.Subject{Files: edited, Stated: true1, Resumed: true}); !errors.Is(err, proofs.ErrFalse) {
		t.Errorf("what comes with the proof of another book goes on: %v", err)
	}
	another := *true1
	another.Rules = edited.Revision()
	if err := required.Admit(t.Context(), proofs.Subject{Files: files}); err != nil {
		t.Errorf("what is proved is not let in: %v", err)
	}
	if err := required.Admit(t.Context(), proofs.Subject{Files: files, Stated: &another}); !errors.Is(err, proofs.ErrFalse) {
		t.Errorf("of a book that was proved here the proof of another one is believed: %v", err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := lenient.Admit(t.Context(), tt.subject); !errors.Is(err, tt.lenient) || tt.lenient == nil && err != nil {
				t.Errorf("got %v, want %v", err, tt.lenient)
			}
			if err := required.Admit(t.Context(), tt.subject); !errors.Is(err, tt.required) || tt.required == nil && err != nil {
				t.Errorf("where proofs are required: got %v, want %v", err, tt.required)
			}
		})
	}
}

// A proof ends with its context, in the middle.
func TestAProofThatIsNotWantedEnds(t *testing.T) {
	g := gate(t)
	ctx, stop := context.WithCancel(t.Context())
	calls := 0
	g.Pause = func() error {
		if calls++; calls == 100 {
			stop()
		}
		return ctx.Err()
	}
	if _, err := g.Prove(ctx, good(t), nil); !errors.Is(err, context.Canceled) || calls != 100 {
		t.Errorf("got %v after %d pauses", err, calls)
	}
}
