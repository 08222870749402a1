package strictjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode"
)

// FuzzUnambiguous: what is accepted must read the same with encoding/json,
// which takes the last of two keys and folds case, and without it.
func FuzzUnambiguous(f *testing.F) {
	for _, seed := range []string{
		`{"a":1,"A":2}`, `{"a":1,"a":2}`, `[1e400]`, `[9007199254740993]`, `{"a":{"b":[]}}`, `"\ud800"`, `{}{}`,
		"\ufeff{}", `[[[[[[]]]]]]`, `{"\u0061":1,"a":2}`, `-0`, `1e-999`, ` {"k":"v"} `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !Unambiguous(body) {
			return
		}
		if !json.Valid(body) {
			t.Fatalf("%q is no JSON", body)
		}
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			t.Fatalf("%q does not decode: %v", body, err)
		}
		if members(v) != bytes.Count(withoutStrings(body), []byte(":")) {
			t.Fatalf("%q: a reader loses a member", body)
		}
		finite(t, v)
		// Written by another program it is accepted again, unless that program
		// escapes; and it means the same.
		again, err := json.Marshal(v)
		if err != nil || !Unambiguous(again) {
			t.Fatalf("%q, written again as %q: %v", body, again, err)
		}
	})
}

func members(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		folded := map[string]bool{}
		for key, one := range v {
			folded[fold(key)] = true
			n += members(one)
		}
		n += len(folded)
	case []any:
		for _, one := range v {
			n += members(one)
		}
	}
	return n
}

// withoutStrings leaves the punctuation of valid JSON.
func withoutStrings(body []byte) []byte {
	var out []byte
	inside := false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case !inside:
			out = append(out, c)
		}
	}
	return out
}

func finite(t *testing.T, v any) {
	t.Helper()
	switch v := v.(type) {
	case float64:
		if math.Abs(v) >= maxInteger {
			t.Fatalf("number %v", v)
		}
	case map[string]any:
		for _, one := range v {
			finite(t, one)
		}
	case []any:
		for _, one := range v {
			finite(t, one)
		}
	}
}

// TestLargeObjects has more keys than the few that are kept without a map.
func TestLargeObjects(t *testing.T) {
	object := func(last string) []byte {
		var b strings.Builder
		b.WriteString("{")
		for i := range 1000 {
			fmt.Fprintf(&b, `"key%d":%d,`, i, i)
		}
		b.WriteString(last + ":0}")
		return []byte(b.String())
	}
	for last, want := range map[string]bool{
		`"other"`: true, `"key0"`: false, `"key9"`: false, `"KEY999"`: false, `"\u006bey500"`: false, `"\u212aey7"`: false,
	} {
		if got := Unambiguous(object(last)); got != want {
			t.Errorf("last key %s: got %t, want %t", last, got, want)
		}
	}
}

// TestFoldKnowsAllCases walks every letter of Unicode: two that encoding/json
// would take for one another must fold to one key.
func TestFoldKnowsAllCases(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			if fold(string(r)) != fold(string(other)) {
				t.Errorf("%U and %U fold to %q and %q", r, other, fold(string(r)), fold(string(other)))
			}
		}
	}
}

// BenchmarkUnambiguous measures what a stranger can make the enforcement
// point do with one request: the largest body of the costliest kind.
func BenchmarkUnambiguous(b *testing.B) {
	for name, body := range map[string][]byte{
		"log-in":     []byte(`{"email":"doctor@demo.hospital.test","password":"x"}`),
		"1 MiB list": []byte("[" + strings.Repeat("1,", 524_000) + "1]"),
		"1 MiB keys": []byte("[" + strings.Repeat(`{"a":1},`, 131_000) + "1]"),
		"1 MiB text": []byte(`"` + strings.Repeat("x", 1_048_000) + `"`),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if !Unambiguous(body) {
					b.Fatal("refused")
				}
			}
		})
	}
}
