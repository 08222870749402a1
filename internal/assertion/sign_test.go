package assertion_test

import (
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/internal/assertion"
)

// filled sets each claim to something of its own, by way of its type, so that
// one that is added and not written is found here.
func filled(t *testing.T, text string) assertion.Claims {
	t.Helper()
	var c assertion.Claims
	v := reflect.ValueOf(&c).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch f := v.Field(i); f.Interface().(type) {
		case jwt.RegisteredClaims:
			c.Subject = name + text
		case string:
			f.SetString(name + text)
		case bool:
			f.SetBool(true)
		case []string:
			f.Set(reflect.ValueOf([]string{name, text}))
		case *assertion.Condition:
			one := assertion.Condition{Type: "field", Operator: "eq", Field: "patient.doctor", Value: "s-1" + text}
			c.Rows = &assertion.Condition{Type: "compound", Operator: "or", Conditions: []assertion.Condition{
				one, {Type: "compound", Operator: "and", Conditions: []assertion.Condition{one, {Type: "none"}}},
			}}
		case *assertion.Budget:
			c.Budget = &assertion.Budget{Rows: 300, Seconds: 600}
		default:
			t.Fatalf("%s is of a type that this test does not know", name)
		}
	}
	return c
}

// What the library reads is what was to be stated, in all its members.
func TestWhatIsWrittenIsRead(t *testing.T) {
	k := newKey(t, secret)
	now := time.Now()
	for _, text := range []string{"", "x", `"`, `\`, `\"},{`, "\x00\x01\x1f\x7f", "\n\t\r\b\f", "ä休🏥", "</script>&", "\u2028\u2029", strings.Repeat("long ", 2000)} {
		want := filled(t, text)
		signed, err := k.Sign(want, `rec"ords`, now)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		got, err := k.Verify(signed, `rec"ords`, now)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got.Issuer != "wardgate-pep" || !got.IssuedAt.Equal(now.Truncate(time.Second)) || got.ExpiresAt.Sub(got.IssuedAt.Time) != 10*time.Second {
			t.Errorf("got issuer %q, %v to %v", got.Issuer, got.IssuedAt, got.ExpiresAt)
		}
		got.RegisteredClaims = want.RegisteredClaims
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("%q:\ngot  %+v\nwant %+v", text, *got, want)
		}
	}
}

// What the service would read otherwise than it was written is not signed.
func TestTextThatIsNoneIsNotSigned(t *testing.T) {
	for _, bad := range []string{"\xff", "a\xc3", "\xed\xa0\x80"} {
		c := about("GET", "/"+bad, "", "")
		if signed, err := newKey(t, secret).Sign(c, "records", time.Now()); err == nil {
			t.Errorf("%q: signed %s", bad, signed)
		}
	}
}

// Buffers are used again: what one assertion held is never in another.
func TestSigningInParallel(t *testing.T) {
	k := newKey(t, secret)
	now := time.Now()
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for range 200 {
				path := "/" + strings.Repeat(string(rune('a'+i)), i*7)
				signed, err := k.Sign(about("GET", path, "", ""), "records", now)
				if err != nil {
					t.Error(err)
					return
				}
				if c, err := k.Verify(signed, "records", now); err != nil || c.Path != path {
					t.Errorf("got %+v, %v", c, err)
				}
			}
		})
	}
	group.Wait()
}

func FuzzSign(f *testing.F) {
	f.Add("a", "b", "c")
	f.Add("\"\\", "\x00", "\xff")
	f.Fuzz(func(t *testing.T, subject, path, value string) {
		k := newKey(t, secret)
		now := time.Now()
		c := about("GET", "/"+path, "", "")
		c.Subject = subject
		c.Rows = &assertion.Condition{Type: "field", Operator: "eq", Field: "f", Value: value}
		signed, err := k.Sign(c, "records", now)
		if err != nil {
			if utf8.ValidString(subject) && utf8.ValidString(path) && utf8.ValidString(value) {
				t.Fatalf("refused %q %q %q: %v", subject, path, value, err)
			}
			return
		}
		got, err := k.Verify(signed, "records", now)
		if err != nil || got.Subject != subject || got.Path != "/"+path || got.Rows.Value != value {
			t.Fatalf("got %+v, %v of %q %q %q", got, err, subject, path, value)
		}
	})
}
