package engine

import (
	"bytes"
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/machine"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

// randomPairs draws an input as requests fill it: every member is there.
func randomPairs(r *rand.Rand, l *input.Layout, actions []any) *input.Document {
	in := l.Blank()
	places := input.Places(in)
	for _, path := range slices.Sorted(maps.Keys(places)) {
		draw(in, r, path, places[path], actions)
	}
	return in
}

func draw(in *input.Document, r *rand.Rand, path string, place int, actions []any) {
	list := vocabulary[path]
	if path == "action.name" {
		list = actions
	}
	if len(list) > 0 {
		in.Put(place, list[r.IntN(len(list))])
	}
}

// What decides looks only at single members, and remembers by them alone: two
// inputs of one key have one answer, which is that of the written rules.
func TestOneKeyIsOneAnswer(t *testing.T) {
	rev, err := load(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	if !rev.narrow {
		t.Fatal("the rule book is not narrow: this says nothing")
	}
	actions := knownActions(rev)
	r := rand.New(rand.NewPCG(3, 4))
	answers, again := map[string]pdp.Decision{}, 0
	written := *rev.book
	written.Decides = written.Written
	places := input.Places(rev.layout.Blank())
	paths := slices.Sorted(maps.Keys(places))
	for range 300 {
		in := randomPairs(r, rev.layout, actions)
		for range 10 {
			for range r.IntN(3) {
				path := paths[r.IntN(len(paths))]
				draw(in, r, path, places[path], actions)
			}
			fast, err1 := rev.Ask(context.Background(), in)
			slow, err2 := written.Ask(context.Background(), in.Value())
			if (err1 == nil) != (err2 == nil) || err1 == nil && !sameDecision(fast, slow) {
				t.Fatalf("input %s:\ndecides %+v, %v\nwritten %+v, %v", in.AppendJSON(nil), fast, err1, slow, err2)
			}
			if err1 != nil {
				continue
			}
			key := string(rev.AppendKey(nil, in))
			if before, ok := answers[key]; ok {
				again++
				if !sameDecision(before, slow) {
					t.Fatalf("input %s: got %+v, and by the same key %+v", in.AppendJSON(nil), slow, before)
				}
			}
			answers[key] = slow
		}
	}
	if again < 100 {
		t.Errorf("only %d keys came twice: the comparison says little", again)
	}
}

// A name with a dot in it is no path: what it names is in no input.
func TestDottedNamesAreNoPaths(t *testing.T) {
	for name, rule := range map[string]string{
		"a member":      `allow if input["subject.id"] == "u"`,
		"one below":     `allow if input.context["care.treats"]`,
		"its presence":  `allow if input["context.care"]`,
		"the empty one": `allow if input[""]`,
		"not equal":     `allow if input["subject.id"] == input.resource.id`,
	} {
		t.Run(name, func(t *testing.T) {
			program := programOf(t, "package authz\n\nanswer := {\"allow\": allow}\n\ndefault allow := false\n\n"+rule)
			c := &answer.Compiled{Program: program}
			scope := input.NewScope(program, layout(t).Blank())
			in := layout(t).Blank()
			places := input.Places(in)
			in.Put(places["subject.id"], "u")
			in.Put(places["resource.id"], "u")
			in.Put(places["context.care.treats"], true)
			got, err := c.Run(t.Context(), scope.Values(in))
			if err != nil {
				t.Fatal(err)
			}
			want, err := c.Evaluate(t.Context(), in.Value())
			if err != nil {
				t.Fatal(err)
			}
			if got.Value.Compare(want.Value) != 0 {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func programOf(t *testing.T, text string) *machine.Program {
	t.Helper()
	modules := map[string]*ast.Module{"a.rego": ast.MustParseModuleWithOpts(text, ast.ParserOptions{RegoVersion: ast.RegoV1})}
	policy, err := machine.Plan(t.Context(), modules, answer.Entrypoint, ast.CapabilitiesForThisVersion())
	if err != nil {
		t.Fatal(err)
	}
	program, err := machine.Compile(policy)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// Whatever bytes an id is made of, another id is another key, also where the
// whole input is the key: JSON has one sign for all that is no UTF-8.
func TestNoTwoInputsHaveOneKey(t *testing.T) {
	var in *input.Document
	keys := map[string]string{}
	for _, id := range []string{"\xff", "\xfe", "\ufffd", "\xff\xff", "a\x00b", "a\\u0000b", `"`, `","id":"`} {
		in = about(t, pdp.Subject{ID: id})
		key := string(in.AppendExact(nil))
		if other, taken := keys[key]; taken {
			t.Errorf("%q and %q have one key", id, other)
		}
		keys[key] = id
	}
	in = about(t, pdp.Subject{Type: "user", ID: "c"})
	one := in.AppendExact(nil)
	in = about(t, pdp.Subject{Type: "", ID: "userc"})
	if bytes.Equal(one, in.AppendExact(nil)) {
		t.Error("where a text ends makes no difference")
	}
}

// layout is that of a rule book without claims.
func layout(t *testing.T, claims ...pip.Member) *input.Layout {
	t.Helper()
	l, err := input.NewLayout(points.Sections(), claims)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func about(t *testing.T, s pdp.Subject) *input.Document {
	t.Helper()
	in := layout(t).Blank()
	w := in.Section(input.Subject, nil, pip.Freshness{})
	w.Word("type", s.Type)
	w.Word("id", s.ID)
	return in
}
