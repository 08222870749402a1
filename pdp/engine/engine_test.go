package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

func sameDecision(a, b pdp.Decision) bool {
	return a.Allow == b.Allow && slices.Equal(a.Reasons, b.Reasons) && reflect.DeepEqual(a.Obligations, b.Obligations) &&
		reflect.DeepEqual(a.Grounds, b.Grounds)
}

func reading(name string) pip.Reading { return pip.Reading{Source: name, State: pip.Fresh} }

// ward is what all information points know about a doctor and the own patient.
func ward() pointstest.Facts {
	return pointstest.Facts{
		Identity:   pip.Identity{Reading: reading("identity"), Account: pip.AccountActive, Role: "doctor", Staff: "s-1", Department: "d-1"},
		Revocation: pip.Revoked{Reading: reading("revocation")},
		Device:     pip.Device{Reading: reading("device"), Match: pip.DeviceSame},
		Location:   pip.Location{Reading: reading("location")},
		Care:       pointstest.Care{Reading: reading("care"), Patient: "p-1", Staff: []string{"s-1"}, Department: "d-1"},
		Signals:    pip.Signals{Reading: reading("signals")},
	}
}

func reading1(facts pointstest.Facts) []pip.Source { return pointstest.Sources(&facts) }

// worded is the input of a request, as an engine writes it.
func worded(t testing.TB, c *Candidate, r *pdp.Request, facts *pointstest.Facts) *input.Document {
	t.Helper()
	e := NewFrom(c, pointstest.Sources(facts), nil, slog.New(slog.DiscardHandler), patient)
	in := c.layout.Blank()
	e.word(t.Context(), c, r, in)
	if err := in.Fault(); err != nil {
		t.Fatal(err)
	}
	return in
}

func readsPatient() pdp.Request {
	return pdp.Request{
		Subject:  pdp.Subject{Type: "user", ID: "u-1"},
		Action:   pdp.Action{Name: "patient.read", Method: "GET"},
		Resource: pdp.Resource{Type: "patient", ID: "p-1"},
		Context: pdp.Context{
			Time:    time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC),
			Address: netip.MustParseAddr("127.0.0.1"),
			Credential: pdp.Credential{
				State: pdp.CredentialValid, Presented: "header", Session: "x", AMR: []string{"pwd", "otp"},
			},
		},
	}
}

// patient is for tests that are not about the time that a decision may take: a busy
// machine decides as an idle one.
var patient = Config{Timeout: time.Minute}

// delivered is the built-in book, loaded once for all tests that only ask it.
var delivered = sync.OnceValues(func() (*Candidate, error) { return load(policies.FS) })

// asking is an engine of the delivered book.
func asking(t testing.TB, sources []pip.Source) *Engine {
	t.Helper()
	first, err := delivered()
	if err != nil {
		t.Fatal(err)
	}
	return NewFrom(first, sources, nil, slog.New(slog.DiscardHandler), patient)
}

func newEngine(t testing.TB, fsys fs.FS, sources []pip.Source) *Engine {
	t.Helper()
	first, err := load(fsys) // many of these books would not pass the gate
	if err != nil {
		t.Fatal(err)
	}
	return NewFrom(first, sources, nil, slog.New(slog.DiscardHandler), patient)
}

