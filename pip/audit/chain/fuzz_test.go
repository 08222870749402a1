package chain_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/chain"
)

func FuzzParseRecord(f *testing.F) {
	zeros := strings.Repeat("0", 64)
	for _, seed := range []string{
		"", "\n", zeros, zeros + " ", zeros + ` {"seq":1,"written":2,"kind":"x"}`, zeros + ` {"seq":01,"written":2,"k":1}`,
		strings.ToUpper(strings.Repeat("a", 64)) + ` {"seq":1,"written":2,"kind":"x"}`, zeros + ` {"seq":18446744073709551616,"written":2,}`,
		zeros + ` {"seq":1,"written":99999999999999999999,}`, zeros + ` {"format":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := chain.ParseRecord(line)
		if err != nil {
			return
		}
		// Whatever is accepted has one spelling only.
		if !bytes.Equal(line[:64], bytes.ToLower(line[:64])) || line[64] != ' ' || !bytes.Equal(line[65:], r.JSON) {
			t.Errorf("accepted %q", line)
		}
		var e struct {
			Seq     uint64 `json:"seq"`
			Written uint64 `json:"written"`
		}
		if json.Valid(r.JSON) && strings.Count(string(r.JSON), `"`) < 7 {
			if err := json.Unmarshal(r.JSON, &e); err == nil && (e.Seq != r.Seq || int64(e.Written) != r.Written) {
				t.Errorf("%q: got seq %d written %d, JSON says %+v", r.JSON, r.Seq, r.Written, e)
			}
		}
	})
}

func FuzzParseHeader(f *testing.F) {
	f.Add([]byte(strings.Repeat("0", 64) + ` {"format":1,"chain":"main","segment":1,"first":1,"previous":"","created":"2026-01-01T00:00:00Z"}`))
	f.Add([]byte(strings.Repeat("0", 64) + ` {"FORMAT":1}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if _, h, err := chain.ParseHeader(line); err == nil && !bytes.HasPrefix(line[65:], []byte(`{"format":1,"chain":`)) {
			t.Errorf("accepted %q of chain %q", line, h.Chain)
		}
	})
}

// FuzzEncode: no field can break a line or reach a terminal, and the record
// means what encoding/json would have written.
func FuzzEncode(f *testing.F) {
	f.Add("decision", "a\nb", "\x1b[2J", []byte(`{"a":"\u2028"}`), int64(0))
	f.Add("x", "\xff\xfe", "\u202e\u0085", []byte("{\n}"), int64(1<<40))
	f.Add("x", `"\`, "\U0010ffff", []byte(nil), int64(-1))
	f.Fuzz(func(t *testing.T, kind, subject, reason string, input []byte, nanos int64) {
		e := pip.Event{
			Kind: pip.Kind(kind), Time: time.Unix(0, nanos).UTC(), Subject: subject, Reasons: []string{reason, ""},
			Input: input, Ages: map[string]int64{reason: nanos, subject: 1}, Status: int(nanos % 600),
			Count: 2, Codes: map[string]int{reason: 2, subject: 1}, Since: time.Unix(0, nanos).UTC(), Until: time.Unix(1, nanos).UTC(), Network: subject,
		}
		got, err := chain.AppendEvent([]byte{'{'}, &e)
		if err != nil {
			return
		}
		clean := got
		if i := bytes.Index(got, []byte(`,"input":`)); i >= 0 {
			clean = got[:i]
		}
		if bytes.ContainsAny(got, "\n\r") || strings.ContainsFunc(string(clean), func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Fatalf("not printable: %q", got)
		}
		want, err := json.Marshal(e)
		if err != nil {
			t.Fatalf("encoding/json refuses what was encoded: %v", err)
		}
		var a, b any
		if err := json.Unmarshal(got, &a); err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		if err := json.Unmarshal(want, &b); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a, b) {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// FuzzValidJSON: the fast check agrees with encoding/json.
func FuzzValidJSON(f *testing.F) {
	for _, seed := range []string{
		"", " ", "null", "nul", "true ", "falsey", "-", "-0", "01", "1.", ".5", "1e", "1E+5", "1e-", "2.5e3x", `"`, `"a`, `"\`, `"\u12g4"`, `"\u00e9"`,
		`"\x"`, "\"\n\"", "\"\xff\"", "[]", "[1,]", "[,1]", "[1 2]", "[[[]]]", "{}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1,"b":[{}]}`, `{a:1}`, "{} {}",
		`{},"allow":true`, "\ufeff{}", strings.Repeat("[", 300), strings.Repeat("[", 190) + strings.Repeat("]", 190), " [ 1 , 2 ] \n", `{ "a" : null }`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, want := chain.ValidJSON(b), json.Valid(b)
		deep := bytes.Count(b, []byte("["))+bytes.Count(b, []byte("{")) >= 200
		if got != want && !(deep && !got) {
			t.Errorf("%q: got %v, want %v", b, got, want)
		}
	})
}
