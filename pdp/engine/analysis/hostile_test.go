package analysis_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/policies"
)

// What is handed to the book as an input may be anything: it is refused, or it
// is denied, and nothing is allowed for want of a rule that understands it.
func FuzzInput(f *testing.F) {
	book, err := analysis.Open(policies.FS, points.Sections())
	if err != nil {
		f.Fatal(err)
	}
	deep := strings.Repeat(`{"context":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	for _, seed := range []string{
		`{}`, `{"subject":{}}`, `null`, `[]`, `{"subject":1}`, `{"context":{"credential":[]}}`, deep,
		`{"action":{"name":"patient.read"},"action":{"name":"session.create"}}`,
		`{"action":{"name":1e400}}`, `{"action":{"name":9007199254740993}}`,
		`{"resource":{"id":"` + strings.Repeat("x", 1<<20) + `"}}`, `{"a":{"b":1,"b":2}}`, `{} {}`, "{\"\xff\":1}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := book.Ask(context.Background(), raw)
		if err != nil && d.Allow {
			t.Fatal("an error allows")
		}
		if err == nil && d.Allow == (len(d.Reasons) > 0) {
			t.Fatalf("allow %t with reasons %v", d.Allow, d.Reasons)
		}
		if d.Allow && !bytes.Contains(raw, []byte(`"action"`)) && !bytes.Contains(raw, []byte(`\u`)) {
			t.Fatalf("allowed, and nobody said what: %.200s", raw)
		}
	})
}

func TestAmbiguousInputIsRefused(t *testing.T) {
	book, err := analysis.Open(policies.FS, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{
		`{"subject":{"id":"a","id":"b"}}`,
		`{"a":[{"b":1},{"b":1,"c":[],"b":2}]}`,
		`{"a":{},"b":"a","a":1}`,
	} {
		if _, err := book.Ask(t.Context(), []byte(raw)); !errors.Is(err, input.ErrInput) {
			t.Errorf("%s: got %v, want ErrInput", raw, err)
		}
	}
	for _, raw := range []string{`{"a":"b","b":"a"}`, `{"a":{"a":"a"},"b":["a","a"]}`} {
		if _, err := book.Ask(t.Context(), []byte(raw)); err != nil {
			t.Errorf("%s: got %v", raw, err)
		}
	}
}