func TestDecisions(t *testing.T) {
	tests := []struct {
		name   string
		change func(r *pdp.Request, f *pointstest.Facts)
		want   []string
	}{
		{"own patient", func(*pdp.Request, *pointstest.Facts) {}, nil},
		{"colleague's patient", func(_ *pdp.Request, f *pointstest.Facts) { f.Care.Staff = []string{"s-2"} }, []string{"not_your_patient"}},
		{"nobody's patient", func(_ *pdp.Request, f *pointstest.Facts) {
			f.Care = pointstest.Care{Reading: reading("care")}
		}, []string{"not_your_patient"}},
		{"two missing ids are no match", func(_ *pdp.Request, f *pointstest.Facts) {
			f.Identity.Staff, f.Care.Staff = "", []string{""}
		}, []string{"not_your_patient"}},
		{"revoked", func(_ *pdp.Request, f *pointstest.Facts) { f.Revocation.Session = true }, []string{"session_revoked"}},
		{"list silent", func(_ *pdp.Request, f *pointstest.Facts) { f.Revocation = pip.Revoked{} }, []string{"revocation_unknown"}},
		{"list stale, reading on-site", func(_ *pdp.Request, f *pointstest.Facts) { f.Revocation.State = pip.Stale }, nil},
		{"list stale, changing", func(r *pdp.Request, f *pointstest.Facts) {
			r.Action.Name, f.Revocation.State = "service.add", pip.Stale
		}, []string{"revocation_unknown"}},
		{"list stale, off-site", func(r *pdp.Request, f *pointstest.Facts) {
			r.Context.Address, f.Revocation.State = netip.MustParseAddr("192.0.2.7"), pip.Stale
		}, []string{"revocation_unknown"}},
		{"identity silent", func(_ *pdp.Request, f *pointstest.Facts) { f.Identity = pip.Identity{} },
			[]string{"account_inactive", "identity_unknown", "role_forbidden"}},
		{"device changed", func(_ *pdp.Request, f *pointstest.Facts) { f.Device.Match = pip.DeviceChanged }, []string{"device_changed"}},
		{"no address", func(r *pdp.Request, _ *pointstest.Facts) { r.Context.Address = netip.Addr{} }, []string{"location_unknown"}},
		{"no clock", func(r *pdp.Request, _ *pointstest.Facts) { r.Context.Time = time.Time{} }, []string{"time_unknown"}},
		{"no token", func(r *pdp.Request, _ *pointstest.Facts) {
			r.Subject, r.Context.Credential = pdp.Subject{Type: pdp.SubjectAnonymous}, pdp.Credential{State: pdp.CredentialNone}
		}, []string{"account_inactive", "device_unknown", "role_forbidden", "session_missing"}},
		{"a token that was not verified names no subject", func(r *pdp.Request, _ *pointstest.Facts) { r.Context.Credential.State = "" },
			[]string{"input_impossible", "session_missing"}},
		{"edit without step-up", func(r *pdp.Request, _ *pointstest.Facts) { r.Action.Name = "service.edit" }, []string{"step_up_required"}},
		{"edit after step-up", func(r *pdp.Request, _ *pointstest.Facts) {
			r.Action.Name = "service.edit"
			r.Context.Credential.ACR = "urn:wardgate:acr:stepped-up"
			r.Context.Credential.AuthTime = r.Context.Time.Add(-299 * time.Second)
		}, nil},
		{"edit when the step-up has ended", func(r *pdp.Request, _ *pointstest.Facts) {
			r.Action.Name = "service.edit"
			r.Context.Credential.ACR = "urn:wardgate:acr:stepped-up"
			r.Context.Credential.AuthTime = r.Context.Time.Add(-301 * time.Second)
		}, []string{"step_up_required"}},
		{"a step-up in the future does not count", func(r *pdp.Request, _ *pointstest.Facts) {
			r.Action.Name = "service.edit"
			r.Context.Credential.ACR = "urn:wardgate:acr:stepped-up"
			r.Context.Credential.AuthTime = r.Context.Time.Add(time.Hour)
		}, []string{"step_up_required"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, facts := readsPatient(), ward()
			tt.change(&r, &facts)
			d, err := asking(t, reading1(facts)).Decide(context.Background(), r)
			if err != nil {
				t.Fatal(err)
			}
			if d.Allow != (tt.want == nil) || !slices.Equal(d.Reasons, tt.want) {
				t.Errorf("got allow %t, reasons %v, want %v", d.Allow, d.Reasons, tt.want)
			}
		})
	}
}

