package engine

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/machine"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

// randomPairs draws an input as requests fill it: every member is there.
func randomPairs(r *rand.Rand, t *tables, actions []any) *input {
	in := &input{}
	in.fill(&pdp.Request{}, &pip.Facts{}, t)
	for number := range in.pairs {
		in.draw(r, number, t, actions)
	}
	return in
}

func (in *input) draw(r *rand.Rand, number int, t *tables, actions []any) {
	numbers, _ := layout(t)
	for path, n := range numbers {
		if n != number {
			continue
		}
		list := vocabulary[path]
		if path == "action.name" {
			list = actions
		}
		if len(list) == 0 {
			return
		}
		p := &in.pairs[number]
		switch v := list[r.IntN(len(list))].(type) {
		case nil:
			p.text, p.kind = "", isNothing
		case string:
			p.text, p.kind = v, isText
		case bool:
			p.text, p.kind = "", isFalse
			if v {
				p.kind = isTrue
			}
		}
	}
}

// What decides looks only at single members, and remembers by them alone: two
// inputs of one key have one answer, which is that of the written rules.
func TestOneKeyIsOneAnswer(t *testing.T) {
	rev, err := load(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	if !rev.narrow() {
		t.Fatal("the rule book is not narrow: this says nothing")
	}
	actions := knownActions(rev)
	r := rand.New(rand.NewPCG(3, 4))
	answers, again := map[string]pdp.Decision{}, 0
	written := &revision{decides: rev.written, rows: rev.rows}
	for range 300 {
		in := randomPairs(r, rev.tables, actions)
		for range 10 {
			for range r.IntN(3) {
				in.draw(r, r.IntN(len(in.pairs)), rev.tables, actions)
			}
			fast, err1 := rev.askNarrow(context.Background(), in)
			slow, err2 := written.ask(context.Background(), in.value())
			if (err1 == nil) != (err2 == nil) || err1 == nil && !sameDecision(fast, slow) {
				t.Fatalf("input %s:\ndecides %+v, %v\nwritten %+v, %v", in.appendJSON(nil), fast, err1, slow, err2)
			}
			if err1 != nil {
				continue
			}
			key := string(rev.compiled.scope.appendKey(nil, in))
			if before, ok := answers[key]; ok {
				again++
				if !sameDecision(before, slow) {
					t.Fatalf("input %s: got %+v, and by the same key %+v", in.appendJSON(nil), slow, before)
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
			c := &compiled{program: program, scope: scopeOf(program, &tables{})}
			in := &input{}
			in.fill(&pdp.Request{}, &pip.Facts{}, &tables{})
			numbers, _ := layout(&tables{})
			in.pairs[numbers["subject.id"]].text, in.pairs[numbers["resource.id"]].text = "u", "u"
			in.pairs[numbers["context.care.treats"]].kind = isTrue
			got, err := c.run(t.Context(), c.scope.values(in))
			if err != nil {
				t.Fatal(err)
			}
			want, err := c.evaluate(t.Context(), in.value())
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
	policy, err := machine.Plan(t.Context(), modules, entrypoint, capabilities())
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
	in := &input{}
	keys := map[string]string{}
	for _, id := range []string{"\xff", "\xfe", "\ufffd", "\xff\xff", "a\x00b", "a\\u0000b", `"`, `","id":"`} {
		in.fill(&pdp.Request{Subject: pdp.Subject{ID: id}}, &pip.Facts{}, &tables{})
		key := string(in.appendExact(nil))
		if other, taken := keys[key]; taken {
			t.Errorf("%q and %q have one key", id, other)
		}
		keys[key] = id
	}
	in.fill(&pdp.Request{Subject: pdp.Subject{Type: "ab", ID: "c"}}, &pip.Facts{}, &tables{})
	one := in.appendExact(nil)
	in.fill(&pdp.Request{Subject: pdp.Subject{Type: "a", ID: "bc"}}, &pip.Facts{}, &tables{})
	if bytes.Equal(one, in.appendExact(nil)) {
		t.Error("where a text ends makes no difference")
	}
}
