package prove

import (
	"maps"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/machine"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/symbolic"
)

// remembered proves a book and remembers it.
func remembered(t *testing.T, m *Memory, files rulebook.Files) Report {
	t.Helper()
	report, err := proveBut(t.Context(), task{files: files, points: points.Sections(), memory: m}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// After an edit only those invariants are proved anew that it may concern, and what
// comes of all of them is what a proof without a memory finds.
func TestAMemoryChangesNoVerdict(t *testing.T) {
	const all = 1 << 20
	thresholds := "authz/tables/thresholds.rego"
	tests := []struct {
		name, file, old, changed string
		least, most              int // how many are kept
	}{
		{"a comment", "authz/rules/device/device.rego", "\npackage authz.rules.device\n", "\npackage authz.rules.device\n\n# To be looked at.\n", 90, all},
		{"too wide a network", thresholds, `"127.0.0.1/32"`, `"128.0.0.0/1"`, 60, 140},
		{"users are listed to strangers", "authz/tables/rights.rego", `"user.list": {"right": "Manage users"`, `"user.list": {"right": "Sign up"`, 0, 40},
		{"another assumption", "authz/assume/revocation/revocation.rego", `input.context.revocation.stale_for == ""`, `input.context.revocation.stale_for != ""`, 0, 0},
	}
	m := &Memory{}
	first := remembered(t, m, builtIn(t))
	if !first.OK || first.Kept != 0 {
		t.Fatalf("proved %t, kept %d of what was never proved", first.OK, first.Kept)
	}
	again := remembered(t, m, builtIn(t))
	invariants := 0
	for i := range first.Invariants {
		if first.Invariants[i].Kind != KindAssume {
			invariants++
		}
	}
	if !again.OK || again.Kept != invariants {
		t.Errorf("of the same book %d of %d are kept", again.Kept, invariants)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := edited(t, tt.file, tt.old, tt.changed)
			got, want := remembered(t, m, files), proved(t, files)
			if !maps.Equal(outcomes(&got), outcomes(&want)) {
				t.Errorf("got %v\nwant %v", outcomes(&got), outcomes(&want))
			}
			if got.Kept < tt.least || got.Kept > tt.most {
				t.Errorf("%d are kept, want %d to %d", got.Kept, tt.least, tt.most)
			}
		})
	}
}

// What is not asked for any more is forgotten, so that a memory does not grow.
func TestAMemoryForgets(t *testing.T) {
	m := &Memory{}
	for n := range byte(3 * proofs) {
		m.add(symbolic.Digest{n})
		if !m.has(symbolic.Digest{}) || !m.has(symbolic.Digest{n}) {
			t.Fatalf("proof %d: what is asked for each time, or was proved now, is forgotten", n)
		}
		m.forget()
	}
	if len(m.proved) > proofs+2 || m.has(symbolic.Digest{1}) {
		t.Errorf("it holds %d, more than those of %d proofs", len(m.proved), proofs)
	}
}

// A table that says something else where another rule of its does not hold comes from the
// files of both.
func TestAMemoryKnowsWhatAnElseReads(t *testing.T) {
	const name, far = "invariants/never/x/x.rego", "authz/tables/far.rego"
	key := func(word string) symbolic.Digest {
		files := rulebook.Files{
			name: []byte("package invariants.never.x\n\nbroken if data.authz.tables.near == 1\n"), far: []byte("package authz.tables\n\nfar := " + word + "\n"),
			"authz/tables/near.rego": []byte("package authz.tables\n\nnear := 1 if 1 > 2\nelse := data.authz.tables.far\n"),
		}
		modules := map[string]*ast.Module{}
		for file, text := range files {
			module, err := ast.ParseModule(file, string(text))
			if err != nil {
				t.Fatal(err)
			}
			modules[file] = module
		}
		p := &prover{files: files, written: ast.NewCompiler()}
		if p.written.Compile(modules); p.written.Failed() {
			t.Fatal(p.written.Errors)
		}
		h := symbolic.NewHash()
		p.sources(&invariant{At: machine.Line{File: name}}, h)
		return h.Sum()
	}
	if key("1") == key("2") {
		t.Error("what was proved of one is kept for the other")
	}
}
