package diff

import (
	"slices"
	"testing"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// spared is the built-in book in which a forbidden change ends the session of nurses
// alone.
func spared(t *testing.T) rulebook.Files {
	t.Helper()
	return edit{"authz/rules/role/role.rego", "\task.ends_session\n", "\task.ends_session\n\tinput.subject.properties.role == \"nurse\"\n"}.of(t, builtIn(t))
}

// Where both books deny, one that ends no session any more is looser, and the other way
// round; where no session was ended, nothing changes.
func TestDutiesOfDenialsCount(t *testing.T) {
	before, err := original()
	if err != nil {
		t.Fatal(err)
	}
	after, err := prove.Open(t.Context(), spared(t), points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	for want, books := range map[string][]*prove.Book{Looser: {before, after}, Stricter: {after, before}} {
		c, err := compare(t.Context(), books, [2]string{"old", "new"}, points.Sections())
		if err != nil {
			t.Fatal(err)
		}
		if len(c.report.Classes) == 0 {
			t.Fatal("nothing differs")
		}
		for i := range c.report.Classes {
			if one := &c.report.Classes[i]; one.Effect != DeniedOtherwise || one.Change != want || slices.Contains(one.Roles, "nurse") {
				t.Errorf("%s: got %s, %s of %v", want, one.Effect, one.Change, one.Roles)
			}
		}
		changed := 0
		for _, p := range c.report.Actions {
			if p.Change == want {
				changed++
			}
			if p.Change != Equal && (p.Change != want || p.Role == "nurse") || p.Change == Equal && p.AnswersDiffer {
				t.Errorf("%s: %s by %s is %s, and answers differ: %t", want, p.Action, p.Role, p.Change, p.AnswersDiffer)
			}
		}
		if changed == 0 {
			t.Errorf("%s: no action is", want)
		}
	}
}

// Who is let in and meets a duty that no denial had is let in all the same, and somebody
// newly denied whose session is ended is not better off.
func TestLabelsOfOneDenial(t *testing.T) {
	revoked, masked := "obligation revoke_session", "obligation withhold fields contains contact"
	for _, tt := range []struct {
		effect string
		r      region
		want   string
	}{
		{NewlyAllowed, region{gained: []string{masked}, lost: []string{revoked}}, Looser},
		{NewlyAllowed, region{gained: []string{"obligation alert"}}, Incomparable},
		{NewlyDenied, region{gained: []string{revoked}, lost: []string{masked}}, Stricter},
		{NewlyDenied, region{lost: []string{"obligation bar_log_in seconds is 900"}}, Incomparable},
		{DeniedOtherwise, region{gained: []string{"reason off_hours", masked}}, Equal},
		{DeniedOtherwise, region{some: []string{"+" + revoked, "-obligation alert"}}, Incomparable},
		{DeniedOtherwise, region{some: []string{"-" + revoked}}, Looser},
		{DutiesLost, region{lost: []string{masked}}, Looser},
	} {
		if got := changeOf(tt.effect, &tt.r); got != tt.want {
			t.Errorf("%s of %+v: got %s, want %s", tt.effect, tt.r, got, tt.want)
		}
	}
}

// Of a class in which changes are taken together each is shown, with the label that is
// right for that very input.
func TestEachMergedChangeIsShown(t *testing.T) {
	c := compared(t, edit{"authz/tables/rights.rego", `"Predictions": {"doctor": "any", "nurse": "any"}`, `"Predictions": {"doctor": "any", "auditor": "any"}`}.of(t, builtIn(t)))
	c.report.Classes = nil
	for _, g := range c.groups() {
		g.most = 1 // whatever changes is taken together
		for _, r := range c.regions(&g) {
			if err := c.class(t.Context(), g.effect, g.within, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	merged := 0
	for i := range c.report.Classes {
		one := &c.report.Classes[i]
		var shown []string
		for j := range one.Examples {
			e := &one.Examples[j]
			shown = append(shown, e.Shows...)
			if len(e.Input) == 0 || string(e.Old.Answer) == string(e.New.Answer) {
				t.Errorf("class %s: an example shows %v, and nothing differs: %+v", one.ID, e.Shows, e)
			}
			if want := map[string]string{NewlyAllowed: Looser, NewlyDenied: Stricter}[one.Effect]; want != "" && e.Change != want {
				t.Errorf("class %s: an example of what is %s is called %s", one.ID, one.Effect, e.Change)
			}
		}
		for _, some := range one.Some {
			merged++
			if !slices.Contains(shown, some) {
				t.Errorf("class %s (%s): nothing shows %s", one.ID, one.Effect, some)
			}
		}
	}
	if merged == 0 {
		t.Error("no class takes changes together: this says nothing")
	}
}
