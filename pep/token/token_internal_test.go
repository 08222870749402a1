package token

import (
	"crypto"
	"strconv"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
)

type oneKey struct{ generation uint64 }

func (oneKey) Key(id string) (crypto.PublicKey, bool) { return nil, id == "key" }
func (k oneKey) Generation() uint64                   { return k.generation }

func remembered(expires time.Time) verified {
	return verified{key: "key", subject: "a", credential: pdp.Credential{State: pdp.CredentialValid, Issued: expires.Add(-time.Minute), Expires: expires}}
}

// TestCacheIsBounded: it never holds more tokens than it says, and drops the
// expired ones first.
func TestCacheIsBounded(t *testing.T) {
	now := time.Now()
	v := New(oneKey{1}, Policy{}, nil)
	for i := range maxVerified - 1 {
		v.remember("old"+strconv.Itoa(i), remembered(now.Add(-time.Second)), now)
	}
	v.remember("live", remembered(now.Add(time.Minute)), now)
	v.remember("next", remembered(now.Add(time.Minute)), now)
	if _, ok := v.recall("live"); !ok || len(v.known) != 2 {
		t.Errorf("%d tokens kept, the live one %t; want 2", len(v.known), ok)
	}
	for i := range maxVerified {
		v.remember("new"+strconv.Itoa(i), remembered(now.Add(time.Minute)), now)
	}
	if len(v.known) > maxVerified {
		t.Errorf("%d tokens kept, at most %d may be", len(v.known), maxVerified)
	}
}

// TestCacheDoesNotLearnUnderARetiredKey: a verification that was under way
// when its key retired leaves nothing behind.
func TestCacheDoesNotLearnUnderARetiredKey(t *testing.T) {
	now := time.Now()
	v := New(oneKey{1}, Policy{}, nil)
	got := remembered(now.Add(time.Minute))
	got.key = "retired"
	v.remember("token", got, now)
	if _, ok := v.recall("token"); ok {
		t.Error("it was learnt")
	}
	v.remember("other", remembered(now.Add(time.Minute)), now)
	v.keys = oneKey{2}
	if _, ok := v.recall("other"); ok {
		t.Error("another generation of keys was answered from the cache")
	}
}

// fading keys are believed only while somebody confirms them: that ends without
// a change of any key.
type fading struct {
	oneKey
	gone *bool
}

func (f fading) Key(id string) (crypto.PublicKey, bool) { return nil, id == "key" && !*f.gone }

// TestCacheBelievesNoKeyLongerThanItsSource: a token that was verified once is
// worth no more than its key is now.
func TestCacheBelievesNoKeyLongerThanItsSource(t *testing.T) {
	now := time.Now()
	gone := false
	v := New(fading{oneKey{1}, &gone}, Policy{}, nil)
	v.remember("token", remembered(now.Add(time.Minute)), now)
	if _, ok := v.recall("token"); !ok {
		t.Fatal("it was not learnt")
	}
	gone = true
	if _, ok := v.recall("token"); ok {
		t.Error("a token whose key is believed no longer was answered from the cache")
	}
}
