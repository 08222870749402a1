// Package device is the information point for the client's fingerprint. It
// compares the operating system and browser family of a request with those
// that were sealed into the token at log-in. That notices drift; it proves no
// possession, because a thief can send the same User-Agent.
package device

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"

	"github.com/mileusna/useragent"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/wardgate/wardgate/pip"
)

// How many User-Agent strings and opened footprints are remembered.
const (
	maxAgents = 4096
	maxAgent  = 1024 // bytes of one
	maxOpened = 16_384
)

// A Source compares devices and seals footprints.
type Source struct {
	aead tink.AEAD

	mu     sync.RWMutex
	agents map[string]family
	opened map[sealing]footprint // what was sealed: genuine footprints only
}

type family struct{ os, browser string }

// A footprint is what is compared of the one that was sealed into a token.
type footprint struct {
	family
	workstation *pip.Workstation // never changed
}

// A sealing is a footprint as a token bears it. Both strings are compared
// whole: what opened for one token is never taken for another's.
type sealing struct{ tokenID, sealed string }

var _ pip.Source = (*Source)(nil)

// New returns a source that seals under aead, an AES-256-GCM keyset.
func New(aead tink.AEAD) *Source {
	return &Source{aead: aead, agents: map[string]family{}, opened: map[sealing]footprint{}}
}

// Name of the source in readings and journal records.
func (*Source) Name() string { return "device" }

// Observe takes the footprint of a client. It keeps families, not versions.
func (s *Source) Observe(userAgent string, _ netip.Addr) pip.Footprint {
	f := s.family(userAgent)
	return pip.Footprint{OS: f.os, Browser: f.browser}
}

// Seal encrypts a footprint for the token tokenID alone, as unpadded base64url.
// Two seals of one footprint share no ciphertext.
func (s *Source) Seal(tokenID string, f pip.Footprint) (string, error) {
	plain, err := json.Marshal(f)
	if err != nil {
		return "", fmt.Errorf("seal footprint: %w", err)
	}
	sealed, err := s.aead.Encrypt(plain, associated(tokenID))
	if err != nil {
		return "", fmt.Errorf("seal footprint: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sealed), nil
}

// Open is the inverse of Seal. A footprint of another token does not open.
func (s *Source) Open(tokenID, sealed string) (pip.Footprint, error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return pip.Footprint{}, errors.New("open footprint: not base64url")
	}
	plain, err := s.aead.Decrypt(raw, associated(tokenID))
	if err != nil {
		return pip.Footprint{}, fmt.Errorf("open footprint: %w", err)
	}
	var f pip.Footprint
	if err := json.Unmarshal(plain, &f); err != nil {
		return pip.Footprint{}, errors.New("open footprint: not a footprint")
	}
	return f, nil
}

func associated(tokenID string) []byte { return []byte("wardgate footprint of token " + tokenID) }

// Gather compares this request's device with the sealed one. A footprint that
// does not open leaves the device unknown.
func (s *Source) Gather(_ context.Context, q *pip.Query, f *pip.Facts, w pip.Words) error {
	now := s.family(q.UserAgent)
	device := pip.Device{
		Reading: pip.Reading{Source: s.Name(), State: pip.Fresh},
		Match:   pip.DeviceUnseen, OS: now.os, Browser: now.browser,
	}
	if q.Session != "" {
		then, err := s.sealed(q.TokenID, q.Footprint)
		if err != nil {
			return err
		}
		device.Match = pip.DeviceChanged
		if then.family == now {
			device.Match = pip.DeviceSame
		}
		device.Workstation = then.workstation
	}
	f.Device = device
	Write(&device, q, w)
	return nil
}

// sealed opens the footprint of a token, and remembers what it found: a token
// comes with every request of its session. The place is not remembered.
func (s *Source) sealed(tokenID, sealed string) (footprint, error) {
	key := sealing{tokenID, sealed}
	s.mu.RLock()
	f, ok := s.opened[key]
	s.mu.RUnlock()
	if ok {
		return f, nil
	}
	then, err := s.Open(tokenID, sealed)
	if err != nil {
		return footprint{}, err
	}
	f = footprint{family: family{os: then.OS, browser: then.Browser}, workstation: then.Workstation}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.opened) >= maxOpened {
		clear(s.opened)
	}
	s.opened[key] = f
	return f, nil
}

// family reads a User-Agent, and remembers what it read. One that is longer than
// any browser's is read each time: strangers choose how long it is.
func (s *Source) family(userAgent string) family {
	s.mu.RLock()
	f, ok := s.agents[userAgent]
	s.mu.RUnlock()
	if ok {
		return f
	}
	ua := useragent.Parse(userAgent)
	f = family{os: familyName(ua.OS), browser: familyName(ua.Name)}
	if len(userAgent) > maxAgent {
		return f
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.agents) >= maxAgents {
		clear(s.agents)
	}
	s.agents[userAgent] = f
	return f
}

// familyName keeps what reads like the name of a system or browser. A client
// may send any text at all as its User-Agent, and the parser returns what it
// does not know whole: of that only a digest is kept, which tells two clients
// apart, and which may be journalled.
func familyName(name string) string {
	if len(name) <= maxFamily && !strings.ContainsFunc(name, foreign) {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return "other-" + hex.EncodeToString(sum[:4])
}

const maxFamily = 32

func foreign(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && r != ' ' && r != '.' && r != '-' && r != '_'
}
