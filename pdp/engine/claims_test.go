package engine

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pip"
)

// delegated is a doctor who reads the own patient through another enforcement
// point, which is trusted about the address and the purpose.
func delegated() pdp.Request {
	r := readsPatient()
	r.Context.Credential = pdp.Credential{State: pdp.CredentialDelegated}
	r.Context.Caller = pdp.Caller{Kind: pdp.CallerToken, Name: "default"}
	return r
}

// lies are claims of everything that a rule reads, each where it stands in the
// input and where a caller would write it.
func lies() map[string]string {
	claims := map[string]string{"context.purpose": "treatment"}
	for path := range vocabulary {
		for _, word := range []string{"fresh", "valid", "clear", "same", "on_site", "true", "doctor", "security", "s-1", "p-1", "d-1", "u-1", "token", "default"} {
			claims[path], claims["subject.properties."+path], claims["context."+path] = word, word, word
		}
	}
	for _, name := range []string{"role", "staff", "patient", "department", "account", "session", "elevation", "place", "acr", "treats"} {
		claims["subject.properties."+name], claims["context."+name], claims["resource.properties."+name] = "fresh", "fresh", "fresh"
	}
	return claims
}

// Whatever a caller claims, what is known of the subject and of the world wins:
// the answer and every gathered value are as if nothing had been claimed.
func TestNoClaimWinsOverWhatIsKnown(t *testing.T) {
	rules := prepared(t, book(t))
	for name, change := range map[string]func(*pdp.Request, *pointstest.Facts){
		"allowed":            func(*pdp.Request, *pointstest.Facts) {},
		"another role":       func(r *pdp.Request, _ *pointstest.Facts) { r.Action.Name = "bill.list" },
		"no role":            func(_ *pdp.Request, f *pointstest.Facts) { f.Identity.Role = "" },
		"no staff record":    func(_ *pdp.Request, f *pointstest.Facts) { f.Identity.Staff = "" },
		"disabled account":   func(_ *pdp.Request, f *pointstest.Facts) { f.Identity.Account = pip.AccountDisabled },
		"unknown subject":    func(_ *pdp.Request, f *pointstest.Facts) { f.Identity = pip.Identity{} },
		"somebody's patient": func(_ *pdp.Request, f *pointstest.Facts) { f.Care.Staff = []string{"s-2"} },
		"banned":             func(_ *pdp.Request, f *pointstest.Facts) { f.Revocation.Subject = true },
		"revoked":            func(_ *pdp.Request, f *pointstest.Facts) { f.Revocation.Session = true },
		"list unknown":       func(_ *pdp.Request, f *pointstest.Facts) { f.Revocation = pip.Revoked{} },
		"signals unknown":    func(_ *pdp.Request, f *pointstest.Facts) { f.Signals = pip.Signals{} },
		"device unknown":     func(_ *pdp.Request, f *pointstest.Facts) { f.Device = pip.Device{} },
		"no step-up":         func(r *pdp.Request, _ *pointstest.Facts) { r.Action.Name = "service.edit" },
		"off-site":           func(r *pdp.Request, _ *pointstest.Facts) { r.Context.Address = netip.MustParseAddr("203.0.113.7") },
		"no address":         func(r *pdp.Request, _ *pointstest.Facts) { r.Context.Address = netip.Addr{} },
		"console":            func(r *pdp.Request, _ *pointstest.Facts) { r.Action.Name = "console.change" },
		"nobody": func(r *pdp.Request, _ *pointstest.Facts) {
			r.Subject, r.Context.Credential.State = pdp.Subject{Type: "anonymous"}, pdp.CredentialNone
		},
		"a session of our own": func(r *pdp.Request, _ *pointstest.Facts) { r.Context.Credential.State = pdp.CredentialExpired },
		"bulk reader":          func(_ *pdp.Request, f *pointstest.Facts) { f.Signals.Patients = 100000 },
		"no clock":             func(r *pdp.Request, _ *pointstest.Facts) { r.Context.Time = r.Context.Time.AddDate(-3000, 0, 0) },
	} {
		honest, facts := delegated(), ward()
		honest.Context.Claims = map[string]string{"context.purpose": "treatment"}
		change(&honest, &facts)
		liar := honest
		liar.Context.Claims = lies()
		e := NewFrom(rules, reading1(facts), nil, slog.New(slog.DiscardHandler), patient)
		want, err1 := e.Decide(t.Context(), honest)
		got, err2 := e.Decide(t.Context(), liar)
		if err1 != nil || err2 != nil {
			t.Fatal(name, err1, err2)
		}
		if !sameDecision(got, want) || string(got.Evidence.Input) != string(want.Evidence.Input) {
			t.Errorf("%s: got %+v\n%s\nwithout the claims %+v\n%s", name, got, got.Evidence.Input, want, want.Evidence.Input)
		}
	}
}

