package pdp_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

var at = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func allowed() *pdp.Decision {
	return &pdp.Decision{
		Allow: true, Revision: "r-1", Obligations: []pdp.Obligation{{ID: "withhold"}, {ID: "mask_response"}},
		Grounds: pdp.Grounds{Rules: []pdp.Rule{{Folder: "role", Code: "role"}}, Right: "Billing", Reach: "all"},
		Evidence: pdp.Evidence{
			Input: []byte(`{}`), Ages: map[string]int64{"care": 7}, Period: pip.PeriodNight, Travel: "possible", Familiar: "network",
			Device: pip.Device{OS: "Linux", Browser: "Firefox"}, Location: pip.Location{Country: "DE"},
		},
	}
}

// Each fact of a trace and of a decision stands in the event: one that is added
// and forgotten is found here.
func TestAllOfADecisionIsEvidence(t *testing.T) {
	trace := pdp.Trace{
		ID: "d-1", Action: "patient.read", Subject: "u-1", Role: "doctor", Session: "s-1", Caller: "token:lab",
		Address: netip.MustParseAddr("192.0.2.1"), Client: pdp.Client{OS: "Linux", Browser: "Firefox", Country: "DE"}, Patient: "p-1",
		Application: "imaging", Method: "GET", Path: "/p", PathDigest: "pd", QueryDigest: "qd", BodyDigest: "bd", Detail: "d",
	}
	got := trace.Decided(allowed(), nil, at)
	want := pip.Event{
		Kind: pip.KindDecision, Time: at, Action: "patient.read", Outcome: "success", Decision: "d-1", Subject: "u-1", Role: "doctor",
		Session: "s-1", Caller: "token:lab", Application: "imaging", Method: "GET", Path: "/p", PathDigest: "pd", QueryDigest: "qd", BodyDigest: "bd",
		Address: "192.0.2.1", OS: "Linux", Browser: "Firefox", Country: "DE", Allow: true,
		Obligations: []string{"withhold", "mask_response"}, Rules: []string{"role/role"}, Right: "Billing", Reach: "all", Revision: "r-1",
		Input: []byte(`{}`), Ages: map[string]int64{"care": 7}, Patients: []string{"p-1"}, Detail: "d",
		Saw: pip.Saw{Period: pip.PeriodNight, Country: "DE", Travel: "possible", Familiar: "network"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	for i := range reflect.TypeOf(trace).NumField() {
		without := trace
		reflect.ValueOf(&without).Elem().Field(i).SetZero()
		if reflect.DeepEqual(without.Decided(allowed(), nil, at), want) {
			t.Errorf("%s is not evidence", reflect.TypeOf(trace).Field(i).Name)
		}
	}
}

// The end of a body that was not judged is a success when it came whole, and alone then.
func TestEndsOfStreams(t *testing.T) {
	trace := pdp.Trace{ID: "d-1", Subject: "u-1", Method: "POST", Path: "/p", BodyDigest: "stream"}
	for how, outcome := range map[string]string{pdp.StreamComplete: "success", pdp.StreamClient: "failure", pdp.StreamIdle: "failure", "": "failure"} {
		want := pip.Event{Kind: pip.KindStream, Time: at, Outcome: outcome, Decision: "d-1", Subject: "u-1", Method: "POST", Path: "/p",
			Allow: true, Bytes: 7, BodyDigest: "ab", Detail: how}
		if got := trace.Ended(how, 7, "ab", at); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, want %+v", how, got, want)
		}
	}
}

func TestOutcomes(t *testing.T) {
	for name, tt := range map[string]struct {
		given pdp.Outcome
		want  pip.Event
	}{
		"answered": {pdp.Outcome{Status: 200, Patients: []string{"p-1"}, Answered: true},
			pip.Event{Outcome: "success", Status: 200, Patients: []string{"p-1"}, Rules: []string{"role/role"}, Right: "Billing", Reach: "all"}},
		"answered with an error": {pdp.Outcome{Status: 404, Answered: true},
			pip.Event{Outcome: "failure", Status: 404, Rules: []string{"role/role"}, Right: "Billing", Reach: "all"}},
		"not answered": {pdp.Outcome{Status: 502, Outcome: "unknown", Detail: "application_unavailable"},
			pip.Event{Outcome: "unknown", Status: 502, Detail: "application_unavailable"}},
		"broken off": {pdp.Outcome{Outcome: "unknown", Detail: "cut_off", Reasons: []string{"session_revoked"}},
			pip.Event{Outcome: "unknown", Detail: "cut_off", Reasons: []string{"session_revoked"}}},
	} {
		tt.want.Kind, tt.want.Time, tt.want.Allow, tt.want.Subject = pip.KindOutcome, at, true, "u-1"
		trace := pdp.Trace{Subject: "u-1"}
		if got := trace.CameOf(allowed(), &tt.given, at); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %+v, want %+v", name, got, tt.want)
		}
	}
}

// A denial says why, by its gravest class, and names no rule that would have
// allowed.
func TestADenialIsEvidenceOfItsClass(t *testing.T) {
	reasons := pdp.Reasons{
		"a": {Class: pdp.ClassCredential}, "b": {Class: pdp.ClassDevice}, "c": {Class: pdp.ClassRight},
		"d": {Class: pdp.ClassRelationship}, "e": {Class: pdp.ClassPlace}, "f": {Class: pdp.ClassUnavailable, Status: 503},
		"g": {Class: pdp.ClassMalformed, Alarm: true}, "h": {Class: pdp.ClassUnavailable, Status: 403},
	}
	for codes, want := range map[string]pip.Denial{
		"e a": pip.DenialCredential, "d b": pip.DenialDevice, "d c": pip.DenialRight, "e d": pip.DenialRelationship, "e": pip.DenialOther, "z": pip.DenialOther,
		"f": pip.DenialUndecided, "f e": pip.DenialUndecided, "c f": pip.DenialUndecided, "f g": pip.DenialOther, "h": pip.DenialOther,
	} {
		d := allowed()
		d.Allow, d.Reasons = false, strings.Fields(codes)
		trace := pdp.Trace{}
		e := trace.Decided(d, reasons, at)
		if e.Allow || e.Outcome != "failure" || e.Rules != nil || e.Saw.Denial != want {
			t.Errorf("%s: got %+v, want the denial %d", codes, e, want)
		}
	}
}

// TestOneBuilderOfEvidence holds that a decision becomes an event in one place:
// what it was made from and its grounds are put into an event by no other file.
func TestOneBuilderOfEvidence(t *testing.T) {
	marks := []string{"Evidence.Input", "Evidence.Ages", "Grounds.Names()"}
	var found int
	for _, root := range []string{"../pdp", "../pep", "../pip", "../internal/process"} {
		err := filepath.WalkDir(root, func(path string, f os.DirEntry, err error) error {
			if err != nil || f.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			if err != nil || !strings.Contains(string(text), "pip.Event") {
				return err
			}
			found++
			if path == "../pdp/trace.go" {
				return nil
			}
			for _, mark := range marks {
				if strings.Contains(string(text), mark) {
					t.Errorf("%s puts %s into an event: a decision becomes one in trace.go", path, mark)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 5 {
		t.Errorf("looked at %d files that make events: the test looks in the wrong place", found)
	}
}