// The journal's form of the input and the evaluated one are written by two
// pieces of code: they must say the same.
func TestInputHasOneMeaningInBothForms(t *testing.T) {
	e := asking(t, nil)
	r, facts := readsPatient(), ward()
	r.Subject.ID = "u-\"\n\u2028é"
	facts.Identity.Staff = "\x00\\"
	in := worded(t, e.active.Load(), &r, &facts)
	var plain any
	if err := json.Unmarshal(in.AppendJSON(nil), &plain); err != nil {
		t.Fatal(err)
	}
	if got, want := ast.MustInterfaceToValue(plain), in.Value(); got.Compare(want) != 0 {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

type failing struct{}

func (failing) Name() string { return "care" }
func (failing) Gather(context.Context, *pip.Query, *pip.Facts, pip.Words) error {
	return errors.New("out of order")
}

func TestSilentSourcesDeny(t *testing.T) {
	d, err := asking(t, []pip.Source{failing{}}).Decide(context.Background(), readsPatient())
	if err != nil {
		t.Fatal(err)
	}
	if d.Allow {
		t.Error("allowed although no information point answered")
	}
}

type slow struct{}

func (slow) Name() string { return "care" }
func (slow) Gather(ctx context.Context, _ *pip.Query, _ *pip.Facts, _ pip.Words) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestSlowSourceEndsInNoDecision(t *testing.T) {
	e := NewFrom(prepared(t, policies.FS), []pip.Source{slow{}}, nil, slog.New(slog.DiscardHandler), Config{})
	d, err := e.Decide(context.Background(), readsPatient())
	if err == nil || d.Allow || d.Revision != "" {
		t.Errorf("got %+v, %v, want the zero decision and an error", d, err)
	}
}

// book is the built-in rule book as files that a test may change.
func book(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(policies.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(policies.FS, name)
		files[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func edit(t testing.TB, files fstest.MapFS, name, old, new string) {
	t.Helper()
	text := string(files[name].Data)
	if !strings.Contains(text, old) {
		t.Fatalf("%s does not contain %q", name, old)
	}
	files[name] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, new, 1))}
}

func TestFaultyRuleBooksAreRefused(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, files fstest.MapFS)
		want   string
	}{
		{"empty", func(_ *testing.T, files fstest.MapFS) { clear(files) }, "no .rego file"},
		{"syntax", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "authz/rules/route/route.rego", "deny contains", "deny contains contains")
		}, "route.rego:13"},
		{"misspelt input", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "authz/rules/clock/clock.rego", "input.context.time.state", "input.context.tyme.state")
		}, "undefined ref: input.context.tyme"},
		{"missing folder", func(_ *testing.T, files fstest.MapFS) {
			delete(files, "authz/rules/revocation/revocation.rego")
		}, "authz/rules/revocation denies it for 0 of 3 reasons"},
		{"missing folder that the empty request does not miss", func(_ *testing.T, files fstest.MapFS) {
			delete(files, "authz/rules/step_up/step_up.rego")
		}, "authz/rules/step_up"},
		{"table under another name", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "authz/tables/limits.rego", "package authz.tables", "package authz.other")
		}, "limits is missing"},
		{"rule that calls out", func(_ *testing.T, files fstest.MapFS) {
			files["authz/rules/x/x.rego"] = &fstest.MapFile{Data: []byte("package authz.rules.x\n\ngrant contains \"x\" if http.send({\"method\": \"get\", \"url\": \"http://127.0.0.1\"}).status_code == 200\n")}
		}, "undefined function http.send"},
		{"rule that reads the clock", func(_ *testing.T, files fstest.MapFS) {
			files["authz/rules/x/x.rego"] = &fstest.MapFile{Data: []byte("package authz.rules.x\n\ngrant contains \"x\" if time.now_ns() > 0\n")}
		}, "undefined function time.now_ns"},
		{"loose data", func(_ *testing.T, files fstest.MapFS) {
			files["authz/data.json"] = &fstest.MapFile{Data: []byte("{}")}
		}, "data files are not read"},
		{"no tables", func(_ *testing.T, files fstest.MapFS) {
			delete(files, "authz/tables/thresholds.rego")
		}, "authz/tables"},
		{"threshold below zero", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "authz/tables/thresholds.rego", "\"elevation_seconds\": 300", "\"elevation_seconds\": -1")
		}, "thresholds.elevation_seconds"},
		{"network that is none", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "authz/tables/thresholds.rego", "127.0.0.1/32", "127.0.0.1/99")
		}, "networks.hospital"},
		{"answer that names no rules", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "authz/authz.rego", `"grounds": {"rules": granting, "right": right, "reach": reach},`, "")
		}, "context.grounds which rules grant"},
		{"answer whose rules are no set", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "authz/authz.rego", `{"rules": granting,`, `{"rules": "role",`)
		}, "context.grounds which rules grant"},
		{"misspelt column off-site", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "authz/tables/withheld.rego", `withheld_off_site := {"contact"`, `withheld_off_site := {"contct"`)
		}, `withheld_off_site: "contct" is no column of records; was "contact" meant?`},
		{"misspelt column of a role", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "authz/tables/withheld.rego", `{"nurse": {"national_id"}}`, `{"nurse": {"nationalid", "secret"}}`)
		}, `withheld_from.nurse: "secret" is no column of records; there are`},
		{"misspelt role", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "authz/tables/withheld.rego", `{"nurse": {`, `{"nures": {`)
		}, `withheld_from.nures: "nures" has no row in roles; was "nurse" meant?`},
		{"misspelt column in a rule", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "records/columns/columns.rego", "# METADATA\n# title: The role", "mask contains \"diagnosis\" if input.subject.properties.role == \"nurse\"\n\n# METADATA\n# title: The role")
		}, `"diagnosis" is no column of records; was "diagnoses" meant?`},
		{"misspelt field of a row", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "records/rows/rows.rego", "input.patient.doctor", "input.patient.docter")
		}, "undefined ref: input.patient.docter"},
		{"everything is allowed", func(t *testing.T, files fstest.MapFS) {
			edit(t, files, "authz/authz.rego", "default allow := false", "default allow := true")
		}, "floor check"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := book(t)
			tt.change(t, files)
			_, err := load(files)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestRefusedRuleBookChangesNothing(t *testing.T) {
	files := book(t)
	e := newEngine(t, files, reading1(ward()))
	before := e.Revision()
	edit(t, files, "authz/rules/route/route.rego", "deny contains", "deny contains contains")
	if _, err := e.Activate(files); err == nil {
		t.Fatal("a broken rule book was activated")
	}
	d, err := e.Decide(context.Background(), readsPatient())
	if err != nil || !d.Allow || d.Revision != before {
		t.Errorf("got %+v, %v, want the last good revision to decide", d, err)
	}
	if e.Fault() == nil {
		t.Error("the refusal is not told")
	}
}

func TestBuiltinErrorIsNoDecision(t *testing.T) {
	files := book(t)
	files["authz/rules/x/x.rego"] = &fstest.MapFile{Data: []byte(
		"package authz.rules.x\n\ndeny contains \"late\" if time.parse_rfc3339_ns(input.subject.id) > 0\n")}
	d, err := newEngine(t, files, reading1(ward())).Decide(context.Background(), readsPatient())
	if err == nil || d.Allow {
		t.Errorf("got %+v, %v: a failing builtin erased a denial", d, err)
	}
}

func TestExhaustingRuleEndsInNoDecision(t *testing.T) {
	files := book(t)
	files["authz/rules/x/x.rego"] = &fstest.MapFile{Data: []byte(`package authz.rules.x

deny contains "busy" if {
	n := count(input.subject.id) * 500
	some a in numbers.range(1, n)
	some b in numbers.range(1, n)
	a + b == -1
}
`)}
	d, err := newEngine(t, files, reading1(ward())).Decide(context.Background(), readsPatient())
	if err == nil || d.Allow {
		t.Errorf("got %+v, %v, want no decision", d, err)
	}
}

// Decisions under a stream of swaps are each of one revision: the routes that
// named the action are of the revision that decides, or there is no decision.
func TestNoDecisionMixesRevisions(t *testing.T) {
	strict, lax := book(t), book(t)
	edit(t, lax, "authz/tables/rights.rego", `"Billing and Finance": {"patient": "self"`, `"Billing and Finance": {"doctor": "own", "patient": "self"`)
	var books []*Candidate
	for _, files := range []fs.FS{lax, strict} {
		read, err := rulebook.ReadFiles(files)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Load(read, points.Sections())
		if err != nil {
			t.Fatal(err)
		}
		books = append(books, c)
	}
	e := NewFrom(books[1], reading1(ward()), nil, slog.New(slog.DiscardHandler), patient)
	strictRevision := e.Revision()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				e.Put(books[i%2])
				runtime.Gosched()
			}
		}
	})
	r := readsPatient()
	r.Action.Name = "bill.list"
	seen := map[bool]int{}
	for tries := 0; tries < 1_000_000 && (seen[true] < 1000 || seen[false] < 1000); tries++ {
		r.Context.Route = e.Revision()
		d, err := e.Decide(context.Background(), r)
		if errors.Is(err, pdp.ErrRevisionChanged) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if wantAllow := d.Revision != strictRevision; d.Allow != wantAllow || d.Revision != r.Context.Route {
			t.Fatalf("revision %.8s of route %.8s decided allow %t", d.Revision, r.Context.Route, d.Allow)
		}
		seen[d.Allow]++
	}
	close(stop)
	wg.Wait()
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("got %v decisions: the swaps were not seen", seen)
	}
}

