package strictjson_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/strictjson"
)

type base struct {
	ID string `json:"id"`
}

type question struct {
	base
	Role    string            `json:"role"`
	Minutes int64             `json:"minutes"`
	Big     uint64            `json:"big"`
	Risk    float64           `json:"risk"`
	Allow   bool              `json:"allow"`
	At      time.Time         `json:"at"`
	Items   []item            `json:"items"`
	Labels  map[string]string `json:"labels"`
	Raw     json.RawMessage   `json:"raw"`
	Any     any               `json:"any"`
	Inner   *question         `json:"inner"`
	Hidden  string            `json:"-"`
	Plain   string
}

type item struct {
	Name string `json:"name"`
}

func TestDecode(t *testing.T) {
	const text = `{"id":"q","role":"a\u00e4","minutes":-3,"big":18446744073709551615,"risk":0.5,"allow":true,
		"at":"2026-03-01T10:00:00Z","items":[{"name":"x"},{"name":"y"}],"labels":{"a":"b","A":"c"},"raw":{"n":1e400},"any":[1,{"b":null}],
		"inner":{"role":"in"},"Plain":"p"} `
	var got, want question
	if err := strictjson.Decode([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	tests := []struct {
		name, text string
		kind       strictjson.Kind
		path       string
		expected   string
	}{
		{"nothing", ``, strictjson.Malformed, "", "one JSON text"},
		{"blanks", `  `, strictjson.Malformed, "", "one JSON text"},
		{"cut", `{"role":"a"`, strictjson.Malformed, "", "one JSON text"},
		{"trailing data", `{"role":"a"} {}`, strictjson.Malformed, "", "nothing after it"},
		{"trailing comma", `{"role":"a",}`, strictjson.Malformed, "", "one JSON text"},
		{"trailing comma in a list", `{"items":[{},]}`, strictjson.Malformed, "items[1]", "one JSON text"},
		{"no colon", `{"role" "a"}`, strictjson.Malformed, "role", "one JSON text"},
		{"comment", `{"role":/**/"a"}`, strictjson.Malformed, "role", "one JSON text"},
		{"control character", "{\"role\":\"a\nb\"}", strictjson.Malformed, "role", "one JSON text"},
		{"byte order mark", "\ufeff{}", strictjson.Malformed, "", "one JSON text"},
		{"not UTF-8", "{\"role\":\"\xff\"}", strictjson.Malformed, "", "one JSON text in UTF-8"},
		{"half a pair", `{"role":"\ud800"}`, strictjson.Malformed, "role", "one JSON text"},
		{"too deep", `{"any":` + deep + `}`, strictjson.Malformed, "any" + strings.Join(indexes(64), ""), "fewer levels"},
		{"too deep in what is raw", `{"raw":` + deep + `}`, strictjson.Malformed, "raw" + strings.Join(indexes(64), ""), "fewer levels"},
		{"name twice", `{"role":"a","role":"a"}`, strictjson.Repeated, "role", "once"},
		{"name in two cases", `{"role":"a","Role":"b"}`, strictjson.Unknown, "Role", "a known field"},
		{"name in two cases in what is raw", `{"raw":{"a":1,"A":2}}`, strictjson.Repeated, "raw.A", "once"},
		{"name in two cases in what is any", `{"any":[{"a":1,"A":2}]}`, strictjson.Repeated, "any[0].A", "once"},
		{"name twice, escaped", `{"role":"a","\u0072ole":"b"}`, strictjson.Repeated, "role", "once"},
		{"name twice below", `{"inner":{"items":[{"name":"a"},{"name":"a","name":"b"}]}}`, strictjson.Repeated, "inner.items[1].name", "once"},
		{"name twice in what is raw", `{"raw":{"a":{"b":1,"b":1}}}`, strictjson.Repeated, "raw.a.b", "once"},
		{"name twice in a map", `{"labels":{"a":"1","a":"2"}}`, strictjson.Repeated, "labels.a", "once"},
		{"unknown name", `{"roles":"a"}`, strictjson.Unknown, "roles", "a known field"},
		{"name in another case", `{"ROLE":"a"}`, strictjson.Unknown, "ROLE", "a known field"},
		{"Go's name of a field", `{"Role":"a"}`, strictjson.Unknown, "Role", "a known field"},
		{"field without a name", `{"Hidden":"a"}`, strictjson.Unknown, "Hidden", "a known field"},
		{"unknown name below", `{"items":[{"name":"a","x":1}]}`, strictjson.Unknown, "items[0].x", "a known field"},
		{"what is no name is not repeated", `{"my secret pass phrase!":"a"}`, strictjson.Unknown, "?", "a known field"},
		{"number for a text", `{"role":1}`, strictjson.Wrong, "role", "a text"},
		{"text for a number", `{"minutes":"1"}`, strictjson.Wrong, "minutes", "a whole number that fits"},
		{"half a minute", `{"minutes":0.5}`, strictjson.Wrong, "minutes", "a whole number that fits"},
		{"more than an integer", `{"minutes":9223372036854775808}`, strictjson.Wrong, "minutes", "a whole number that fits"},
		{"2^53 in a float", `{"risk":9007199254740993}`, strictjson.Wrong, "risk", "a number below 2^53 that a float64 holds"},
		{"1e400", `{"risk":1e400}`, strictjson.Wrong, "risk", "a number below 2^53 that a float64 holds"},
		{"1e-400", `{"any":[1e-400]}`, strictjson.Wrong, "any[0]", "a number below 2^53 that a float64 holds"},
		{"text for a boolean", `{"allow":"true"}`, strictjson.Wrong, "allow", "true or false"},
		{"no time", `{"at":"yesterday"}`, strictjson.Wrong, "at", "a time such as 2006-01-02T15:04:05Z"},
		{"object for a list", `{"items":{}}`, strictjson.Wrong, "items", "a list"},
		{"list for an object", `{"inner":[]}`, strictjson.Wrong, "inner", "an object"},
		{"text for the whole", `"a"`, strictjson.Wrong, "", "an object"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var into question
			f := strictjson.Of(strictjson.Decode([]byte(tt.text), &into))
			if f == nil {
				t.Fatalf("taken: %+v", into)
			}
			if want := (strictjson.Fault{Kind: tt.kind, Path: tt.path, Expected: tt.expected}); *f != want {
				t.Errorf("got %+v, want %+v", *f, want)
			}
		})
	}
}

func indexes(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = "[0]"
	}
	return out
}