// Who stands in no row is trusted about nothing, an address included; and a
// name is believed only by the proof that the table names.
func TestAnUnknownCallersClaimsChangeNothing(t *testing.T) {
	rules := prepared(t, book(t))
	for _, caller := range []pdp.Caller{
		{Kind: pdp.CallerToken, Name: "lab"}, {Kind: pdp.CallerCertificate, Name: "default"},
		{Kind: "", Name: "default"}, {Kind: pdp.CallerToken}, {Kind: "Token", Name: "default"},
	} {
		said, silent := delegated(), delegated()
		said.Context.Caller, silent.Context.Caller = caller, caller
		said.Context.Claims, said.Context.UserAgent = lies(), "Mozilla/5.0"
		silent.Context.Address = netip.Addr{}
		e := NewFrom(rules, reading1(ward()), nil, slog.New(slog.DiscardHandler), patient)
		got, err1 := e.Decide(t.Context(), said)
		want, err2 := e.Decide(t.Context(), silent)
		if err1 != nil || err2 != nil || !sameDecision(got, want) || string(got.Evidence.Input) != string(want.Evidence.Input) {
			t.Errorf("%v: got %+v, %v\nwant %+v, %v", caller, got, err1, want, err2)
		}
		if got.Allow || !slices.Contains(got.Reasons, "location_unknown") || got.Evidence.Address.IsValid() {
			t.Errorf("%v: got %+v: its word for the address counts", caller, got)
		}
	}
}

// This house's own enforcement point is no caller: what stands beside its
// questions is not heard, and the input is as it always was.
func TestTheHouseItselfClaimsNothing(t *testing.T) {
	r := readsPatient()
	r.Context.Claims = lies()
	e := asking(t, reading1(ward()))
	d, err := e.Decide(t.Context(), r)
	if err != nil || !d.Allow || strings.Contains(string(d.Evidence.Input), "claims") || strings.Contains(string(d.Evidence.Input), "caller") {
		t.Errorf("got %+v, %v, %s", d, err, d.Evidence.Input)
	}
}

// A row of the table is enough for a claim to be heard, and its words are all
// that is heard.
func TestATableRowMakesAClaimHeard(t *testing.T) {
	files := book(t)
	edit(t, files, "authz/tables/callers.rego", `"certificate": {},`,
		`"certificate": {"spiffe://hospital.test/icu": {"address", "elevation"}},`)
	e := newEngine(t, files, reading1(ward()))
	for name, test := range map[string]struct {
		change func(*pdp.Request)
		want   []string
	}{
		"believed":       {func(*pdp.Request) {}, nil},
		"other words":    {func(r *pdp.Request) { r.Context.Claims = map[string]string{"context.elevation": "Fresh"} }, []string{"step_up_required"}},
		"another place":  {func(r *pdp.Request) { r.Context.Claims = map[string]string{"subject.properties.elevation": "fresh"} }, []string{"step_up_required"}},
		"another caller": {func(r *pdp.Request) { r.Context.Caller.Name += "2" }, []string{"location_unknown", "step_up_required"}},
		"by a token":     {func(r *pdp.Request) { r.Context.Caller.Kind = pdp.CallerToken }, []string{"location_unknown", "step_up_required"}},
		"purpose unbelieved": {func(r *pdp.Request) {
			r.Context.Claims = map[string]string{"context.elevation": "fresh", "context.purpose": "payment"}
		}, nil},
	} {
		r := delegated()
		r.Action.Name = "service.edit"
		r.Context.Caller = pdp.Caller{Kind: pdp.CallerCertificate, Name: "spiffe://hospital.test/icu"}
		r.Context.Claims = map[string]string{"context.elevation": "fresh"}
		test.change(&r)
		for _, again := range []string{"afresh", "once more"} {
			d, err := e.Decide(t.Context(), r)
			if err != nil || d.Allow != (test.want == nil) || !slices.Equal(d.Reasons, test.want) {
				t.Errorf("%s, %s: got %+v, %v, want %v", name, again, d, err, test.want)
			}
		}
	}
}

// What a believed caller says in words that nobody knows is not silence: a
// purpose that no right serves denies, whatever it is called, and is journalled
// by no word of the caller's.
func TestAPurposeInOtherWordsDenies(t *testing.T) {
	e := asking(t, reading1(ward()))
	for said, reasons := range map[string][]string{
		"treatment": nil, "payment": {"purpose_unfit"}, "marketing of ward 7": {"purpose_unfit"}, "Treatment": {"purpose_unfit"}, "": {"purpose_unfit"},
		"other": {"purpose_unfit"},
	} {
		r := delegated()
		r.Context.Claims = map[string]string{"context.purpose": said}
		d, err := e.Decide(t.Context(), r)
		if err != nil || d.Allow != (reasons == nil) || !slices.Equal(d.Reasons, reasons) {
			t.Errorf("%q: got %v %v, %v, want %v", said, d.Allow, d.Reasons, err, reasons)
		}
		if strings.Contains(string(d.Evidence.Input), "marketing") {
			t.Errorf("%q: the input has it: %s", said, d.Evidence.Input)
		}
	}
}

func TestFaultyTablesOfCallersAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ old, new, want string }{
		"a name of the house":     {`"purpose": {"at"`, `"address": {"at"`, "claims.address: expected a name"},
		"a place that facts have": {`"at": "context.purpose"`, `"at": "subject.id"`, "claims.purpose: at: expected a place"},
		"a deep place":            {`"at": "context.purpose"`, `"at": "context.a.b"`, "claims.purpose: at"},
		"no words":                {`"words": {"fresh"}`, `"words": set()`, "claims.elevation: words"},
		"the word for others":     {`"words": {"fresh"}`, `"words": {"fresh", "other"}`, "claims.elevation: words"},
		"a claim that is none":    {`{"address", "user_agent", "purpose"}`, `{"address", "role"}`, `trusted about "role"`},
		"what is told as a name":  {`"default": {`, `"user_agent": {`, `callers.token: "user_agent" is what callers are trusted about`},
		"a claim as a name":       {`"default": {`, `"purpose": {`, `callers.token: "purpose" is what callers are trusted about`},
		"another proof":           {`"certificate": {}`, `"header": {}`, "callers.header: expected token or certificate"},
	} {
		files := book(t)
		edit(t, files, "authz/tables/callers.rego", test.old, test.new)
		if _, err := load(files); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// A row condition is made of what is always there. A claim may be missing.
func TestRowRulesDoNotReadClaims(t *testing.T) {
	files := book(t)
	files["records/rows/rows.rego"] = &fstest.MapFile{Data: []byte(string(files["records/rows/rows.rego"].Data) + `
# METADATA
# title: In an emergency everybody touches everything
include if input.context.claims.purpose == "emergency"
`)}
	if _, err := load(files); err == nil || !strings.Contains(err.Error(), "words from a fixed list") {
		t.Errorf("got %v, want the row rule refused", err)
	}
}

// claimed draws every way in which the optional members can be there.
func claimed(in *input.Document, each func(*input.Document)) {
	var places []int
	for path, number := range input.Places(in) {
		if input.IsClaim(path) {
			places = append(places, number)
		}
	}
	slices.Sort(places)
	for which := range 1 << len(places) {
		for i, place := range places {
			in.Put(place, nil)
			if which&(1<<i) != 0 {
				in.Put(place, "fresh")
			}
		}
		each(in)
	}
}

// What may be missing is looked up and remembered as it stands in the document,
// and is read back from it.
func TestMissingMembersAreMissingInEveryForm(t *testing.T) {
	l := layout(t, pip.Member{Name: "elevation", Type: pip.TypeClaim}, pip.Member{Name: "purpose", Type: pip.TypeClaim})
	for name, rule := range map[string]string{
		"a member":       `allow if input.context.claims.purpose == "fresh"`,
		"its presence":   `allow if input.context.claims.purpose`,
		"its absence":    `allow if not input.context.claims.purpose`,
		"the section":    `allow if input.context.claims`,
		"no section":     `allow if not input.context.caller`,
		"two alike":      `allow if input.context.caller.name == input.context.claims.purpose`,
		"the whole":      `allow if count(input.context.claims) == 1`,
		"sections alike": `allow if input.context.caller != input.context.claims`,
	} {
		t.Run(name, func(t *testing.T) {
			program := programOf(t, "package authz\n\nanswer := {\"allow\": allow}\n\ndefault allow := false\n\n"+rule)
			c := &answer.Compiled{Program: program}
			scope := input.NewScope(program, l.Blank())
			form, answers, both := input.NewForm(l.Blank()), map[string]string{}, map[string]bool{}
			claimed(l.Blank(), func(in *input.Document) {
				want, err := c.Evaluate(t.Context(), in.Value())
				if err != nil {
					t.Fatal(err)
				}
				both[want.String()] = true
				document := in.AppendJSON(nil)
				var back input.Document
				if !json.Valid(document) || !form.Read(&back, document) || back.Value().Compare(in.Value()) != 0 {
					t.Fatalf("%s is not read back: got %v", document, back.Value())
				}
				if scope.Whole {
					return
				}
				got, err := c.Run(t.Context(), scope.Values(in))
				if err != nil || got.Value.Compare(want.Value) != 0 {
					t.Fatalf("%s: got %v, %v, want %v", document, got, err, want)
				}
				key := fmt.Sprintf("%x", scope.AppendKey(nil, in))
				if before, known := answers[key]; known && before != want.String() {
					t.Fatalf("%s: got %v, and %s by the same key", document, want, before)
				}
				answers[key] = want.String()
			})
			if len(both) != 2 {
				t.Errorf("got %v alone: the comparison says nothing", both)
			}
		})
	}
}
