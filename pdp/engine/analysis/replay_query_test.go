package analysis_test

import (
	"context"
	"testing"

	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/enginetest"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

// TestReplayKeepsTheIDThatTheQueryNamed: of the query a digest alone is recorded, so that
// the id of then is asked about, and said to be unknown where the book of then is.
func TestReplayKeepsTheIDThatTheQueryNamed(t *testing.T) {
	files := enginetest.Book(t, policies.FS)
	enginetest.Edit(t, files, "authz/tables/routes.rego", "routes := [",
		"routes := [\n\tobject.union(_row(\"GET\", \"/imaging/find\", \"imaging\", \"patient.read\", \"patient\", \"none\"), {\"query\": \"id={patient}\"}),")
	b := openBook(t, files)
	raw := with(t, golden(t)["doctor"], nil)
	d, err := b.Ask(context.Background(), raw)
	if err != nil {
		t.Fatal(err)
	}
	e := record("read", raw, d)
	e.Method, e.Path, e.Application = "GET", "/imaging/find", "imaging"
	enginetest.Edit(t, files, "authz/tables/reasons.rego", `"This is another device or browser than at log-in. Log in again."`, `"This is another device. Log in again."`)
	candidate := openBook(t, files)
	router, err := route.Recorded(candidate.House())
	if err != nil {
		t.Fatal(err)
	}
	was, err := route.Recorded(b.House())
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		former *analysis.Former
		untold int
	}{
		"a book that is known": {&analysis.Former{Router: was, Reasons: b.House().Reasons}, 0},
		"none":                 {nil, 1},
	} {
		r, err := candidate.Replay(context.Background(), all([]pip.Event{e}), analysis.ReplayConfig{
			Router: router, Formerly: func(string) *analysis.Former { return tt.former },
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Flips) != 0 || r.Same != 1 || r.CouldNotTell["routes"] != tt.untold {
			t.Errorf("%s: got %+v, %d the same, %v", name, r.Flips, r.Same, r.CouldNotTell)
		}
	}
}