func TestDecodeKnownLeavesOutTheRest(t *testing.T) {
	const text = `{"more":{"a":[1e400]},"role":"a","ROLES":1,"inner":{"x":1,"role":"b","MINUTES":7},"items":[{"y":{}}]}`
	var got question
	if err := strictjson.DecodeKnown([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := question{Role: "a", Inner: &question{Role: "b"}, Items: []item{{}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, text := range []string{`{"more":{"a":1,"a":2}}`, `{"more":"\ud800"}`, `{"a":1,"a":2}`, `{"a":1}{}`} {
		if err := strictjson.DecodeKnown([]byte(text), &got); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func TestMembers(t *testing.T) {
	got, err := strictjson.Members([]byte(` { "b" : [ 1 ] , "a" : 1e400 } `))
	want := []strictjson.Member{{Name: "b", Value: json.RawMessage("[ 1 ]")}, {Name: "a", Value: json.RawMessage("1e400")}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, text := range []string{``, `[]`, `null`, `"{}"`, `{"a":1,"A":2}`, `{"a":{"b":1,"b":2}}`, `{}x`} {
		if got, err := strictjson.Members([]byte(text)); err == nil || got != nil {
			t.Errorf("%s was taken: %v, %v", text, got, err)
		}
	}
}

// FuzzDecode: what is taken is what encoding/json takes, with every name as it
// is written, once, and every value kept.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"role":"a","minutes":3,"items":[{"name":"x"}]}`, `{"ROLE":"a"}`, `{"role":"a","role":"b"}`, `{"any":{"a":1,"A":2}}`,
		`{"raw":{"a":[1e400,"\ud83d\ude00"]}}`, `{"big":18446744073709551615}`, `{"risk":1e400}`, `{"inner":{"inner":{"role":null}}}`,
		`null`, `[]`, `{"role":"\ud800"}`, `{"labels":{"":""}}`, `{"at":"2026-03-01T10:00:00Z"}`, `{"any":-0.0}`, `{} {}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var got question
		if strictjson.Decode(text, &got) != nil {
			return
		}
		var want question
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%q was taken, and encoding/json says: %v", text, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %+v, want %+v", text, got, want)
		}
		var known question
		if err := strictjson.DecodeKnown(text, &known); err != nil || !reflect.DeepEqual(known, want) {
			t.Fatalf("%q: as known %+v, %v, want %+v", text, known, err, want)
		}
		exact(t, text, reflect.TypeFor[question](), decode(t, text))
		repeatedNowhere(t, text)
	})
}

// exact finds names that the type does not have as they are written, in the
// places that the fuzzed type makes reachable.
func exact(t *testing.T, text []byte, _ reflect.Type, v any) {
	t.Helper()
	o, ok := v.(map[string]any)
	if !ok {
		return
	}
	const names = " id role minutes big risk allow at items labels raw any inner Plain "
	for name, value := range o {
		if !strings.Contains(names, " "+name+" ") {
			t.Fatalf("%q: %q was taken", text, name)
		}
		if name == "inner" {
			exact(t, text, nil, value)
		}
	}
}

// repeatedNowhere decodes by tokens, which keep what a map loses.
func repeatedNowhere(t *testing.T, text []byte) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var walk func()
	walk = func() {
		token, err := d.Token()
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		open, ok := token.(json.Delim)
		if !ok {
			return
		}
		seen := map[string]bool{}
		for d.More() {
			if open == '{' {
				name, err := d.Token()
				key := name.(string)
				if err != nil || seen[key] {
					t.Fatalf("%q: %q stands twice", text, key)
				}
				seen[key] = true
			}
			walk()
		}
		if _, err := d.Token(); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	}
	walk()
}

// FuzzMembers: the members of what is taken are those that encoding/json finds.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{`{"a":1,"b":[{"c":"d"}]}`, `{"a":1,"a":2}`, `{}`, ` { "\u0061" : null } `, `[1]`, `{"a":1}1`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := strictjson.Object(text)
		if err != nil {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(text, &want); err != nil || len(got) != len(want) {
			t.Fatalf("%q: got %v, want %v, %v", text, got, want, err)
		}
		for name, value := range want {
			if string(got[name]) != string(value) {
				t.Fatalf("%q: %q is %q, want %q", text, name, got[name], value)
			}
		}
	})
}
