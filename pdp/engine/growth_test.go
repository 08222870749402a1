package engine

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"testing/fstest"

	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/policies"
)

// bookWith is the built-in book with so many more rules about other resources.
func bookWith(t testing.TB, rules int) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(policies.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(policies.FS, name)
		files[name] = &fstest.MapFile{Data: content}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rules {
		files[fmt.Sprintf("authz/rules/other%d/other%d.rego", i, i)] = &fstest.MapFile{Data: fmt.Appendf(nil, `package authz.rules.other%[1]d

deny contains "other_%[1]d" if {
	_about_it
	not input.context.location.place == "on_site"
}

_about_it if input.resource.type == "thing-%[1]d"
`, i)}
	}
	return files
}

// Rules about other things are not visited, and still speak about theirs.
func TestUnrelatedRulesAreNotVisited(t *testing.T) {
	e := newEngine(t, bookWith(t, 40), reading1(ward()))
	rev := e.active.Load()
	if !rev.narrow {
		t.Fatalf("not compiled: %v", rev.book.Slow)
	}
	r := readsPatient()
	d, err := e.Decide(t.Context(), r)
	if err != nil || !d.Allow {
		t.Fatalf("got %+v, %v, want an answer that allows", d, err)
	}
	r.Resource.Type = "thing-7"
	r.Context.Address = netip.MustParseAddr("203.0.113.7")
	d, err = e.Decide(t.Context(), r)
	if err != nil || d.Allow || !slices.Contains(d.Reasons, "other_7") || slices.Contains(d.Reasons, "other_8") {
		t.Errorf("got %+v, %v, want a denial by other_7", d, err)
	}
}

// BenchmarkRules is one decision in full, facts at hand, in a growing book.
func BenchmarkRules(b *testing.B) {
	for _, rules := range []int{0, 10, 1000} {
		rev, err := load(bookWith(b, rules))
		if err != nil {
			b.Fatal(err)
		}
		if !rev.narrow {
			b.Fatalf("not compiled: %v", rev.book.Slow)
		}
		r, facts := readsPatient(), ward()
		in := worded(b, rev, &r, &facts)
		b.Run("more="+strconv.Itoa(rules), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d, err := rev.Ask(context.Background(), in); err != nil || !d.Allow {
					b.Fatal(d, err)
				}
			}
		})
	}
}

// BenchmarkRemembered is what recalling takes, facts at hand: to put the facts
// into the rules' words, to find the answer by all that it can depend on, and
// for the journal, to write the input down.
func BenchmarkRemembered(b *testing.B) {
	rev, err := load(bookWith(b, 0))
	if err != nil {
		b.Fatal(err)
	}
	r, facts := readsPatient(), ward()
	in := worded(b, rev, &r, &facts)
	d, err := rev.Ask(context.Background(), in)
	if err != nil || !d.Allow {
		b.Fatal(d, err)
	}
	in.Key = rev.AppendKey(in.Key[:0], in)
	rev.memory.keep(in.Key, d)
	e := NewFrom(rev, pointstest.Sources(&facts), nil, slog.New(slog.DiscardHandler), Config{})
	document := make([]byte, 0, inputSize)
	for _, part := range []struct {
		name string
		run  func()
	}{
		{"words", func() { in.Reset(rev.layout); e.word(b.Context(), rev, &r, in) }},
		{"answer", func() {
			in.Key = rev.AppendKey(in.Key[:0], in)
			if d, ok := rev.memory.recall(in.Key); !ok || !d.Allow {
				b.Fatal("not remembered")
			}
		}},
		{"record", func() { document = in.AppendJSON(document[:0]) }},
	} {
		b.Run(part.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				part.run()
			}
		})
	}
}
