// Package session is what a browser has of a session, and what the enforcement
// point makes of it: one cookie for each origin, which holds a sealed handle; the
// access token behind a handle, in memory for as long as it is young; and whether
// a request was begun by a page of its own origin. No token reaches a browser, and
// no cookie of Wardgate's an application.
package session

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/pdp"
)

const (
	secureName = "__Host-wardgate" // a browser takes it over TLS alone, for this very host and all paths
	plainName  = "wardgate"        // on plain HTTP, which is for loopback alone

	nonceTail = "-nonce" // of the cookie that a log-in is carried to

	maxHandle = 64 // bytes
)

// NonceLife is how long a browser has to log in before it has to begin anew at the
// application.
const NonceLife = time.Hour

// Name is the name of the session's cookie on an origin of this scheme. The other
// scheme's name is not read: over TLS the plain one can be planted.
func Name(scheme string) string {
	if scheme == "https" {
		return secureName
	}
	return plainName
}

// NonceName is the name of the cookie with which an origin knows the browser that
// it sent to log in.
func NonceName(scheme string) string { return Name(scheme) + nonceTail }

// Reserved reports whether the enforcement point alone sets cookies of this name, on
// either scheme. Browsers compare the prefix of a name without regard to case.
func Reserved(name string) bool {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, own := range []string{secureName, plainName, secureName + nonceTail, plainName + nonceTail} {
		if name == strings.ToLower(own) {
			return true
		}
	}
	return false
}

// Read returns the value of the cookies of one name, and whether all that have the
// name agree. Without one the value is "".
func Read(h http.Header, name string) (value string, one bool) {
	found := false
	for _, line := range h["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			is, text, _ := strings.Cut(pair, "=")
			if strings.TrimSpace(is) != name {
				continue
			}
			text = strings.TrimSpace(text)
			if found && text != value {
				return "", false
			}
			value, found = text, true
		}
	}
	return value, true
}

// A KeySource knows the key that seals cookies, the same in all enforcement points
// of a house, or says that it is not known yet.
type KeySource interface{ CookieKey() (pdp.CookieKey, error) }

// A Sealer seals handles into cookies. A cookie opens on the host that it was sealed
// for, under the name that it was sealed for, and says nothing anywhere else.
type Sealer struct {
	keys KeySource
	made atomic.Pointer[keyed]
}

type keyed struct {
	secret []byte
	aead   cipher.AEAD
}

// NewSealer returns a sealer that asks for its key each time.
func NewSealer(keys KeySource) *Sealer { return &Sealer{keys: keys} }

func (s *Sealer) aead() (cipher.AEAD, error) {
	key, err := s.keys.CookieKey()
	if err != nil {
		return nil, fmt.Errorf("key of cookies: %w", err)
	}
	if made := s.made.Load(); made != nil && bytes.Equal(made.secret, key.Secret) {
		return made.aead, nil
	}
	if len(key.Secret) != keyBytes {
		return nil, fmt.Errorf("key of cookies: %d bytes, expected %d", len(key.Secret), keyBytes)
	}
	block, err := aes.NewCipher(key.Secret)
	if err != nil {
		return nil, fmt.Errorf("key of cookies: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("key of cookies: %w", err)
	}
	s.made.Store(&keyed{secret: bytes.Clone(key.Secret), aead: aead})
	return aead, nil
}

const keyBytes = 32

// encoding has one text for the same bytes.
var encoding = base64.RawURLEncoding.Strict()

// ErrForged says that a cookie was not sealed for this host.
var ErrForged = errors.New("the cookie was not sealed for this host")

// Seal returns the value of the cookie for an origin.
func (s *Sealer) Seal(handle string, at Origin) (string, error) {
	if handle == "" || len(handle) > maxHandle {
		return "", errors.New("no handle to seal")
	}
	aead, err := s.aead()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(handle)+aead.Overhead())
	_, _ = rand.Read(nonce) // it never fails
	return encoding.EncodeToString(aead.Seal(nonce, nonce, []byte(handle), at.bound())), nil
}

// Open returns the handle in the value of a cookie, ErrForged, or another error when
// the key is not known.
func (s *Sealer) Open(value string, at Origin) (string, error) {
	aead, err := s.aead()
	if err != nil {
		return "", err
	}
	var room [2 * maxHandle]byte
	if encoding.DecodedLen(len(value)) > len(room) {
		return "", ErrForged
	}
	n, err := encoding.Decode(room[:], []byte(value))
	if err != nil || n < aead.NonceSize() || strings.ContainsAny(value, "\r\n") {
		return "", ErrForged
	}
	sealed := room[aead.NonceSize():n]
	handle, err := aead.Open(sealed[:0], room[:aead.NonceSize()], sealed, at.bound())
	if err != nil || len(handle) == 0 {
		return "", ErrForged
	}
	return string(handle), nil
}

// SealKept returns the value of the cookie with what was typed into a form of an origin.
func (s *Sealer) SealKept(text []byte, at Origin) (string, error) {
	return s.seal(text, at.boundKept())
}

// OpenKept returns the text in such a value, of at most limit bytes; ErrForged, or
// another error when the key is not known.
func (s *Sealer) OpenKept(value string, at Origin, limit int) ([]byte, error) {
	return s.open(value, at.boundKept(), limit)
}

// SealApplication returns a text of one application sealed for the cookie of a name at an
// origin.
func (s *Sealer) SealApplication(text []byte, at Origin, application, name string) (string, error) {
	return s.seal(text, at.boundApplication(application, name))
}

// OpenApplication returns the text in such a value, of at most limit bytes; ErrForged, or
// another error when the key is not known.
func (s *Sealer) OpenApplication(value string, at Origin, application, name string, limit int) ([]byte, error) {
	return s.open(value, at.boundApplication(application, name), limit)
}

func (s *Sealer) seal(text, bound []byte) (string, error) {
	aead, err := s.aead()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(text)+aead.Overhead())
	_, _ = rand.Read(nonce) // it never fails
	return encoding.EncodeToString(aead.Seal(nonce, nonce, text, bound)), nil
}

func (s *Sealer) open(value string, bound []byte, limit int) ([]byte, error) {
	aead, err := s.aead()
	if err != nil {
		return nil, err
	}
	if encoding.DecodedLen(len(value)) > limit+aead.NonceSize()+aead.Overhead() {
		return nil, ErrForged
	}
	raw, err := encoding.DecodeString(value)
	if err != nil || len(raw) < aead.NonceSize() || strings.ContainsAny(value, "\r\n") {
		return nil, ErrForged
	}
	text, err := aead.Open(nil, raw[:aead.NonceSize()], raw[aead.NonceSize():], bound)
	if err != nil {
		return nil, ErrForged
	}
	return text, nil
}

// Cookie is the session's cookie with a value, until the browser is closed; "" has
// the browser forget it.
func Cookie(at Origin, value string) *http.Cookie { return cookie(at, Name(at.Scheme), value, 0) }

// NonceCookie is the cookie of a browser that is sent to log in; "" has the browser
// forget it.
func NonceCookie(at Origin, value string) *http.Cookie {
	return cookie(at, NonceName(at.Scheme), value, NonceLife)
}

// cookie is one that comes along when another site leads here (Lax), but not on what
// other sites send; no script reads it.
func cookie(at Origin, name, value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(life / time.Second),
		Secure: at.Scheme == "https", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}