func TestWatchedEditIsInForce(t *testing.T) {
	dir := t.TempDir()
	if err := writeBook(dir, book(t)); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, dirFS(dir), reading1(ward()))
	ctx, cancel := context.WithCancel(context.Background())
	heard, again := make(chan error, 10), make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.Watch(ctx, dirFS(dir), again, func(_ string, err error) { heard <- err })
	}()
	first := e.Revision()
	files := book(t)
	edit(t, files, "authz/tables/rights.rego", `"Patient Health overview": {"doctor": "own", `, `"Patient Health overview": {`)
	if err := writeBook(dir, files); err != nil {
		t.Fatal(err)
	}
	if err := <-heard; err != nil || e.Revision() == first {
		t.Fatalf("the edit is not in force: %v", err)
	}
	second := e.Revision()
	edit(t, files, "authz/tables/rights.rego", "rights := {", "rights := {{")
	if err := writeBook(dir, files); err != nil {
		t.Fatal(err)
	}
	if err := <-heard; err == nil || e.Revision() != second || e.Fault() == nil {
		t.Errorf("got %v, revision %.8s: a broken edit must change nothing and be told", err, e.Revision())
	}
	again <- struct{}{} // it may be good by now
	if err := <-heard; err == nil || e.Revision() != second {
		t.Errorf("looked at again: got %v", err)
	}
	cancel()
	<-done
}

