package assertion_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/internal/assertion"
)

const secret = "0123456789abcdef0123456789abcdef"

func newKey(t *testing.T, secret string) *assertion.Key {
	t.Helper()
	k, err := assertion.NewKey([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func about(method, path, query, body string) assertion.Claims {
	return assertion.Claims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: "account-1"}, Role: "doctor", Action: "patient.read", Decision: "d-1",
		Method: method, Path: path, QueryDigest: assertion.Digest([]byte(query)), BodyDigest: assertion.Digest([]byte(body)),
	}
}

func sign(t *testing.T, c assertion.Claims, audience string, at time.Time) string {
	t.Helper()
	signed, err := newKey(t, secret).Sign(c, audience, at)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestSignAndVerify(t *testing.T) {
	now := time.Now()
	signed := sign(t, about("GET", "/a", "x=y", ""), "records", now)
	c, err := newKey(t, secret).Verify(signed, "records", now)
	if err != nil || c.Subject != "account-1" || c.Decision != "d-1" || c.Path != "/a" || c.Rows != nil {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestTimes(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	signed := sign(t, about("GET", "/a", "", ""), "records", now)
	for after, want := range map[time.Duration]bool{
		0: true, -time.Second: true, -3 * time.Second: false, 9 * time.Second: true,
		11 * time.Second: true, 13 * time.Second: false, time.Hour: false, -time.Hour: false,
	} {
		if _, err := newKey(t, secret).Verify(signed, "records", now.Add(after)); (err == nil) != want {
			t.Errorf("%v after signing: %v, want valid %t", after, err, want)
		}
	}
}

// forge signs claims and a header that Sign would never write.
func forge(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims, header map[string]any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	for name, value := range header {
		token.Header[name] = value
	}
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestForgeries(t *testing.T) {
	now := time.Now()
	whole := func() jwt.MapClaims {
		return jwt.MapClaims{"iss": "wardgate-pep", "aud": []string{"records"}, "iat": now.Unix(), "exp": now.Add(10 * time.Second).Unix(),
			"decision": "d", "method": "GET", "path": "/a", "action": "x.read", "role": "doctor", "sub": "account-1"}
	}
	typed := map[string]any{"typ": "wardgate-assertion+jwt"}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]string{
		"other secret":        forge(t, jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), whole(), typed),
		"HS384":               forge(t, jwt.SigningMethodHS384, []byte(secret), whole(), typed),
		"HS512":               forge(t, jwt.SigningMethodHS512, []byte(secret), whole(), typed),
		"none":                forge(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, whole(), typed),
		"an access token":     forge(t, jwt.SigningMethodES256, private, whole(), map[string]any{"typ": "at+jwt", "kid": "k"}),
		"type of access":      forge(t, jwt.SigningMethodHS256, []byte(secret), whole(), map[string]any{"typ": "at+jwt"}),
		"type JWT":            forge(t, jwt.SigningMethodHS256, []byte(secret), whole(), nil),
		"empty":               "",
		"three dots":          "...",
		"for another service": sign(t, about("GET", "/a", "", ""), "inference", now),
		"for nobody":          sign(t, about("GET", "/a", "", ""), "", now),
		"without a decision":  sign(t, func() assertion.Claims { c := about("GET", "/a", "", ""); c.Decision = ""; return c }(), "records", now),
		"without a method":    sign(t, about("", "/a", "", ""), "records", now),
		"without a path":      sign(t, about("GET", "", "", ""), "records", now),
		"without an action":   sign(t, func() assertion.Claims { c := about("GET", "/a", "", ""); c.Action = ""; return c }(), "records", now),
	}
	for _, name := range []string{"iss", "aud", "iat", "exp", "decision", "method", "path", "action"} {
		c := whole()
		delete(c, name)
		table["no "+name] = forge(t, jwt.SigningMethodHS256, []byte(secret), c, typed)
	}
	for name, value := range map[string]any{"iss": "evil", "aud": []string{"records", "inference"}, "nbf": now.Add(time.Hour).Unix()} {
		c := whole()
		c[name] = value
		table["wrong "+name] = forge(t, jwt.SigningMethodHS256, []byte(secret), c, typed)
	}
	for name, signed := range table {
		if c, err := newKey(t, secret).Verify(signed, "records", now); err == nil || c != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := newKey(t, secret).Verify(forge(t, jwt.SigningMethodHS256, []byte(secret), whole(), typed), "records", now); err != nil {
		t.Errorf("the template itself: %v", err)
	}
}

func TestKeyKeepsItsSecret(t *testing.T) {
	if _, err := assertion.NewKey([]byte(secret[:31])); err == nil {
		t.Error("31 bytes were taken")
	}
	k := newKey(t, secret)
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", k, "value", *k)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", k, "value", *k)
	text := fmt.Sprintf("%v %+v %#v %s %v %#v", k, k, k, k, *k, *k) + log.String()
	if strings.Contains(text, secret) || strings.Contains(text, fmt.Sprint([]byte(secret)[:4])[1:8]) || strings.Contains(text, "0x30, 0x31") {
		t.Errorf("the secret shows: %s", text)
	}
}

func TestDigest(t *testing.T) {
	if assertion.Digest(nil) != "" || assertion.Digest([]byte{}) != "" {
		t.Error("nothing has a digest")
	}
	if got := assertion.Digest([]byte("abc")); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("got %s", got)
	}
}

func TestConditionsHaveOneReading(t *testing.T) {
	field := assertion.Condition{Type: "field", Operator: "eq", Field: "patient.doctor", Value: "s-1"}
	compound := func(operator string, parts ...assertion.Condition) assertion.Condition {
		return assertion.Condition{Type: "compound", Operator: operator, Conditions: parts}
	}
	deep := field
	for range 9 {
		deep = compound("and", deep)
	}
	for _, test := range []struct {
		name string
		c    assertion.Condition
		want bool
	}{
		{"all", assertion.Condition{Type: "all"}, true},
		{"none", assertion.Condition{Type: "none"}, true},
		{"field", field, true},
		{"and", compound("and", field, field), true},
		{"or", compound("or", field, assertion.Condition{Type: "none"}), true},
		{"zero", assertion.Condition{}, false},
		{"unknown type", assertion.Condition{Type: "ALL"}, false},
		{"all but", assertion.Condition{Type: "all", Operator: "not"}, false},
		{"all of a field", assertion.Condition{Type: "all", Field: "patient.doctor"}, false},
		{"none with a value", assertion.Condition{Type: "none", Value: "x"}, false},
		{"all with parts", assertion.Condition{Type: "all", Conditions: []assertion.Condition{field}}, false},
		{"field without a value", assertion.Condition{Type: "field", Operator: "eq", Field: "patient.doctor"}, false},
		{"field without a name", assertion.Condition{Type: "field", Operator: "eq", Value: "x"}, false},
		{"field unequal", assertion.Condition{Type: "field", Operator: "ne", Field: "patient.doctor", Value: "x"}, false},
		{"field with parts", assertion.Condition{Type: "field", Operator: "eq", Field: "f", Value: "x", Conditions: []assertion.Condition{field}}, false},
		{"field with a long value", assertion.Condition{Type: "field", Operator: "eq", Field: "f", Value: strings.Repeat("x", 129)}, false},
		{"and of nothing", compound("and"), false},
		{"or of nothing", compound("or"), false},
		{"not", compound("not", field), false},
		{"compound without an operator", compound("", field), false},
		{"compound with a field", assertion.Condition{Type: "compound", Operator: "and", Field: "f", Conditions: []assertion.Condition{field}}, false},
		{"faulty part", compound("or", field, assertion.Condition{}), false},
		{"too deep", deep, false},
	} {
		if got := test.c.Valid(); got != test.want {
			t.Errorf("%s: got %t, want %t", test.name, got, test.want)
		}
	}
}
