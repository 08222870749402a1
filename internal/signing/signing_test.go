package signing_test

import (
	"crypto/ecdsa"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/internal/signing"
)

// A clock is told how much time passes.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time       { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) pass(d time.Duration) { c.at.Add(int64(d)) }

const (
	cached   = 5 * time.Minute // how long a verifier keeps the published keys
	lead     = 2 * cached
	lifetime = 30 * time.Second
)

func open(t *testing.T, dir string, c *clock) *signing.Keys {
	t.Helper()
	k, err := signing.Open(dir, signing.Config{Lead: lead, Outlive: lifetime + cached, Now: c.now})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A verifier elsewhere keeps what was published for as long as it was allowed to.
type verifier struct {
	clock   *clock
	keys    map[string]*ecdsa.PublicKey
	fetched time.Time
}

func (v *verifier) verify(publish func() map[string]*ecdsa.PublicKey, token string) error {
	if v.clock.now().Sub(v.fetched) >= cached {
		v.keys, v.fetched = publish(), v.clock.now()
	}
	_, err := jwt.Parse(token, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		if public := v.keys[id]; public != nil {
			return public, nil
		}
		return nil, errors.New("unknown key")
	}, jwt.WithValidMethods([]string{"ES256"}), jwt.WithTimeFunc(v.clock.now))
	return err
}

// Over two days of rotations, by two processes on one folder, nobody who keeps
// the published keys for as long as he may meets a key that he does not know,
// and every key that signed retires.
func TestRotationIsNeverSeenTooEarlyOrTooLate(t *testing.T) {
	c := newClock()
	dir := t.TempDir()
	one := open(t, dir, c)
	signed := map[string]bool{}
	readers := []*verifier{{clock: c}, {clock: c}, {clock: c}}
	var waiting []string // signed before, and looked at only at the end of its life
	for minute := range 2 * 24 * 60 {
		if minute%(3*60) == 0 {
			if err := one.Rotate(); err != nil {
				t.Fatal(err)
			}
		}
		token, err := one.Sign(jwt.RegisteredClaims{ExpiresAt: jwt.NewNumericDate(c.now().Add(lifetime))}, "JWT")
		if err != nil {
			t.Fatal(err)
		}
		parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
		if err != nil {
			t.Fatal(err)
		}
		signed[parsed.Header["kid"].(string)] = true
		waiting = append(waiting, token)
		c.pass(lifetime - time.Second)
		if minute%3 == 0 {
			for _, r := range readers[:1+minute%len(readers)] {
				if err := r.verify(one.Public, waiting[len(waiting)-1]); err != nil {
					t.Fatalf("minute %d: %v", minute, err)
				}
			}
		}
		c.pass(time.Minute - lifetime + time.Second)
	}
	if len(signed) < 15 || len(one.Public()) > 2 {
		t.Errorf("got %d keys that signed and %d that verify", len(signed), len(one.Public()))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.pem"))
	if err != nil || len(files) > 3 {
		t.Errorf("got %d files, %v: retired keys are not removed", len(files), err)
	}
}

// A key signs only after it was published for long enough; the first one at once.
func TestANewKeyWaits(t *testing.T) {
	c := newClock()
	k := open(t, t.TempDir(), c)
	kid := func() string {
		token, err := k.Sign(jwt.RegisteredClaims{}, "JWT")
		if err != nil {
			t.Fatal(err)
		}
		parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
		if err != nil || parsed.Header["typ"] != "JWT" || parsed.Header["alg"] != "ES256" {
			t.Fatalf("got %v, %v", parsed.Header, err)
		}
		return parsed.Header["kid"].(string)
	}
	first := kid()
	if err := k.Rotate(); err != nil {
		t.Fatal(err)
	}
	if len(k.Public()) != 2 || kid() != first {
		t.Error("the new key is not published, or signs at once")
	}
	c.pass(lead + time.Millisecond)
	if kid() == first {
		t.Error("the new key does not sign after its lead")
	}
	if _, ok := k.Key(first); !ok {
		t.Error("the old key retired while what it signed lives")
	}
	c.pass(lifetime + cached)
	if _, ok := k.Key(first); ok {
		t.Error("the old key verifies for ever")
	}
	if k.Age() < lead || k.Outlive() != lifetime+cached {
		t.Errorf("age %v, outlive %v", k.Age(), k.Outlive())
	}
}

func TestFoldersThatAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(file string) error{
		"a key that others can read": func(file string) error { return os.Chmod(file, 0o644) },
		"no key":                     func(file string) error { return os.WriteFile(file, []byte("no key"), 0o600) },
	} {
		c, dir := newClock(), t.TempDir()
		open(t, dir, c)
		files, err := filepath.Glob(filepath.Join(dir, "*.pem"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		if err := spoil(files[0]); err != nil {
			t.Fatal(err)
		}
		if _, err := signing.Open(dir, signing.Config{Lead: lead, Outlive: cached}); err == nil || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := signing.Open(t.TempDir(), signing.Config{Outlive: cached}); err == nil {
		t.Error("a key that signs before anybody knows it is accepted")
	}
}
