// Package passkeytest is an authenticator and its browser in software, for tests: it
// makes passkeys (ES256) and signs with them what it is shown, as the Web
// Authentication standard says; and where a test sets its fields so, as a forger or a
// thief would.
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/wardgate/wardgate/internal/strictjson"
)

// The flags of authenticator data.
const (
	userPresent  = 1 << 0
	userVerified = 1 << 2
	syncable     = 1 << 3
	synced       = 1 << 4
	hasKey       = 1 << 6
)

// An Authenticator holds passkeys. Set its fields before it is used.
type Authenticator struct {
	Origin     string // of the page that asks
	Party      string // what it signs for; "" for what the page asks for
	Unverified bool   // it does not ask its user for a PIN
	Count      uint32 // of signatures; kept at 0 by one that does not count
	Counts     bool
	Synced     bool
	Ceremony   string // what it says was asked for; "" for the truth
	Challenge  string // what it signs, in base64url; "" for what it is shown
	keys       map[string]*key
}

type key struct {
	private *ecdsa.PrivateKey
	user    []byte
	party   string
}

// New returns an authenticator without passkeys, in a browser at a page of origin.
func New(origin string) *Authenticator {
	return &Authenticator{Origin: origin, Counts: true, keys: map[string]*key{}}
}

// Clone returns one with the same passkeys, as somebody who has read them out has it.
func (a *Authenticator) Clone() *Authenticator {
	c := *a
	c.keys = map[string]*key{}
	for name, k := range a.keys {
		copied := *k
		c.keys[name] = &copied
	}
	return &c
}

// Forget drops all passkeys.
func (a *Authenticator) Forget() { clear(a.keys) }

// Rename has each passkey say that it is of another account.
func (a *Authenticator) Rename(user string) {
	for _, k := range a.keys {
		k.user = []byte(user)
	}
}

type descriptor struct {
	ID string `json:"id"`
}

// Create makes a passkey, and answers as navigator.credentials.create() does with the
// options of that JSON.
func (a *Authenticator) Create(options []byte) (string, error) {
	var o struct {
		Challenge string       `json:"challenge"`
		Party     descriptor   `json:"rp"`
		User      descriptor   `json:"user"`
		Exclude   []descriptor `json:"excludeCredentials"`
	}
	if err := strictjson.DecodeKnown(options, &o); err != nil {
		return "", err
	}
	for _, d := range o.Exclude {
		if a.keys[d.ID] != nil {
			return "", fmt.Errorf("this authenticator has a passkey of the account")
		}
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	user, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		return "", err
	}
	id := make([]byte, 32)
	rand.Read(id)
	name := encode(id)
	a.keys[name] = &key{private: private, user: user, party: o.Party.ID}
	attested := slices.Concat(make([]byte, 16), binary.BigEndian.AppendUint16(nil, uint16(len(id))), id, cose(&private.PublicKey))
	data := a.data(o.Party.ID, hasKey, attested)
	object := slices.Concat([]byte{0xa3}, text("fmt"), text("none"), text("attStmt"), []byte{0xa0}, text("authData"), bytesOf(data))
	return a.answer(name, map[string]any{
		"clientDataJSON": encode(a.clientData("webauthn.create", o.Challenge)), "attestationObject": encode(object),
		"transports": []string{"internal"},
	})
}

// Get signs with a passkey that the options allow, and answers as
// navigator.credentials.get() does.
func (a *Authenticator) Get(options []byte) (string, error) {
	var o struct {
		Challenge string       `json:"challenge"`
		Party     string       `json:"rpId"`
		Allow     []descriptor `json:"allowCredentials"`
	}
	if err := strictjson.DecodeKnown(options, &o); err != nil {
		return "", err
	}
	for name, k := range a.keys {
		if k.party != o.Party || len(o.Allow) > 0 && !slices.Contains(o.Allow, descriptor{name}) {
			continue
		}
		return a.sign(name, k, o.Challenge)
	}
	return "", fmt.Errorf("this authenticator has no such passkey")
}

func (a *Authenticator) sign(name string, k *key, challenge string) (string, error) {
	if a.Counts {
		a.Count++
	}
	data, client := a.data(k.party, 0, nil), a.clientData("webauthn.get", challenge)
	digest := sha256.Sum256(client)
	signed := sha256.Sum256(slices.Concat(data, digest[:]))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, signed[:])
	if err != nil {
		return "", err
	}
	return a.answer(name, map[string]any{
		"clientDataJSON": encode(client), "authenticatorData": encode(data),
		"signature": encode(signature), "userHandle": encode(k.user),
	})
}

// data is authenticator data, section 6.1 of the standard.
func (a *Authenticator) data(party string, flags byte, attested []byte) []byte {
	if a.Party != "" {
		party = a.Party
	}
	flags |= userPresent
	if !a.Unverified {
		flags |= userVerified
	}
	if a.Synced {
		flags |= syncable | synced
	}
	hash := sha256.Sum256([]byte(party))
	return slices.Concat(hash[:], []byte{flags}, binary.BigEndian.AppendUint32(nil, a.Count), attested)
}

func (a *Authenticator) clientData(ceremony, challenge string) []byte {
	if a.Ceremony != "" {
		ceremony = a.Ceremony
	}
	if a.Challenge != "" {
		challenge = a.Challenge
	}
	text, err := json.Marshal(map[string]any{"type": ceremony, "challenge": challenge, "origin": a.Origin, "crossOrigin": false})
	if err != nil {
		panic(err) // texts always have a JSON form
	}
	return text
}

func (a *Authenticator) answer(name string, response map[string]any) (string, error) {
	text, err := json.Marshal(map[string]any{
		"id": name, "rawId": name, "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{}, "response": response,
	})
	return string(text), err
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// cose is a public key in COSE (RFC 9053): {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
func cose(public *ecdsa.PublicKey) []byte {
	point, err := public.Bytes()
	if err != nil {
		panic(err) // it was generated a moment ago
	}
	x, y := point[1:33], point[33:65]
	return slices.Concat([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21}, bytesOf(x), []byte{0x22}, bytesOf(y))
}

// text is a short text in CBOR (RFC 8949).
func text(s string) []byte { return append([]byte{0x60 | byte(len(s))}, s...) }

// bytesOf is a string of bytes in CBOR.
func bytesOf(b []byte) []byte {
	return append(append([]byte{0x59}, binary.BigEndian.AppendUint16(nil, uint16(len(b)))...), b...)
}
