package admin

import (
	"context"
	"crypto"
	"fmt"

	"github.com/wardgate/wardgate/pip"
)

// Key returns the public key that verifies tokens with the key id; ok is false
// for one that is unknown or retired. For an unknown one the folder is looked
// at again, at most once a second: another process may have rotated.
func (k *Keys) Key(id string) (public crypto.PublicKey, ok bool) {
	public, known := k.find(id)
	if !known {
		k.look()
		public, _ = k.find(id)
	}
	return public, public != nil
}

// find returns the key, nil when it is retired, and whether it is known.
func (k *Keys) find(id string) (public crypto.PublicKey, known bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for i := range k.keys {
		if k.keys[i].id != id {
			continue
		}
		if !k.verifies(i) {
			return nil, true
		}
		return &k.keys[i].private.PublicKey, true
	}
	return nil, false
}

// Generation changes with every rotation, so that what was verified under the
// keys before it is verified again.
func (k *Keys) Generation() uint64 { return k.changes.Load() }

// RotateKeys makes a new signing key, for an operator. The evidence comes first.
func (a *Admin) RotateKeys(ctx context.Context, c Client, by string) error {
	e := a.event(c, "keys.rotate", by, "", a.cfg.Now())
	e.Kind, e.Outcome, e.Allow = pip.KindSystem, "success", true
	if err := a.parts.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("rotate keys: %w", err)
	}
	return a.parts.Keys.Rotate()
}
