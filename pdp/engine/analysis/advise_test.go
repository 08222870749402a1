package analysis_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/remedy"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/policies"
)

// What explanations advise, in words: what has to turn out where it is not known,
// and who has the right.
func TestAdviceInWords(t *testing.T) {
	b := openBook(t, policies.FS)
	inputs := golden(t)
	place := change{"/context/location/state": "unknown", "/context/location/place": ""}
	tests := []struct {
		name   string
		who    string
		change change
		want   []string
	}{
		{"place unknown", "doctor", place, []string{"waiting until the location answers again"}},
		{"place unknown, where only on-site will do", "security",
			and(place, change{"/action/name": "console.read", "/resource/type": "console"}),
			[]string{"a step-up, and waiting until the location answers again, if it is on-site"}},
		{"place unknown, where off-site takes more", "doctor", and(place, change{"/action/name": "service.add"}),
			[]string{"waiting until the location answers again, if it is on-site"}},
		{"the register is out", "doctor", change{"/context/care/state": "unknown", "/context/care/treats": false, "/context/care/same_department": false},
			[]string{"waiting until the register of treatment answers again, if the doctor treats the patient"}},
		{"identity is out", "doctor", change{"/context/identity/state": "unknown", "/subject/properties/role": "", "/subject/properties/account": ""},
			[]string{"waiting until ID management answers again, if (the role is doctor or the role is nurse) and the account is active"}},
		{"the time is not known", "doctor", change{"/context/time/state": "unknown", "/context/time/period": ""},
			[]string{"waiting until the clock is right again"}},
		{"the list is out", "patient", change{"/context/revocation/state": "unknown"},
			[]string{"waiting until the revocation list answers again, if the session was not ended and the account is not banned and no step-up is owed"}},
		{"no session, a record", "stranger", change{"/action/name": "patient.read", "/resource/type": "patient", "/resource/id": "p-1"},
			[]string{"logging in, if the role is doctor and the doctor treats the patient; or the role is nurse and the patient is in the own department; or the role is patient and it is the own record"}},
		{"no session, a change", "stranger", change{"/action/name": "service.edit", "/resource/type": "service", "/resource/id": "s-1"},
			[]string{"logging in, and a step-up, if the role is doctor and the doctor treats the patient"}},
		{"no session, users", "stranger", change{"/action/name": "user.list", "/resource/type": "user"}, []string{"logging in, if the role is security"}},
		{"a session that is over, and a change", "doctor", change{"/action/name": "service.edit", "/context/revocation/session": "revoked"},
			[]string{"a step-up, and logging in again"}},
		{"disabled", "doctor", change{"/subject/properties/account": "disabled"}, []string{"the account being enabled by an officer"}},
		{"pending", "doctor", change{"/subject/properties/account": "pending"}, []string{"the account being approved by an officer"}},
		{"banned", "doctor", change{"/context/revocation/subject": "banned"}, []string{"an officer lifting the ban", "waiting until the ban ends"}},
		{"the app is removed by the app", "nurse", change{"/action/name": "factor.remove", "/resource/type": "account", "/context/credential/amr": "pwd email"},
			[]string{"a step-up with the authenticator app"}},
		{"too far away", "doctor", change{"/action/name": "session.create", "/context/credential/presented": "", "/context/location/travel": "impossible"},
			[]string{"logging in from a device that the account has used before", "waiting until the journey from the last log-in is possible"}},
		{"throttled", "doctor", change{"/action/name": "model.predict", "/resource/type": "model", "/context/signals/predictions": "many"},
			[]string{"asking the models less often for ten minutes"}},
		{"a purpose that does not serve", "doctor", and(delegated, change{"/context/claims/purpose": "payment"}),
			[]string{"stating another purpose, if it is treatment or it is an emergency"}},
		{"an emergency that was not stated", "doctor", and(delegated, change{
			"/action/name": "service.edit", "/context/claims/elevation": "fresh",
			"/context/signals/state": "stale",
		}), []string{"stating another purpose, if it is an emergency", "waiting until the signals answer again"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := explain(t, b, with(t, inputs[tt.who], tt.change))
			var got []string
			for _, set := range x.Advice.Sets {
				got = append(got, set.Text["en"])
				if set.Text["ar"] == "" || set.Text["ar"] == set.Text["en"] {
					t.Errorf("%q is told in Arabic as %q", set.Text["en"], set.Text["ar"])
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%v: got %q, want %q", x.Reasons, got, tt.want)
			}
			if !x.Advice.Proved || x.Advice.Outcome != remedy.Changes {
				t.Errorf("got %s, proved %t (%s)", x.Advice.Outcome, x.Advice.Proved, x.Advice.Unproved)
			}
		})
	}
}

var delegated = change{
	"/context/credential/state": "delegated", "/context/credential/acr": "", "/context/credential/amr": "", "/context/credential/factors": "none",
	"/context/credential/presented": "", "/context/device/match": "unseen", "/context/caller/kind": "token", "/context/caller/name": "default",
}

func and(all ...change) change {
	out := change{}
	for _, c := range all {
		maps.Copy(out, c)
	}
	return out
}

// Where no few changes help, it is said which of both: that there are too many, or
// that none do; and who has the right.
func TestAdviceWhereFewChangesDoNotHelp(t *testing.T) {
	b := openBook(t, policies.FS)
	inputs := golden(t)
	five := change{
		"/action/name": "service.edit", "/resource/type": "service", "/context/care/treats": false, "/context/device/match": "changed",
		"/context/revocation/subject": "banned", "/context/signals/state": "stale",
	}
	tests := []struct {
		name   string
		who    string
		change change
		want   remedy.Outcome
		needed int
		said   string
		right  string
	}{
		{"five things", "doctor", five, remedy.TooMany, 5, "more than three things would have to change", "who has this right: doctors (of patients whom they treat)"},
		{"four things", "doctor", and(five, change{"/context/revocation/subject": "clear"}), remedy.TooMany, 4, "more than three things would have to change", "who has this right: doctors (of patients whom they treat)"},
		{"five things and the wrong role", "nurse", five, remedy.Nothing, 0, "nothing that may change helps", "who has this right: doctors (of patients whom they treat)"},
		{"the wrong role", "nurse", change{"/action/name": "service.edit", "/resource/type": "service"}, remedy.Nothing, 0, "nothing that may change helps", "who has this right: doctors (of patients whom they treat)"},
		{"another person's record", "patient", change{"/context/care/own": false}, remedy.Nothing, 0, "nothing that may change helps", "who has this right: doctors (of patients whom they treat), nurses (of patients of their department), patients (of their own record)"},
		{"the own account", "security", change{"/action/name": "user.ban", "/resource/id": "u-security"}, remedy.Nothing, 0, "nothing that may change helps", "who has this right: machines (not about one patient), security officers (not about one patient)"},
		{"an action that there is not", "doctor", change{"/action/name": "patient.teleport"}, remedy.Nothing, 0, "nothing that may change helps", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x := explain(t, b, with(t, inputs[tt.who], tt.change))
			a := x.Advice
			if a.Outcome != tt.want || a.Needed != tt.needed || a.Text["en"] != tt.said || a.Text["ar"] == "" || !a.Proved || len(a.Sets)+len(x.Remedies) > 0 {
				t.Errorf("got %+v, want %s after %d changes, proved", a, tt.want, tt.needed)
			}
			if x.Right == nil && tt.right != "" || x.Right != nil && (x.Right.Text["en"] != tt.right || !x.Right.Proved) {
				t.Errorf("got %+v, want %q, proved", x.Right, tt.right)
			}
		})
	}
}

