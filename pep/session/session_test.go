package session_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/session"
)

const handle = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

// keyOf is a source of one key.
type keyOf string

func (k keyOf) CookieKey() (pdp.CookieKey, error) {
	if k == "" {
		return pdp.CookieKey{}, errors.New("not known yet")
	}
	return pdp.CookieKey{Secret: bytes.Repeat([]byte(k), 32/len(k))}, nil
}

func origin(t testing.TB, text string) session.Origin {
	t.Helper()
	o, err := session.ParseOrigin(text)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestACookieOpensWhereItWasSealedAlone(t *testing.T) {
	s := session.NewSealer(keyOf("k"))
	home := origin(t, "https://home.test")
	value, err := s.Seal(handle, home)
	if err != nil || strings.Contains(value, handle) {
		t.Fatalf("got %q, %v", value, err)
	}
	if got, err := s.Open(value, home); got != handle || err != nil {
		t.Fatalf("got %q, %v", got, err)
	}
	again, _ := s.Seal(handle, home)
	if again == value {
		t.Error("two cookies of one handle are the same")
	}
	raw, _ := base64.RawURLEncoding.DecodeString(value)
	flipped := bytes.Clone(raw)
	flipped[len(flipped)-1] ^= 1
	encode := base64.RawURLEncoding.EncodeToString
	for name, tt := range map[string]struct {
		sealer *session.Sealer
		value  string
		at     string
	}{
		"another host":          {s, value, "https://app.test"},
		"a host below":          {s, value, "https://x.home.test"},
		"another port":          {s, value, "https://home.test:8443"},
		"plain HTTP":            {s, value, "http://home.test"},
		"another key":           {session.NewSealer(keyOf("l")), value, "https://home.test"},
		"cut":                   {s, value[:len(value)-1], "https://home.test"},
		"cut to its nonce":      {s, value[:16], "https://home.test"},
		"cut within its nonce":  {s, value[:7], "https://home.test"},
		"nothing":               {s, "", "https://home.test"},
		"a bit":                 {s, encode(flipped), "https://home.test"},
		"twice":                 {s, value + value, "https://home.test"},
		"in quotation marks":    {s, `"` + value + `"`, "https://home.test"},
		"a line end in it":      {s, value[:8] + "\n" + value[8:], "https://home.test"},
		"padded":                {s, value + "=", "https://home.test"},
		"the handle as it is":   {s, handle, "https://home.test"},
		"very long":             {s, strings.Repeat("A", 4096), "https://home.test"},
		"the other base64":      {s, base64.StdEncoding.EncodeToString(raw), "https://home.test"},
		"of another key's seal": {s, sealed(t, "m", home), "https://home.test"},
	} {
		if got, err := tt.sealer.Open(tt.value, origin(t, tt.at)); !errors.Is(err, session.ErrForged) || got != "" {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

func sealed(t *testing.T, key keyOf, at session.Origin) string {
	t.Helper()
	value, err := session.NewSealer(key).Seal(handle, at)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestWithoutAKeyNothingIsForged(t *testing.T) {
	home := origin(t, "https://home.test")
	for name, key := range map[string]keyOf{"not known": "", "too short": "0123456789abcdefg"} {
		s := session.NewSealer(key)
		if _, err := s.Open("AAAA", home); err == nil || errors.Is(err, session.ErrForged) {
			t.Errorf("%s: opening: %v", name, err)
		}
		if _, err := s.Seal(handle, home); err == nil {
			t.Errorf("%s: sealed", name)
		}
	}
	for _, none := range []string{"", strings.Repeat("x", 65)} {
		if _, err := session.NewSealer(keyOf("k")).Seal(none, home); err == nil {
			t.Errorf("sealed %q", none)
		}
	}
}

func TestCookiesOfOneNameAgree(t *testing.T) {
	for name, tt := range map[string]struct {
		lines []string
		value string
		one   bool
	}{
		"none":                       {nil, "", true},
		"others":                     {[]string{"a=1; wardgatex=2; xwardgate=3; Wardgate=4; wardgate-nonce=5"}, "", true},
		"one":                        {[]string{"a=1; wardgate=x; b=2"}, "x", true},
		"without blanks":             {[]string{"a=1;wardgate=x;b=2"}, "x", true},
		"with a sign of equality":    {[]string{"wardgate=x=y"}, "x=y", true},
		"doubled":                    {[]string{"wardgate=x; wardgate=x"}, "x", true},
		"doubled in two lines":       {[]string{"wardgate=x", "wardgate=x"}, "x", true},
		"two":                        {[]string{"wardgate=x; wardgate=y"}, "", false},
		"two in two lines":           {[]string{"wardgate=x", "wardgate=y"}, "", false},
		"two, of which one is empty": {[]string{"wardgate=; wardgate=y"}, "", false},
		"two, with a tab":            {[]string{"wardgate=x;\twardgate=y"}, "", false},
		"two, with a blank":          {[]string{"wardgate=x; wardgate =y"}, "", false},
	} {
		value, one := session.Read(http.Header{"Cookie": tt.lines}, session.Name("http"))
		if value != tt.value || one != tt.one {
			t.Errorf("%s: got %q, %t", name, value, one)
		}
	}
}

func TestTheNamesAreReservedInAnySpelling(t *testing.T) {
	for name, want := range map[string]bool{
		"wardgate": true, "Wardgate": true, " wardgate ": true, "__Host-wardgate": true, "__HOST-Wardgate": true, "__host-wardgate-nonce": true,
		"wardgate-nonce": true, "__Host-wardgate-device": false, "wardgate-form": false, "a": false, "": false,
	} {
		if got := session.Reserved(name); got != want {
			t.Errorf("%q: got %t", name, got)
		}
	}
}

func TestCookiesAreKeptFromScriptsAndOtherHosts(t *testing.T) {
	over := session.Cookie(origin(t, "https://home.test"), "x").String()
	if over != "__Host-wardgate=x; Path=/; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("over TLS: %s", over)
	}
	if plain := session.Cookie(origin(t, "http://127.0.0.1:8080"), "x").String(); plain != "wardgate=x; Path=/; HttpOnly; SameSite=Lax" {
		t.Errorf("on plain HTTP: %s", plain)
	}
	if gone := session.Cookie(origin(t, "https://home.test"), "").String(); gone != "__Host-wardgate=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax" {
		t.Errorf("forgotten: %s", gone)
	}
}

// BenchmarkOpenAndLookUp is what a cookie adds to a request over a token in a header, as
// CPU time too: the machine may be shared.
func BenchmarkOpenAndLookUp(b *testing.B) {
	s := session.NewSealer(keyOf("k"))
	tokens, at := session.NewTokens(young(nil)), origin(b, "https://home.test")
	value, err := s.Seal(handle, at)
	if err != nil {
		b.Fatal(err)
	}
	h := http.Header{"Cookie": {"theme=dark; __Host-wardgate=" + value}}
	b.ReportAllocs()
	began := cpu(b)
	for b.Loop() {
		found, one := session.Read(h, session.Name(at.Scheme))
		opened, err := s.Open(found, at)
		if err != nil || !one {
			b.Fatal(err)
		}
		if _, err := tokens.Token(b.Context(), pdp.Continuation{Handle: opened}, noon); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu(b)-began)/float64(b.N), "cpu-ns/op")
}

// cpu is what this process has used, in user and system mode.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
