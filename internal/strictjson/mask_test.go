package strictjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/strictjson"
)

func pointers(t testing.TB, texts ...string) []strictjson.Pointer {
	t.Helper()
	p, err := strictjson.ParsePointers(texts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMask(t *testing.T) {
	tests := []struct {
		name     string
		pointers []string
		text     string
		want     string
	}{
		{"member", []string{"/contact"}, `{"id":1,"contact":"x","name":"n"}`, `{"id":1,"name":"n"}`},
		{"first", []string{"/contact"}, `{"contact":"x","id":1}`, `{"id":1}`},
		{"last", []string{"/contact"}, `{"id":1,"contact":"x"}`, `{"id":1}`},
		{"only", []string{"/contact"}, `{"contact":{"phone":[1,{"a":2}]}}`, `{}`},
		{"not there", []string{"/contact"}, `{"id":1}`, `{"id":1}`},
		{"one level alone", []string{"/contact"}, `{"a":{"contact":1}}`, `{"a":{"contact":1}}`},
		{"each element", []string{"/items/*/contact"}, `{"items":[{"contact":1,"a":1},{"a":2},{"contact":3}],"next":null}`,
			`{"items":[{"a":1},{"a":2},{}],"next":null}`},
		{"top array", []string{"/*/contact"}, `[{"contact":1},{"b":1}]`, `[{},{"b":1}]`},
		{"arrays in arrays", []string{"/*/*/c"}, `[[{"c":1,"d":2}],[]]`, `[[{"d":2}],[]]`},
		{"every member", []string{"/by_id/*/contact"}, `{"by_id":{"a":{"contact":1},"b":{"contact":2,"x":1}}}`, `{"by_id":{"a":{},"b":{"x":1}}}`},
		{"several", []string{"/a", "/b/c"}, `{"a":1,"b":{"c":2,"d":3}}`, `{"b":{"d":3}}`},
		{"the wider of two", []string{"/a/b", "/a"}, `{"a":{"b":1,"c":2},"d":0}`, `{"d":0}`},
		{"other case", []string{"/contact"}, `{"CONTACT":1,"id":2}`, `{"id":2}`},
		{"escaped name", []string{"/contact"}, `{"\u0063ontact":1,"id":2}`, `{"id":2}`},
		{"Kelvin sign", []string{"/kin"}, `{"\u212ain":1,"id":2}`, `{"id":2}`},
		{"slash and tilde", []string{"/a~1b/c~0d"}, `{"a/b":{"c~d":1,"e":2}}`, `{"a/b":{"e":2}}`},
		{"a digit is a name", []string{"/0/x"}, `{"0":{"x":1,"y":2}}`, `{"0":{"y":2}}`},
		{"through a scalar", []string{"/a/b/c"}, `{"a":null}`, `{"a":null}`},
		{"no value at all", []string{"/a"}, ` null `, `null`},
		{"what is masked may be of any form", []string{"/a/b", "/a"}, `{"a":"text","c":1}`, `{"c":1}`},
		{"numbers to the byte", []string{"/a"}, `{"n":[9007199254740993,1e400,-0.0,1E+2,0.10]}`, `{"n":[9007199254740993,1e400,-0.0,1E+2,0.10]}`},
		{"texts to the byte", []string{"/a"}, `{"t":"\u00e4\/ä\ud83d\ude00"}`, `{"t":"\u00e4\/ä\ud83d\ude00"}`},
		{"blanks", []string{"/a"}, " {\n\t\"a\" : [ 1 ] ,\r\n \"b\" : [ 1 , 2 ] } ", `{"b":[1,2]}`},
		{"a method is a name", []string{"/a"}, `{"_method":"GET"}`, `{"_method":"GET"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := strictjson.Mask([]byte(tt.text), pointers(t, tt.pointers...))
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestTextsThatCannotBeMasked(t *testing.T) {
	tests := []struct {
		name, text string
		want       error
	}{
		{"nothing", ``, strictjson.ErrText},
		{"cut", `{"a":1`, strictjson.ErrText},
		{"cut in what is masked", `{"contact":{"a":1`, strictjson.ErrText},
		{"trailing data", `{"a":1} {"contact":1}`, strictjson.ErrText},
		{"JSON Lines", "{\"a\":1}\n{\"contact\":1}\n", strictjson.ErrText},
		{"JSON text sequence", "\x1e{\"contact\":1}\n", strictjson.ErrText},
		{"byte order mark", "\ufeff{\"contact\":1}", strictjson.ErrText},
		{"UTF-16", "{\x00\"\x00}\x00", strictjson.ErrText},
		{"no UTF-8", "{\"a\":\"\xff\"}", strictjson.ErrText},
		{"key twice", `{"id":1,"id":2}`, strictjson.ErrText},
		{"masked key twice", `{"contact":1,"contact":2}`, strictjson.ErrText},
		{"key in two cases", `{"id":1,"ID":2}`, strictjson.ErrText},
		{"key twice in what is masked", `{"contact":{"a":1,"a":2}}`, strictjson.ErrText},
		{"half a pair", `{"a":"\ud800"}`, strictjson.ErrText},
		{"JSONP", `f({"contact":1})`, strictjson.ErrText},
		{"anti-hijacking prefix", `)]}',{"contact":1}`, strictjson.ErrText},
		{"comment", `{/*x*/"contact":1}`, strictjson.ErrText},
		{"single quotes", `{'contact':1}`, strictjson.ErrText},
		{"NaN", `{"a":NaN}`, strictjson.ErrText},
		{"trailing comma", `{"a":1,}`, strictjson.ErrText},
		{"too deep", `{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}", strictjson.ErrText},
		{"array instead of an object", `[{"contact":1}]`, strictjson.ErrShape},
		{"text instead of an object", `"tel. 1"`, strictjson.ErrShape},
		{"number instead of an object", `1`, strictjson.ErrShape},
		{"boolean instead of an object", `true`, strictjson.ErrShape},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := strictjson.Mask([]byte(tt.text), pointers(t, "/contact"))
			if !errors.Is(err, tt.want) || got != nil {
				t.Errorf("got %q, %v, want %v", got, err, tt.want)
			}
		})
	}
}

// What was meant by /contact/phone may be all of a contact that is a text.
func TestTextWhereAMemberWasMeantIsWithheld(t *testing.T) {
	got, err := strictjson.Mask([]byte(`{"contact":"tel. 1","id":1}`), pointers(t, "/contact/phone"))
	if !errors.Is(err, strictjson.ErrShape) || got != nil {
		t.Errorf("got %q, %v, want %v", got, err, strictjson.ErrShape)
	}
}

func TestPointersAreRefused(t *testing.T) {
	for _, list := range [][]string{
		nil, {""}, {"contact"}, {"/"}, {"/a/"}, {"//a"}, {"/a//b"}, {"/items/*"}, {"/*"}, {"/a b"}, {"/a,b"}, {"/ä"},
		{"/a~"}, {"/a~2"}, {"#/a"}, {"/a\n"}, {"/ok", "bad"}, make([]string, 65), {strings.Repeat("/a", 17)},
	} {
		if _, err := strictjson.ParsePointers(list); err == nil {
			t.Errorf("%q was accepted", list)
		}
	}
}

// FuzzMask: whatever an application answers, the masked name stands at no
// masked place of what goes out, which is valid JSON, and nothing else is gone.
func FuzzMask(f *testing.F) {
	for _, seed := range []string{
		`{"items":[{"contact":"secret","a":1}],"contact":2}`, `{"items":{"x":{"contact":1}}}`, `{"contact":1,"contact":2}`,
		`{"\u0063ontact":1}`, `{"CONTACT":1}`, `[{"contact":1}]`, `{"items":[[{"contact":1}]]}`, `{"a":{"contact":1}}`,
		`{"items":[{"contact":{"contact":1}}]}`, ` { } `, `1e400`, `{"items":null,"contact":null}`, `{"Contact":1,"b":[1,2,]}`,
	} {
		f.Add([]byte(seed))
	}
	list := pointers(f, "/contact", "/items/*/contact")
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := strictjson.Mask(text, list)
		if err != nil {
			if got != nil {
				t.Fatalf("%q: an error and an answer", text)
			}
			return
		}
		if !json.Valid(got) {
			t.Fatalf("%q became %q, which is no JSON", text, got)
		}
		whole, left := decode(t, text), decode(t, got)
		if removed(whole); !equal(t, whole, left) {
			t.Fatalf("%q became %q", text, got)
		}
		again, err := strictjson.Mask(got, list)
		if err != nil || !bytes.Equal(again, got) {
			t.Fatalf("%q, masked again, became %q, %v", got, again, err)
		}
	})
}

func decode(t *testing.T, text []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q does not decode: %v", text, err)
	}
	return v
}

// removed does on the decoded text what Mask does on its bytes.
func removed(v any) {
	top, ok := v.(map[string]any)
	if !ok {
		return
	}
	for key, value := range top {
		switch {
		case strings.EqualFold(key, "contact"):
			delete(top, key)
		case strings.EqualFold(key, "items"):
			drop := func(one any) {
				if o, ok := one.(map[string]any); ok {
					for name := range o {
						if strings.EqualFold(name, "contact") {
							delete(o, name)
						}
					}
				}
			}
			switch items := value.(type) {
			case []any:
				for _, one := range items {
					drop(one)
				}
			case map[string]any:
				for _, one := range items {
					drop(one)
				}
			}
		}
	}
}

func equal(t *testing.T, a, b any) bool {
	t.Helper()
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	return bytes.Equal(x, y)
}