// What cannot be put in force at the last moment is refused like any other book.
func TestWhatIsNotEnactedIsNotInForce(t *testing.T) {
	files := book(t)
	first, err := load(files)
	if err != nil {
		t.Fatal(err)
	}
	var fault error
	e := NewFrom(first, nil, nil, slog.New(slog.DiscardHandler), Config{Enact: func(_ context.Context, next *Candidate, put func()) error {
		if fault == nil {
			put()
		}
		return fault
	}})
	edit(t, files, "authz/tables/rights.rego", `"Patient Health overview": {"doctor": "own", `, `"Patient Health overview": {`)
	fault = errors.New("the journal is full")
	if _, err := e.Activate(files); !errors.Is(err, fault) || e.Revision() != first.Revision() || e.Fault() == nil {
		t.Errorf("got %v, and %.8s is in force", err, e.Revision())
	}
	fault = nil
	if revision, err := e.Activate(files); err != nil || e.Revision() != revision || revision == first.Revision() || e.Fault() != nil {
		t.Errorf("got %v, and %.8s is in force", err, e.Revision())
	}
}

func dirFS(dir string) fs.FS { return os.DirFS(dir) }

// writeBook writes what is another, each file whole: who watches sees no half of one.
func writeBook(dir string, files fstest.MapFS) error {
	for name, file := range files {
		path := filepath.Join(dir, name)
		if before, err := os.ReadFile(path); err == nil && bytes.Equal(before, file.Data) {
			continue
		}
		err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path+".new", file.Data, 0o600), os.Rename(path+".new", path))
		if err != nil {
			return err
		}
	}
	return nil
}

