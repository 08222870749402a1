package engine

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/policies"
)

// vocabulary is what a random input draws from, by the path of the value. The
// empty text and a foreign word stand for what no table knows.
var vocabulary = map[string][]any{
	"subject.type":                    {"user", "machine", "anonymous", ""},
	"subject.id":                      {"u-1", ""},
	"subject.properties.account":      {"active", "active", "active", "pending", "disabled", ""},
	"subject.properties.role":         {"doctor", "nurse", "patient", "security", "machine", "anyone", "porter", ""},
	"subject.properties.staff":        {"s-1", ""},
	"subject.properties.patient":      {"p-1", ""},
	"subject.properties.department":   {"d-1", ""},
	"action.name":                     nil, // filled from the tables
	"resource.type":                   {"patient", "service", "session", "model", ""},
	"resource.id":                     {"p-1", ""},
	"context.credential.state":        {"valid", "valid", "valid", "none", "expired", "invalid", "delegated", "foreign"},
	"context.credential.presented":    {"header", "header", "cookie", ""},
	"context.credential.acr":          {"urn:wardgate:acr:stepped-up", "urn:wardgate:acr:two-factor", ""},
	"context.credential.factors":      {"two", "one", "none"},
	"context.credential.elevation":    {"fresh", "expired", "none"},
	"context.identity.state":          {"fresh", "fresh", "fresh", "stale", "unknown"},
	"context.revocation.state":        {"fresh", "fresh", "fresh", "stale", "unknown"},
	"context.revocation.session":      {"clear", "clear", "clear", "revoked"},
	"context.revocation.subject":      {"clear", "clear", "clear", "banned"},
	"context.revocation.log_in":       {"clear", "clear", "barred"},
	"context.revocation.address":      {"clear", "clear", "barred"},
	"context.revocation.step_up":      {"none", "none", "owed"},
	"context.revocation.stale_for":    {"", "short", "long"},
	"context.device.state":            {"fresh", "fresh", "fresh", "stale", "unknown"},
	"context.device.match":            {"same", "same", "same", "changed", "unseen", ""},
	"context.location.state":          {"fresh", "fresh", "fresh", "unknown"},
	"context.location.place":          {"on_site", "on_site", "off_site", ""},
	"context.location.country":        {"DE", ""},
	"context.location.drift":          {"none", "none", "moved", "hidden", ""},
	"context.location.claimed_drift":  {"none", "none", "moved", "lost", ""},
	"context.location.claimed_travel": {"possible", "possible", "impossible", ""},
	"context.location.travel":         {"possible", "possible", "impossible", ""},
	"context.log_in.factor":           {"password", "code", ""},
	"context.log_in.failures":         {"many", "few", "none"},
	"context.log_in.familiar":         {"device", "network", "none"},
	"context.care.state":              {"fresh", "fresh", "fresh", "stale", "unknown"},
	"context.care.treats":             {true, true, false},
	"context.care.same_department":    {true, true, false},
	"context.care.own":                {true, true, false},
	"context.signals.state":           {"fresh", "fresh", "fresh", "stale", "unknown"},
	"context.signals.requests":        {"usual", "usual", "usual", "many", ""},
	"context.signals.patients":        {"usual", "usual", "many", "far_more", ""},
	"context.signals.predictions":     {"usual", "usual", "many", ""},
	"context.signals.denials":         {"usual", "many", ""},
	"context.signals.failed_log_ins":  {"usual", "many", ""},
	"context.time.state":              {"fresh", "fresh", "fresh", "unknown"},
	"context.time.period":             {"day", "night", ""},
	"context.caller.kind":             {nil, nil, "token", "certificate"},
	"context.caller.name":             {nil, "default", "lab"},
	"context.claims.purpose":          {nil, nil, nil, "treatment", "payment", "other"},
	"context.claims.elevation":        {nil, nil, "fresh"},
}

// randomInput draws a document. One in ten lacks a value, so that rules meet
// the undefined, and one in four contradicts itself.
func randomInput(r *rand.Rand, actions []any) ast.Value {
	document := map[string]any{}
	for _, path := range slices.Sorted(maps.Keys(vocabulary)) {
		words := vocabulary[path]
		if path == "action.name" {
			words = actions
		}
		if r.IntN(len(vocabulary)*10) == 0 {
			continue
		}
		if word := words[r.IntN(len(words))]; word != nil {
			put(document, path, word)
		}
	}
	if r.IntN(4) > 0 { // what no information point says is denied alike
		settle(document)
	}
	return ast.MustInterfaceToValue(document)
}

func put(document map[string]any, path string, value any) {
	at := document
	for {
		i := slices.Index([]byte(path), '.')
		if i < 0 {
			at[path] = value
			return
		}
		next, ok := at[path[:i]].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[path[:i]] = next
		}
		at, path = next, path[i+1:]
	}
}

func knownActions(rev *Candidate) []any {
	seen := map[string]bool{"session.create": true, "session.continue": true, "log_in.fail": true, "machine.log_in": true, "no.such.action": true, "": true}
	for _, row := range rev.book.Tables.House.Routes {
		seen[row.Action] = true
	}
	var actions []any
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		actions = append(actions, name)
	}
	return actions
}

// The compiled form decides, or the flattened one; the written form is what
// people read: over whole answers they must be one.
func TestFormsThatDecideEqualTheWrittenOne(t *testing.T) {
	book, err := load(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	flattened := *book.book
	flattened.Decides = flatten(t)
	for name, b := range map[string]*rulebook.Book{"compiled": book.book, "flattened": &flattened} {
		t.Run(name, func(t *testing.T) { equalsWritten(t, b, book) })
	}
}

func flatten(t *testing.T) answer.Form {
	t.Helper()
	files, err := rulebook.ReadRules(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	compiler, err := rulebook.Compile(files)
	if err != nil {
		t.Fatal(err)
	}
	form, err := answer.Optimise(t.Context(), compiler)
	if err != nil {
		t.Fatal(err)
	}
	return form
}

func equalsWritten(t *testing.T, decides *rulebook.Book, book *Candidate) {
	t.Helper()
	written := *book.book
	written.Decides = written.Written
	actions := knownActions(book)
	r := rand.New(rand.NewPCG(1, 2))
	allowed := 0
	for range 3000 {
		in := randomInput(r, actions)
		fast, err1 := decides.Ask(context.Background(), in)
		slow, err2 := written.Ask(context.Background(), in)
		if err1 != nil || err2 != nil {
			t.Fatalf("input %v: errors %v and %v", in, err1, err2)
		}
		if !sameDecision(fast, slow) {
			t.Fatalf("input %v:\ndecides %+v\nwritten %+v", in, fast, slow)
		}
		if fast.Allow {
			allowed++
		}
	}
	if allowed < 30 {
		t.Errorf("only %d of 3000 random inputs were allowed: the comparison says little", allowed)
	}
}
