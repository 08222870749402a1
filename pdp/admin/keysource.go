package admin

import "crypto"

// Key returns the public key that verifies tokens with the key id; ok is false
// for one that is unknown or retired.
func (k *Keys) Key(id string) (public crypto.PublicKey, ok bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for i := range k.keys {
		if k.keys[i].id == id && k.verifies(i) {
			return &k.keys[i].private.PublicKey, true
		}
	}
	return nil, false
}

// Generation changes with every rotation, so that what was verified under the
// keys before it is verified again.
func (k *Keys) Generation() uint64 { return k.rotations.Load() }
