package symbolic_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/pdp/engine/machine"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

func program(t *testing.T, rules string) *machine.Program {
	t.Helper()
	modules := map[string]*ast.Module{}
	text := "package authz\n\n" + rules
	m, err := ast.ParseModuleWithOpts("rules.rego", text, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		t.Fatal(err)
	}
	modules["rules.rego"] = m
	plan, err := machine.Plan(t.Context(), modules, "authz/answer", nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := machine.Compile(plan)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func space() *symbolic.Space {
	s := symbolic.NewSpace()
	s.Text("who")
	s.Text("owner")
	s.Closed("state", ast.StringTerm("fresh"), ast.StringTerm("stale"))
	for i := range 20 {
		s.Closed(fmt.Sprintf("n.m%d", i), ast.BooleanTerm(false), ast.BooleanTerm(true))
	}
	return s
}

func analysed(t *testing.T, s *symbolic.Space, rules string) (*symbolic.Answer, *symbolic.Diagrams, error) {
	t.Helper()
	books, d := symbolic.Analyser{}.Analyse(s, []string{"authz.answer"}, program(t, rules))
	a, known, err := books[0].Answer("authz.answer")
	if err == nil && !known {
		t.Fatal("there is no answer")
	}
	return a, d, err
}

// One member equals another only where both are the same text, named or not.
func TestTwoTextsMeet(t *testing.T) {
	s := space()
	a, d, err := analysed(t, s, "default answer := false\n\nanswer if {\n\tinput.who == input.owner\n\tinput.who != \"\"\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		who, owner any
		want       bool
	}{{"a", "a", true}, {"a", "b", false}, {"", "", false}, {nil, nil, false}, {"a", nil, false}} {
		input := ast.NewObject()
		for key, v := range map[string]any{"who": tt.who, "owner": tt.owner} {
			if v != nil {
				input.Insert(ast.StringTerm(key), ast.NewTerm(ast.MustInterfaceToValue(v)))
			}
		}
		at, err := s.Assign(input)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Holds(a.Has(ast.BooleanTerm(true)), at); got != tt.want {
			t.Errorf("who %v, owner %v: %t, want %t", tt.who, tt.owner, got, tt.want)
		}
	}
}

// Thirty rules that add elements have 2^30 sets: they are never put together where
// a rule asks for one element, for any, or visits them.
func TestElementsAreAskedForOneByOne(t *testing.T) {
	var rules strings.Builder
	for i := range 20 {
		fmt.Fprintf(&rules, "codes contains \"c%d\" if input.n.m%d\n\n", i, i)
	}
	rules.WriteString("has if \"c7\" in codes\n\nlacks if not \"c7\" in codes\n\nnone if not _some\n\n_some if some _ in codes\n\n")
	rules.WriteString("copied contains code if {\n\tsome code in codes\n\tcode != \"c3\"\n}\n\n")
	rules.WriteString("answer contains \"has\" if has\n\nanswer contains \"lacks\" if lacks\n\nanswer contains \"none\" if none\n\nanswer contains code if some code in copied\n")
	s := space()
	a, d, err := analysed(t, s, rules.String())
	if err != nil {
		t.Fatal(err)
	}
	m7, m3 := s.Find("n.m7"), s.Find("n.m3")
	yes := d.Is(m7, 2)
	if got := a.Has(ast.StringTerm("has")); got != yes {
		t.Error("has does not hold where n.m7 does")
	}
	if got := a.Has(ast.StringTerm("lacks")); got != d.Not(yes) {
		t.Error("lacks does not hold where n.m7 does not")
	}
	if a.Has(ast.StringTerm("c3")) != symbolic.No || a.Has(ast.StringTerm("c4")) == symbolic.No {
		t.Error("c3 is left out, and c4 is not")
	}
	none := a.Has(ast.StringTerm("none"))
	if d.And(none, d.Is(m3, 2)) != symbolic.No || d.And(none, d.Not(d.Is(m3, 2))) == symbolic.No {
		t.Error("none holds exactly where no member does")
	}
}

// What cannot be analysed is refused by name and line, and never answered.
func TestWhatCannotBeAnalysedIsRefused(t *testing.T) {
	var sum strings.Builder
	sum.WriteString("answer if {\n")
	for i := range 20 {
		fmt.Fprintf(&sum, "\tinput.n.m%d in {true, false}\n", i)
	}
	sum.WriteString("}\n")
	tests := map[string]struct {
		rules string
		line  int
		says  string
	}{
		"a builtin looks into a text":    {"answer if {\n\tinput.state == \"fresh\"\n\tstartswith(input.who, \"a\")\n}\n", 5, "startswith is given input.who"},
		"by another rule":                {"_h := lower(input.who)\n\nanswer if _h == \"a\"\n", 3, "lower is given input.who"},
		"the whole input":                {"answer if count(input) > 3\n", 3, "input is read as a whole"},
		"a text as a whole and by words": {"answer if input.who == \"a b\"\n\nanswer if {\n\tsome w in split(input.who, \" \")\n\tw == \"a\"\n}\n", 3, "compared as a whole here and taken apart elsewhere"},
		"words in their order":           {"answer := [w | some w in split(input.who, \" \")]\n", 3, "where their order may matter"},
		"too many ways":                  {sum.String(), 3, "ways lead through this rule"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			books, _ := symbolic.Analyser{Budget: 1000}.Analyse(space(), []string{"authz.answer"}, program(t, tt.rules))
			_, _, err := books[0].Answer("authz.answer")
			refused := (*symbolic.Refusal)(nil)
			if !errors.As(err, &refused) || refused.At.File != "rules.rego" || refused.At.Row != tt.line || !strings.Contains(refused.Problem, tt.says) {
				t.Errorf("got %v, want rules.rego:%d: … %s …", err, tt.line, tt.says)
			}
		})
	}
}

// Two rules that give one document two values fail, there and nowhere else.
func TestConflictsFail(t *testing.T) {
	s := space()
	a, d, err := analysed(t, s, "answer := 1 if input.n.m1\n\nanswer := 2 if input.n.m2\n")
	if err != nil {
		t.Fatal(err)
	}
	both := d.And(d.Is(s.Find("n.m1"), 2), d.Is(s.Find("n.m2"), 2))
	if a.Fails != both {
		t.Error("the document does not fail exactly where both rules speak")
	}
}

// A text that is taken apart by blanks is known by its words.
func TestWordsOfATextAreAnalysed(t *testing.T) {
	s := space()
	a, d, err := analysed(t, s, "default answer := false\n\nanswer if {\n\tsome w in split(input.who, \" \")\n\tw in {\"otp\", \"key\"}\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string]bool{"pwd otp": true, "key": true, "otp": true, "pwd": false, "": false, "otpx": false} {
		at, err := s.Assign(ast.NewObject([2]*ast.Term{ast.StringTerm("who"), ast.StringTerm(who)}))
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Holds(a.Has(ast.BooleanTerm(true)), at); got != want {
			t.Errorf("%q: %t, want %t", who, got, want)
		}
	}
}

// A text that may be anything may be a key, or an element, that is there already.
func TestKeysThatAreThereMeet(t *testing.T) {
	for name, rules := range map[string]string{
		"key":     "answer := o.x if o := {\"x\": 2, input.who: 1}\n",
		"element": "answer contains input.who\n\nanswer contains \"x\" if input.n.m1\n",
	} {
		t.Run(name, func(t *testing.T) {
			s, p := space(), program(t, rules)
			books, d := symbolic.Analyser{}.Analyse(s, []string{"authz.answer"}, p)
			a, _, err := books[0].Answer("authz.answer")
			if err != nil {
				t.Fatal(err)
			}
			for _, who := range []string{"x", "y"} {
				input := ast.NewObject([2]*ast.Term{ast.StringTerm("who"), ast.StringTerm(who)})
				at, err := s.Assign(input)
				if err != nil {
					t.Fatal(err)
				}
				want, defined, err := p.Eval(p.Find(input), time.Time{})
				if fails := d.Holds(a.Fails, at); fails != (err != nil) {
					t.Errorf("%s: the analysis fails: %t; the evaluation: %v", who, fails, err)
				}
				for _, v := range a.Values {
					if err != nil || !defined || !d.Holds(v.Where, at) {
						continue
					}
					set, isSet := want.Value.(ast.Set)
					if isSet && who == "x" && !set.Contains(v.Term) || !isSet && v.Term.Value.Compare(want.Value) != 0 {
						t.Errorf("%s: analysed as %v, evaluated as %v", who, v.Term, want)
					}
				}
			}
		})
	}
}

// What a diagram asks for, step by step, leads where it holds.
func TestDiagramsAreReadNodeByNode(t *testing.T) {
	s := space()
	a, d, err := analysed(t, s, "default answer := false\n\nanswer if {\n\tinput.state == \"fresh\"\n\tinput.n.m3\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	holds := a.Has(ast.BooleanTerm(true))
	for state, word := range s.Variables()[s.Find("state")].Values {
		for m3 := range 3 {
			at := make([]int, len(s.Variables()))
			at[s.Find("state")], at[s.Find("n.m3")] = state, m3
			n := holds
			for {
				variable, kids, asks := d.Asks(n)
				if !asks {
					break
				}
				n = kids[at[variable]]
			}
			if got, want := n == symbolic.Yes, d.Holds(holds, at); got != want {
				t.Errorf("state %v, m3 %d: %t, want %t", word, m3, got, want)
			}
		}
	}
}
