package client

import (
	"crypto"
	"crypto/ecdsa"
	"errors"
	"maps"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/pdp"
)

// keys are the public keys that verify access tokens. They come from the
// decision point at its own suggestion: a token with a key id that is not
// known causes no request.
type keys struct {
	followed[pdp.KeySet]
	public     atomic.Pointer[map[string]*ecdsa.PublicKey]
	generation atomic.Uint64
	kept       time.Duration
}

// learn is called in order.
func (k *keys) learn(set *pdp.KeySet) error {
	public, err := set.Public()
	if err != nil {
		return err
	}
	if len(public) == 0 {
		return errors.New("the decision point names no keys")
	}
	old := k.public.Swap(&public)
	same := func(a, b *ecdsa.PublicKey) bool { return a.Equal(b) }
	if old == nil || !maps.EqualFunc(*old, public, same) {
		k.generation.Add(1)
	}
	return nil
}

// known reports whether the decision point has confirmed the keys lately.
func (k *keys) known() bool {
	heard := k.heard.Load()
	return heard != nil && time.Since(*heard) <= k.kept && k.public.Load() != nil
}

// Key returns the public key of a key id. ok is false for one that is unknown
// or retired, and for every one while the keys are not confirmed lately.
func (c *Client) Key(id string) (key crypto.PublicKey, ok bool) {
	if !c.keys.known() {
		return nil, false
	}
	public, ok := (*c.keys.public.Load())[id]
	if !ok {
		return nil, false
	}
	return public, true
}

// Generation changes whenever a key is added or retired.
func (c *Client) Generation() uint64 { return c.keys.generation.Load() }
