package analysis_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

func all(events []pip.Event) iter.Seq2[pip.Event, error] {
	return func(yield func(pip.Event, error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// record is what an enforcement point would journal of a decision.
func record(id string, input json.RawMessage, d pdp.Decision) pip.Event {
	hour := 10
	if strings.Contains(string(input), `"night"`) {
		hour = 23
	}
	e := pip.Event{
		Kind: pip.KindDecision, Time: time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC), Decision: id,
		Allow: d.Allow, Reasons: d.Reasons, Revision: d.Revision, Input: input,
	}
	d.Evidence.Input = input
	d.Record(&e, nil)
	return e
}

func recordDrawn(t *testing.T, b *analysis.Book, n int) []pip.Event {
	t.Helper()
	next, err := rulebook.Draw(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	events := make([]pip.Event, n)
	for i := range events {
		raw := with(t, next(), nil)
		d, err := b.Ask(context.Background(), raw)
		if err != nil {
			t.Fatal(err)
		}
		events[i] = record(fmt.Sprintf("d-%05d", i), raw, d)
	}
	return events
}

func replay(t *testing.T, b *analysis.Book, events []pip.Event) *analysis.ReplayReport {
	t.Helper()
	r, err := b.Replay(context.Background(), all(events), analysis.ReplayConfig{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReplayUnderTheSameRevisionDiffersNowhere(t *testing.T) {
	b := openBook(t, policies.FS)
	r := replay(t, b, recordDrawn(t, b, 3000))
	if r.Decisions != 3000 || r.Same != 3000 || r.Reworded != 0 || len(r.Flips) != 0 {
		t.Errorf("got %+v, want 3000 the same", r)
	}
}

func TestReplayFindsFlipsInBothDirections(t *testing.T) {
	b := openBook(t, policies.FS)
	inputs := golden(t)
	var events []pip.Event
	keep := func(id, who string, c change) {
		raw := with(t, inputs[who], c)
		d, err := b.Ask(context.Background(), raw)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, record(id, raw, d))
	}
	for i := range 5 {
		keep(fmt.Sprintf("night-%d", i), "doctor", change{"/context/time/period": "night"})
	}
	keep("day", "doctor", nil)
	keep("device", "nurse", change{"/context/device/match": "changed"})
	keep("place", "doctor", change{"/context/location/place": "off_site"})

	files := enginetest.Book(t, policies.FS)
	enginetest.Edit(t, files, "authz/rules/device/device.rego", `input.context.device.match == "changed"`, `input.context.device.match == "never"`)
	enginetest.Edit(t, files, "authz/rules/columns/columns.rego", `in {"patient", "service"}`, `in {"service"}`)
	files["authz/rules/night/night.rego"] = &fstest.MapFile{Data: []byte("package authz.rules.night\n\ndeny contains \"night\" if input.context.time.period == \"night\"\n")}
	r := replay(t, openBook(t, files), events)
	want := []analysis.Flip{
		{FlipKey: analysis.FlipKey{Direction: analysis.NewlyDenied, Class: answer.Stricter, Role: "doctor", Action: "patient.read", Rule: "+night"}, Count: 5, Examples: []string{"night-0", "night-1", "night-2"}},
		{FlipKey: analysis.FlipKey{Direction: analysis.NewlyAllowed, Class: answer.Looser, Role: "nurse", Action: "patient.read", Rule: "-device_changed"}, Count: 1, Examples: []string{"device"}},
		{FlipKey: analysis.FlipKey{Direction: analysis.ObligationsChanged, Class: answer.Looser, Role: "doctor", Action: "patient.read", Rule: "-withhold"}, Count: 1, Examples: []string{"place"}},
	}
	if !slices.EqualFunc(r.Flips, want, func(a, b analysis.Flip) bool {
		return a.FlipKey == b.FlipKey && a.Count == b.Count && slices.Equal(a.Examples, b.Examples)
	}) {
		t.Errorf("got  %+v\nwant %+v", r.Flips, want)
	}
	if r.Decisions != 8 || r.Asked != 4 || r.Same != 1 {
		t.Errorf("got %d decisions, %d inputs, %d the same; want 8, 4, 1", r.Decisions, r.Asked, r.Same)
	}
}

// formerOf is what of a book does something beside its answers.
func formerOf(t *testing.T, b *analysis.Book) *analysis.Former {
	t.Helper()
	router, err := route.New(b.House())
	if err != nil {
		t.Fatal(err)
	}
	return &analysis.Former{Router: router, Reasons: b.House().Reasons}
}

// The same answer may go to another application, be refused its body, or be told in
// other words. That is found where the book of then is known, and said to be unknown
// where it is not.
func TestReplayFindsWhatIsDoneOtherwiseBesideTheAnswer(t *testing.T) {
	b := openBook(t, policies.FS)
	inputs := golden(t)
	var events []pip.Event
	keep := func(id, path, who string, c change) {
		raw := with(t, inputs[who], c)
		d, err := b.Ask(context.Background(), raw)
		if err != nil {
			t.Fatal(err)
		}
		e := record(id, raw, d)
		e.Method, e.Path = "GET", path
		events = append(events, e)
	}
	keep("read", "/api/patients/p-1", "doctor", nil)
	keep("device", "/api/patients/p-1", "nurse", change{"/context/device/match": "changed"})

	files := enginetest.Book(t, policies.FS)
	enginetest.Edit(t, files, "authz/tables/routes.rego", `_row("GET", "/api/patients/{patient}", "records", "patient.read", "patient", "none")`, `_row("GET", "/api/patients/{patient}", "inference", "patient.read", "patient", "json")`)
	enginetest.Edit(t, files, "authz/tables/reasons.rego", `"This is another device or browser than at log-in. Log in again."`, `"This is another device. Log in again."`)
	candidate := openBook(t, files)
	router, err := route.New(candidate.House())
	if err != nil {
		t.Fatal(err)
	}
	was := formerOf(t, b)
	ask := func(formerly func(string) *analysis.Former) *analysis.ReplayReport {
		r, err := candidate.Replay(context.Background(), all(events), analysis.ReplayConfig{Router: router, Formerly: formerly})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := ask(func(revision string) *analysis.Former {
		if revision != b.Revision() {
			t.Errorf("asked about revision %s", revision)
		}
		return was
	})
	want := []analysis.FlipKey{
		{Direction: analysis.DeniedOtherwise, Class: answer.Other, Role: "nurse", Action: "patient.read", Rule: "~text:device_changed"},
		{Direction: analysis.RouteChanged, Class: answer.Other, Role: "doctor", Action: "patient.read", Rule: "~route.application:records->inference,~route.body:none->json"},
	}
	var got []analysis.FlipKey
	for _, f := range r.Flips {
		got = append(got, f.FlipKey)
	}
	if !slices.Equal(got, want) || r.Same != 0 {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	r = ask(func(string) *analysis.Former { return nil })
	if len(r.Flips) != 0 || r.Same != 2 || r.CouldNotTell["routes"] != 1 || r.CouldNotTell["texts"] != 1 {
		t.Errorf("of an unknown book: got %+v, %v", r.Flips, r.CouldNotTell)
	}
}

// A path at a host of an application is asked about as what it is there, whatever
// becomes of the same path elsewhere.
func TestReplayAsksOfTheHostThatWasAsked(t *testing.T) {
	const read = `_row("GET", "/api/patients/{patient}", "records", "patient.read", "patient", "none")`
	files, edited := enginetest.Book(t, policies.FS), enginetest.Book(t, policies.FS)
	for _, book := range []fstest.MapFS{files, edited} {
		enginetest.Edit(t, book, "authz/tables/routes.rego", "routes := [", "routes := [\n\t_row(\"GET\", \"/api/patients/{patient}\", \"lab\", \"patient.read\", \"patient\", \"none\"),")
	}
	enginetest.Edit(t, edited, "authz/tables/routes.rego", read, strings.Replace(read, `"records"`, `"inference"`, 1))
	b, candidate := openBook(t, files), openBook(t, edited)
	routers := make([]*route.Table, 2)
	for i, house := range []*pdp.Tables{b.House(), candidate.House()} {
		var err error
		if routers[i], err = route.Recorded(house); err != nil {
			t.Fatal(err)
		}
	}
	raw := with(t, golden(t)["doctor"], nil)
	d, err := b.Ask(context.Background(), raw)
	if err != nil {
		t.Fatal(err)
	}
	home := record("home", raw, d)
	home.Method, home.Path = "GET", "/api/patients/p-1"
	lab := home
	lab.Decision, lab.Application = "lab", "lab"
	for _, tt := range []struct {
		event pip.Event
		rule  string // "" for the same
	}{{home, "~route.application:records->inference"}, {lab, ""}} {
		r, err := candidate.Replay(context.Background(), all([]pip.Event{tt.event}), analysis.ReplayConfig{
			Router: routers[1], Formerly: func(string) *analysis.Former { return &analysis.Former{Router: routers[0], Reasons: b.House().Reasons} },
		})
		if err != nil {
			t.Fatal(err)
		}
		var got string
		for _, f := range r.Flips {
			got += f.Rule
		}
		if got != tt.rule {
			t.Errorf("%s: got %q, want %q", tt.event.Decision, got, tt.rule)
		}
	}
}

// What an enforcement point adds to an answer is no answer of the policy.
func TestReplayLooksThroughWhatEnforcementAdded(t *testing.T) {
	b := openBook(t, policies.FS)
	e := recordDrawnAllowed(t, b)
	e.Allow, e.Reasons = false, []string{"obligation_unmet"}
	failedLogIn := e
	failedLogIn.Kind, failedLogIn.Action, failedLogIn.Reasons = pip.KindSession, "session.create", []string{"credentials_invalid"}
	refused := pip.Event{Kind: pip.KindDecision, Decision: "early", Reasons: []string{"path_ambiguous"}}
	r := replay(t, b, []pip.Event{e, failedLogIn, refused, {Kind: pip.KindOutcome, Decision: "o"}})
	if r.Same != 2 || r.Without != 1 || len(r.Flips) != 0 {
		t.Errorf("got %+v, want two the same and one without input", r)
	}
}

func recordDrawnAllowed(t *testing.T, b *analysis.Book) pip.Event {
	t.Helper()
	raw := with(t, golden(t)["doctor"], nil)
	d, err := b.Ask(context.Background(), raw)
	if err != nil || !d.Allow {
		t.Fatalf("golden doctor: %+v, %v", d, err)
	}
	return record("golden", raw, d)
}

func TestReplayEndsWithTheJournalsError(t *testing.T) {
	b := openBook(t, policies.FS)
	broken := errors.New("broken")
	_, err := b.Replay(context.Background(), func(yield func(pip.Event, error) bool) { yield(pip.Event{}, broken) }, analysis.ReplayConfig{})
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the journal's error", err)
	}
}

// The candidate that fails on an input denies it, as an engine would.
func TestReplayCountsAFailingCandidateAsADenial(t *testing.T) {
	b := openBook(t, policies.FS)
	files := enginetest.Book(t, policies.FS)
	files["authz/rules/x/x.rego"] = &fstest.MapFile{Data: []byte(
		"package authz.rules.x\n\ndeny contains \"late\" if time.parse_rfc3339_ns(input.subject.id) > 0\n")}
	r := replay(t, openBook(t, files), []pip.Event{recordDrawnAllowed(t, b)})
	if len(r.Flips) != 1 || r.Flips[0].Direction != analysis.NewlyDenied || r.Flips[0].Rule != "+no_decision" {
		t.Errorf("got %+v, want one newly denied for no_decision", r.Flips)
	}
}

// BenchmarkReplay asks about synthetic records: in "usual" each input comes a
// hundred times, as one person at work asks; in "different" no two are equal.
// ward is a doctor and the doctor's patient.
func ward() *pointstest.Facts {
	fresh := func(source string) pip.Reading { return pip.Reading{Source: source, State: pip.Fresh} }
	return &pointstest.Facts{
		Identity:   pip.Identity{Reading: fresh("identity"), Account: pip.AccountActive, Role: "doctor", Staff: "s-1", Department: "d-1"},
		Revocation: pip.Revoked{Reading: fresh("revocation")},
		Device:     pip.Device{Reading: fresh("device"), Match: pip.DeviceSame},
		Location:   pip.Location{Reading: fresh("location")},
		Care:       pointstest.Care{Reading: fresh("care"), Patient: "p-1", Staff: []string{"s-1"}, Department: "d-1"},
		Signals:    pip.Signals{Reading: fresh("signals")},
	}
}

// recorded is the input of a doctor who reads a patient, as a journal has it.
func recorded(t testing.TB, patient string) []byte {
	t.Helper()
	e, err := engine.New(policies.FS, points.Sections(), pointstest.Sources(ward()), nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	d, err := e.Decide(t.Context(), pdp.Request{
		Subject:  pdp.Subject{Type: "user", ID: "u-1"},
		Action:   pdp.Action{Name: "patient.read", Method: "GET"},
		Resource: pdp.Resource{Type: "patient", ID: patient},
		Context: pdp.Context{
			Time: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), Address: netip.MustParseAddr("127.0.0.1"),
			Credential: pdp.Credential{State: pdp.CredentialValid, Presented: "header", Session: "x", AMR: []string{"pwd", "otp"}},
		},
	})
	if err != nil || !d.Allow {
		t.Fatal(d, err)
	}
	return d.Evidence.Input
}

func BenchmarkReplay(b *testing.B) {
	book := openBook(b, policies.FS)
	base := string(recorded(b, "RESOURCE"))
	for _, bb := range []struct {
		name    string
		n, each int
	}{{"usual", 1_000_000, 100}, {"different", 1_000_000, 1}} {
		b.Run(bb.name, func(b *testing.B) {
			for b.Loop() {
				begun := time.Now()
				r, err := book.Replay(context.Background(), synthetic(base, bb.n, bb.each), analysis.ReplayConfig{})
				if err != nil || r.Decisions != bb.n {
					b.Fatal(r, err)
				}
				b.ReportMetric(float64(bb.n)/time.Since(begun).Seconds(), "decisions/s")
			}
		})
	}
}

// synthetic repeats each input so many times, as one person at work does.
func synthetic(template string, n, each int) iter.Seq2[pip.Event, error] {
	before, after, _ := strings.Cut(template, "RESOURCE")
	return func(yield func(pip.Event, error) bool) {
		for i := range n {
			e := pip.Event{Kind: pip.KindDecision, Decision: "d", Revision: "r", Allow: true, Obligations: []string{"row_condition"}}
			e.Input = fmt.Appendf(nil, "%sp-%d%s", before, i/each, after)
			if !yield(e, nil) {
				return
			}
		}
	}
}
