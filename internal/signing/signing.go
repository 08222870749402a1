// Package signing keeps keys that sign tokens (ES256) in a folder, one file a
// key, and replaces them so that no verifier ever meets a signature under a key
// that it could not know: a new key is published before it signs, and verifies for as
// long as what it signed can live. It knows nothing of what is signed.
package signing

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/internal/durable"
)

// lookEvery is how often the folder is looked at, at most: a storm of unknown
// key ids costs no more than that.
const lookEvery = time.Second

// Config says how long keys live. Both times must be set.
type Config struct {
	// Lead is how long a new key is known before it signs, so that everybody who
	// reads the folder, or what is published of it, knows it when its first
	// signature arrives.
	Lead time.Duration
	// Outlive is how long a key verifies after it was replaced: at least the life
	// of what it signed, and the leeway of clocks.
	Outlive time.Duration
	Now     func() time.Time // nil is the wall clock
}

// Keys holds the keys of one folder. The newest that is known long enough signs; each older one still verifies for as long as a token of
// its own can live. Any number of processes may share a folder, and each may
// rotate.
type Keys struct {
	dir           string
	lead, outlive time.Duration
	now           func() time.Time

	changes atomic.Uint64

	mu   sync.RWMutex
	keys []key // oldest first, never empty

	looking sync.Mutex
	looked  time.Time // by the monotonic clock
	stamp   time.Time // of the folder, when it was read
}

type key struct {
	id      string
	created time.Time
	private *ecdsa.PrivateKey
	file    string
}

// Open reads the keys in dir, files of mode 0600, and makes the first one.
func Open(dir string, c Config) (*Keys, error) {
	if c.Lead <= 0 || c.Outlive <= 0 {
		return nil, errors.New("open signing keys: a lead and a time to outlive are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open signing keys: %w", err)
	}
	k := &Keys{dir: dir, lead: c.Lead, outlive: c.Outlive, now: c.Now}
	var err error
	if k.keys, err = readKeys(dir); err != nil {
		return nil, fmt.Errorf("open signing keys: %w", err)
	}
	if len(k.keys) == 0 {
		return k, k.Rotate()
	}
	return k, nil
}

// readKeys reads all keys in dir, oldest first. One that another process
// removed meanwhile has retired.
func readKeys(dir string) ([]key, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.pem"))
	if err != nil {
		return nil, err
	}
	var keys []key
	for _, f := range files {
		one, err := readKey(f)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		keys = append(keys, one)
	}
	slices.SortFunc(keys, func(a, b key) int { return a.created.Compare(b.created) })
	return keys, nil
}

// look reads the folder again when another process has changed it, at most
// every lookEvery. What cannot be read changes nothing.
func (k *Keys) look() {
	if !k.looking.TryLock() {
		return
	}
	defer k.looking.Unlock()
	if time.Since(k.looked) < lookEvery {
		return
	}
	k.looked = time.Now()
	info, err := os.Stat(k.dir)
	if err != nil || info.ModTime().Equal(k.stamp) {
		return
	}
	keys, err := readKeys(k.dir)
	if err != nil || len(keys) == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	// A folder that changed in the same tick of its clock is read once more.
	if time.Since(info.ModTime()) > lookEvery {
		k.stamp = info.ModTime()
	}
	same := slices.EqualFunc(k.keys, keys, func(a, b key) bool { return a.id == b.id })
	if !same {
		k.keys = keys
		k.changes.Add(1)
	}
}

// String keeps keys out of logs.
func (*Keys) String() string { return "redacted" }

// Rotate makes a new key, which signs as soon as every process can know it, and
// removes the keys whose last token has expired.
func (k *Keys) Rotate() error {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("rotate signing key: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	created := k.now().UTC().Truncate(time.Microsecond)
	if n := len(k.keys); n > 0 && !created.After(k.keys[n-1].created) {
		created = k.keys[n-1].created.Add(time.Microsecond)
	}
	fresh := key{id: rand.Text(), created: created, private: private}
	if fresh.file, err = writeKey(k.dir, fresh); err != nil {
		return fmt.Errorf("rotate signing key: %w", err)
	}
	k.keys = append(k.keys, fresh)
	k.changes.Add(1)
	return k.prune()
}

func (k *Keys) prune() error {
	var errs []error
	kept := make([]key, 0, len(k.keys))
	for i, one := range k.keys {
		if k.verifies(i) {
			kept = append(kept, one)
			continue
		}
		if err := durable.Remove(one.file); err != nil {
			errs = append(errs, fmt.Errorf("remove retired key: %w", err))
		}
	}
	k.keys = kept
	return errors.Join(errs...)
}

// verifies reports whether tokens under the key with index i may still live.
// A key was replaced when its successor began to sign.
func (k *Keys) verifies(i int) bool {
	return i == len(k.keys)-1 || k.now().Before(k.keys[i+1].created.Add(k.lead+k.outlive))
}

// signer is the newest key that is known for long enough; the oldest when none
// is. It needs k.mu.
func (k *Keys) signer() key {
	known := k.now().Add(-k.lead)
	for i := len(k.keys) - 1; i > 0; i-- {
		if !k.keys[i].created.After(known) {
			return k.keys[i]
		}
	}
	return k.keys[0]
}

// Public returns the keys that verify now, by key id.
func (k *Keys) Public() map[string]*ecdsa.PublicKey {
	k.look()
	k.mu.RLock()
	defer k.mu.RUnlock()
	public := make(map[string]*ecdsa.PublicKey, len(k.keys))
	for i, one := range k.keys {
		if k.verifies(i) {
			public[one.id] = &one.private.PublicKey
		}
	}
	return public
}

// Outlive is how long a key verifies after it was replaced.
func (k *Keys) Outlive() time.Duration { return k.outlive }

// Age is how long ago the newest key was made.
func (k *Keys) Age() time.Duration {
	k.look()
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.now().Sub(k.keys[len(k.keys)-1].created)
}

// Key returns the public key with an id; ok is false for one that is unknown or
// retired. For an unknown one the folder is looked at again, at most once a
// second: another process may have rotated.
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

// Sign writes claims as a token of a type (RFC 7515, section 4.1.9).
func (k *Keys) Sign(c jwt.Claims, kind string) (string, error) {
	k.look()
	k.mu.RLock()
	signer := k.signer()
	k.mu.RUnlock()
	t := jwt.NewWithClaims(jwt.SigningMethodES256, c)
	t.Header["typ"] = kind
	t.Header["kid"] = signer.id
	return t.SignedString(signer.private)
}