// A remembered answer equals a fresh one, whole, for every random situation;
// and what differs in one fact is never answered from memory.
func TestRememberedAnswerEqualsAFreshOne(t *testing.T) {
	remembering := newEngine(t, policies.FS, nil)
	r := rand.New(rand.NewPCG(3, 4))
	actions := knownActions(remembering.active.Load())
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	for range 1500 {
		request, facts := readsPatient(), ward()
		request.Action.Name = actions[r.IntN(len(actions))].(string)
		request.Context.Credential.State = pdp.CredentialState(pick("valid", "valid", "expired"))
		request.Context.Time = request.Context.Time.Add(time.Duration(r.IntN(24)) * time.Hour)
		facts.Identity.Role = pick("doctor", "nurse", "patient")
		facts.Revocation.Session = r.IntN(4) == 0
		facts.Device.Match = pip.Match(pick("same", "same", "changed"))
		facts.Care.Staff = []string{pick("s-1", "s-2")}
		facts.Signals.State = pip.State(r.IntN(3))
		rev := remembering.active.Load()
		in := worded(t, rev, &request, &facts)
		got, _, err1 := rev.answer(context.Background(), in)
		again, document, err2 := rev.answer(context.Background(), in)
		fresh, err3 := rev.book.Ask(context.Background(), ast.MustParseTerm(string(document)).Value)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		if !sameDecision(got, fresh) || !sameDecision(again, fresh) {
			t.Fatalf("input %s:\ngot   %+v\nagain %+v\nfresh %+v", document, got, again, fresh)
		}
	}
	if n := len(remembering.active.Load().memory.answers); n == 0 {
		t.Error("nothing was remembered: the comparison says nothing")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var m memory
	for i := range 3 * maxRemembered {
		m.keep(strconv.AppendInt(nil, int64(i), 10), pdp.Decision{Allow: true})
		m.keep(strconv.AppendInt([]byte("denied"), int64(i), 10), pdp.Decision{})
	}
	if n := len(m.answers); n > maxRemembered {
		t.Errorf("%d answers are remembered", n)
	}
	if _, ok := m.recall([]byte("denied1")); ok {
		t.Error("a denial is remembered")
	}
}

// BenchmarkDecideAfresh asks about another patient each time, so that nothing
// is remembered.
func BenchmarkDecideAfresh(b *testing.B) {
	e := newEngine(b, policies.FS, reading1(ward()))
	r := readsPatient()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r.Resource.ID = strconv.Itoa(i)
		if d, err := e.Decide(context.Background(), r); err != nil || !d.Allow {
			b.Fatal(d, err)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	e := newEngine(b, policies.FS, reading1(ward()))
	r := readsPatient()
	b.ReportAllocs()
	for b.Loop() {
		if d, err := e.Decide(context.Background(), r); err != nil || !d.Allow {
			b.Fatal(d, err)
		}
	}
}