// For drawn situations that meet every denial of the rule book: what the search in the
// diagram finds is what a naive one finds that tries every order of changes and asks
// the rule book about everything that may turn out.
func TestAdviceIsSmallest(t *testing.T) {
	files := enginetest.Book(t, policies.FS)
	enginetest.Edit(t, files, "authz/tables/thresholds.rego", "phishing_resistant := set()", `phishing_resistant := {"Add patient"}`)
	b := openBook(t, files)
	next, err := rulebook.Draw(files)
	if err != nil {
		t.Fatal(err)
	}
	missing, compared, all := codes(t), map[remedy.Outcome]int{}, 0
	for i := 0; i < 40000 && (len(missing) > 0 || i < 4000); i++ {
		document := next()
		d, err := b.Ask(context.Background(), with(t, document, nil))
		if err != nil {
			t.Fatal(err)
		}
		fresh := slices.ContainsFunc(d.Reasons, func(code string) bool { return missing[code] })
		if d.Allow || !fresh && (i%20 > 0 || len(d.Reasons) > 3) {
			continue
		}
		for _, code := range d.Reasons {
			delete(missing, code)
		}
		found, err := b.ByDiagram(document)
		if err != nil {
			t.Fatal(err)
		}
		compared[found.Outcome]++
		all++
		n := &naive{t: t, b: b}
		for size := 1; size <= 2; size++ {
			if size == 2 && found.Needed != 2 && all%16 > 0 {
				break // as many as a test has time for
			}
			want := n.sets(document, size)
			got := []string{}
			if found.Needed == size {
				got = titles(found)
			}
			if found.Needed > 0 && size > found.Needed {
				break
			}
			if found.More == 0 && !slices.Equal(got, want) {
				t.Errorf("%v: %d changes: got %q, want %q", d.Reasons, size, got, want)
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("no drawn situation was denied for %v", slices.Sorted(maps.Keys(missing)))
	}
	if compared[remedy.Changes] < 30 || compared[remedy.Nothing] < 10 {
		t.Errorf("compared %v: the property says little", compared)
	}
}

func titles(found *remedy.Advice) []string {
	var list []string
	for _, set := range found.Sets {
		var names []string
		for _, r := range set.Changes {
			names = append(names, r.Title["en"])
		}
		slices.Sort(names)
		list = append(list, strings.Join(names, " + "))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// A naive search shares nothing with the one that is tested.
type naive struct {
	t *testing.T
	b *analysis.Book
}

// sets are the sets of that size by which some order of changes can lead to an
// allow.
func (n *naive) sets(document map[string]any, size int) []string {
	found := map[string]bool{}
	n.search(document, size, nil, nil, found)
	return append([]string{}, slices.Sorted(maps.Keys(found))...)
}

func (n *naive) search(document map[string]any, size int, done []*tables.Remedy, names []string, found map[string]bool) {
	if size == 0 {
		d, err := n.b.Ask(context.Background(), with(n.t, document, nil))
		if err != nil {
			n.t.Fatal(err)
		}
		if d.Allow {
			slices.Sort(names)
			found[strings.Join(names, " + ")] = true
		}
		return
	}
	rows := n.b.Remedies()
	for i := range rows {
		r := &rows[i]
		if slices.Contains(done, r) || !n.possible(document, r, done) {
			continue
		}
		for _, after := range outcomes(document, r, done) {
			n.search(after, size-1, append(slices.Clip(done), r), append(slices.Clip(names), r.Title["en"]), found)
		}
	}
}

func (n *naive) possible(document map[string]any, r *tables.Remedy, done []*tables.Remedy) bool {
	for p, words := range r.When {
		if word, _ := input.At(document, p).(string); !slices.Contains(words, word) {
			return false
		}
	}
	for _, o := range done {
		for p, v := range o.Set {
			if w, both := r.Set[p]; both && v != w {
				return false
			}
			if list, both := r.TurnsOut[p]; both && !slices.Contains(list, v) {
				return false
			}
		}
		for p, list := range o.TurnsOut {
			if w, both := r.Set[p]; both && !slices.Contains(list, w) {
				return false
			}
		}
	}
	return len(r.TurnsOut) > 0 || changesSomething(document, r)
}

func changesSomething(document map[string]any, r *tables.Remedy) bool {
	for p, v := range r.Set {
		if input.At(document, p) != v {
			return true
		}
	}
	return false
}

// outcomes are the documents that a change may leave behind.
func outcomes(document map[string]any, r *tables.Remedy, done []*tables.Remedy) []map[string]any {
	out := input.Clone(document)
	for p, v := range r.Set {
		input.Set(out, strings.Split(p[1:], "/"), v)
	}
	all := []map[string]any{out}
	for p, list := range r.TurnsOut {
		if slices.ContainsFunc(done, func(o *tables.Remedy) bool { _, set := o.Set[p]; return set }) {
			continue
		}
		var more []map[string]any
		for _, one := range all {
			for _, v := range list {
				next := input.Clone(one)
				input.Set(next, strings.Split(p[1:], "/"), v)
				more = append(more, next)
			}
		}
		all = more
	}
	return all
}

// What is said of how it has to turn out is what OPA's interpreter says of the
// written rules, for everything that may turn out.
func TestAdviceIsWhatOPASays(t *testing.T) {
	b := openBook(t, policies.FS)
	options := []func(*rego.Rego){rego.Query("data.authz.answer.decision"), rego.StrictBuiltinErrors(true)}
	for name, f := range enginetest.Book(t, policies.FS) {
		options = append(options, rego.Module(name, string(f.Data)))
	}
	query, err := rego.New(options...).PrepareForEval(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	next, err := rulebook.Draw(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	asked, allowed := 0, 0
	for i := 0; i < 3000 && asked < 1500; i++ {
		document := next()
		found, err := b.ByDiagram(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range found.Sets {
			last := set.Changes[len(set.Changes)-1]
			if len(set.Changes) > 1 {
				continue // outcomes of one change are enough
			}
			for n, after := range outcomes(document, last, nil) {
				if n > 20 {
					break
				}
				results, err := query.Eval(context.Background(), rego.EvalInput(after))
				if err != nil {
					t.Fatal(err)
				}
				asked++
				if want := results.Allowed(); want != turned(after, set.If) {
					t.Errorf("%v: OPA says %t, and it is said to allow if %v", last.Title["en"], want, set.If)
				} else if want {
					allowed++
				}
			}
		}
	}
	if asked < 200 || allowed < 50 || allowed == asked {
		t.Errorf("OPA was asked %d times and allowed %d: the property says little", asked, allowed)
	}
}

func turned(document map[string]any, ways [][]remedy.Member) bool {
	return len(ways) == 0 || slices.ContainsFunc(ways, func(way []remedy.Member) bool {
		return !slices.ContainsFunc(way, func(m remedy.Member) bool { return !slices.Contains(m.Values, input.At(document, m.Path)) })
	})
}

// A book that only OPA's interpreter runs has no diagram. What would help is found by
// asking, and said not to be proved.
func TestAdviceOfAnInterpretedBookIsNotProved(t *testing.T) {
	book := enginetest.Book(t, policies.FS)
	book["authz/rules/slow/slow.rego"] = &fstest.MapFile{Data: []byte("# METADATA\n# title: A rule that only the interpreter runs\npackage authz.rules.slow\n\ndeny contains \"not_granted\" if {\n\twalk(input.subject, [_, value])\n\tvalue == \"u-another\"\n}\n")}
	b := openBook(t, book)
	inputs := golden(t)
	for name, c := range map[string]change{
		"a step-up": {"/action/name": "service.edit"},
		"waiting until the location answers again, if it is on-site": {"/action/name": "service.add", "/context/location/state": "unknown", "/context/location/place": ""},
	} {
		x := explain(t, b, with(t, inputs["doctor"], c))
		if len(x.Advice.Sets) != 1 || x.Advice.Sets[0].Text["en"] != name || x.Advice.Proved || x.Advice.Unproved == "" || x.Advice.Doubt["ar"] == "" {
			t.Errorf("got %+v, want %s, not proved", x.Advice, name)
		}
	}
	x := explain(t, b, with(t, inputs["nurse"], change{"/action/name": "service.edit"}))
	if x.Right == nil || x.Right.Proved || x.Right.Text["en"] != "who has this right: doctors (of patients whom they treat)" {
		t.Errorf("got %+v, want the doctor, by the table", x.Right)
	}
}

// What the diagram says and the rule book denies is never advised.
func TestAdviceThatTheBookDoesNotConfirmIsNotGiven(t *testing.T) {
	input := with(t, golden(t)["doctor"], change{"/action/name": "service.edit", "/context/care/treats": false})
	for name, spoil := range map[string]func(*symbolic.Space, *symbolic.Diagrams) symbolic.Node{
		"allows everything": func(*symbolic.Space, *symbolic.Diagrams) symbolic.Node { return symbolic.Yes },
		"asks for a step-up alone": func(s *symbolic.Space, d *symbolic.Diagrams) symbolic.Node {
			elevation := s.Find("context.credential.elevation")
			return d.Is(elevation, s.Values(elevation, ast.StringTerm("fresh"))[0])
		},
	} {
		b := openBook(t, policies.FS)
		if err := b.Spoil(spoil); err != nil {
			t.Fatal(err)
		}
		x := explain(t, b, input)
		want := []string{"a step-up", "being assigned to this patient"}
		if len(x.Remedies) != 1 || !slices.Equal(x.Remedies[0], want) || x.Advice.Proved || !strings.Contains(x.Advice.Unproved, "fault of the analysis") {
			t.Errorf("%s: got %v, %+v, want %v, not proved", name, x.Remedies, x.Advice, want)
		}
	}
}

// Hundreds of rows do not keep a search from being exact: what cannot matter is not
// tried.
func TestAdviceAmongManyRows(t *testing.T) {
	book := enginetest.Book(t, policies.FS)
	const file = "authz/tables/remedies.rego"
	many := "remedies := [\n"
	for i := range 300 {
		many += fmt.Sprintf("\t{\"title\": \"a journey, number %d\", \"set\": {\"/context/location/country\": \"C%d\"}},\n", i, i)
	}
	book[file] = &fstest.MapFile{Data: []byte(strings.Replace(string(book[file].Data), "remedies := [\n", many, 1))}
	b := openBook(t, book)
	x := explain(t, b, with(t, golden(t)["doctor"], change{"/action/name": "service.edit", "/context/care/treats": false}))
	if len(x.Remedies) != 1 || !slices.Equal(x.Remedies[0], []string{"a step-up", "being assigned to this patient"}) || !x.Advice.Proved {
		t.Errorf("got %v, %+v", x.Remedies, x.Advice)
	}
}

// A book without tables of advice permits no change, and says so in English.
func TestAdviceWithoutTables(t *testing.T) {
	book := enginetest.Book(t, policies.FS)
	for _, name := range []string{"authz/tables/remedies.rego", "authz/tables/advice.rego"} {
		delete(book, name)
	}
	x := explain(t, openBook(t, book), with(t, golden(t)["doctor"], change{"/action/name": "service.edit"}))
	if x.Advice.Outcome != remedy.Nothing || !x.Advice.Proved || x.Advice.Text.In("ar") != "nothing that may change helps" {
		t.Errorf("got %+v", x.Advice)
	}
	raw, err := json.Marshal(x)
	if err != nil || !strings.Contains(string(raw), `"sets":[]`) || !strings.Contains(string(raw), `"remedies":[]`) {
		t.Errorf("got %s, %v", raw, err)
	}
}
