// Package token verifies access tokens (RFC 9068) and remembers genuine ones.
// What is wrong with a token is a fact that the policy judges: nothing here
// refuses a request. No key is ever fetched at a token's suggestion.
package token

import (
	"crypto"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/pdp"
)

const (
	maxToken     = 8 << 10
	tokenLeeway  = 5 * time.Second
	accessType   = "at+jwt" // RFC 9068, section 2.1
	maxVerified  = 100_000  // tokens remembered
	signatureAlg = "ES256"
)

// ACRMachine is the assurance level of tokens that a machine got for its key.
const ACRMachine = "urn:wardgate:acr:machine"

// Keys knows the keys that access tokens are signed with.
type Keys interface {
	// Key returns the public key of a key id. ok is false for an unknown or
	// retired one.
	Key(id string) (key crypto.PublicKey, ok bool)
	// Generation changes whenever a key is added or retired.
	Generation() uint64
}

// A Policy says whose tokens are taken.
type Policy struct {
	Issuer   string
	Audience string
}

// A Possession judges whether who sends a request holds the key that its token
// is bound to: by a proof in the request (DPoP, RFC 9449) or by the certificate
// of its connection (RFC 8705). confirmation is the token's claim "cnf" (RFC
// 7800). A false answer makes the token an invalid one.
type Possession interface {
	Holds(r *http.Request, token string, confirmation json.RawMessage) bool
}

// accessClaims is the payload of an access token (RFC 9068, section 2.2).
type accessClaims struct {
	jwt.RegisteredClaims
	Session   string           `json:"sid"`
	ACR       string           `json:"acr"`
	AMR       []string         `json:"amr"`
	AuthTime  *jwt.NumericDate `json:"auth_time"`
	Role      string           `json:"role"`
	Footprint string           `json:"fp"`
	Bound     json.RawMessage  `json:"cnf"`
}

// A Verifier verifies access tokens and remembers genuine ones by their
// complete bytes: a known jti under another signature misses.
type Verifier struct {
	keys       Keys
	policy     Policy
	possession Possession // nil takes no token that is bound to a key
	parser     *jwt.Parser

	mu         sync.RWMutex
	generation uint64
	known      map[string]verified
}

type verified struct {
	key        string // id of the key that signed it
	subject    string
	credential pdp.Credential
	bound      json.RawMessage // nil for a bearer token, which is bound to no key
}

// New returns a verifier that has seen no token. Without a possession it takes no
// token that is bound to a key.
func New(keys Keys, policy Policy, possession Possession) *Verifier {
	return &Verifier{
		keys:       keys,
		policy:     policy,
		possession: possession,
		known:      map[string]verified{},
		// Times are checked by us, against the request's own reading of the clock.
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{signatureAlg}),
			jwt.WithoutClaimsValidation(),
			jwt.WithStrictDecoding()),
	}
}

// Authenticate reads the request's credential. It never fails: what is wrong
// with a token is a fact that the policy judges.
func (v *Verifier) Authenticate(r *http.Request, now time.Time) (string, pdp.Credential) {
	values := r.Header["Authorization"]
	if len(values) == 0 {
		return "", pdp.Credential{State: pdp.CredentialNone}
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	bearer, bound := strings.EqualFold(scheme, "Bearer"), strings.EqualFold(scheme, "DPoP")
	if len(values) > 1 || !bearer && !bound || !plausible(token) {
		return "", pdp.Credential{State: pdp.CredentialInvalid, Presented: pdp.PresentedHeader}
	}
	presented := presented(r, token)
	got, ok := v.recall(token)
	if !ok {
		var err error
		if got, err = v.verify(token); err != nil {
			return "", pdp.Credential{State: pdp.CredentialInvalid, Presented: presented}
		}
		v.remember(token, got, now)
	}
	if bound && got.bound == nil || got.bound != nil && (v.possession == nil || !v.possession.Holds(r, token, got.bound)) {
		return "", pdp.Credential{State: pdp.CredentialInvalid, Presented: presented}
	}
	subject, credential := got.at(now)
	credential.Presented = presented
	return subject, credential
}

// Token reads a token that no client sent: the enforcement point was given it for the
// handle in a cookie, as Authenticate reads one that came. Whatever is bound to a key
// is an invalid one here.
func (v *Verifier) Token(token string, now time.Time) (string, pdp.Credential) {
	invalid := pdp.Credential{State: pdp.CredentialInvalid, Presented: pdp.PresentedCookie}
	if !plausible(token) {
		return "", invalid
	}
	got, ok := v.recall(token)
	if !ok {
		var err error
		if got, err = v.verify(token); err != nil {
			return "", invalid
		}
		v.remember(token, got, now)
	}
	if got.bound != nil {
		return "", invalid
	}
	subject, credential := got.at(now)
	credential.Presented = pdp.PresentedCookie
	return subject, credential
}

// presented is how the client presented its token. A proxy in front may have made
// the header from a cookie, which a browser sends along wherever a request begins:
// where the cookies hold the token, or what is particular to it when it was spread
// over several, the header proves nothing more than they do.
func presented(r *http.Request, token string) string {
	cookies := r.Header["Cookie"]
	if len(cookies) == 0 {
		return pdp.PresentedHeader
	}
	_, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	for _, line := range cookies {
		for _, part := range []string{payload, signature} {
			if part != "" && strings.Contains(line, part) {
				return pdp.PresentedCookie
			}
		}
	}
	return pdp.PresentedHeader
}

// plausible refuses what need not be parsed. encoding/base64 skips line ends
// even when it is strict, and one token would have many spellings.
func plausible(token string) bool {
	return token != "" && len(token) <= maxToken && !strings.ContainsAny(token, "\r\n")
}

// at judges a genuine token's times. An expired one names no subject.
func (t verified) at(now time.Time) (string, pdp.Credential) {
	switch {
	case now.After(t.credential.Expires.Add(tokenLeeway)):
		return "", pdp.Credential{State: pdp.CredentialExpired, Presented: pdp.PresentedHeader}
	case now.Before(t.credential.Issued.Add(-tokenLeeway)):
		return "", pdp.Credential{State: pdp.CredentialInvalid, Presented: pdp.PresentedHeader}
	}
	return t.subject, t.credential
}

// Session returns the session of a genuine token that is remembered, expired
// ones included, or "".
func (v *Verifier) Session(r *http.Request) string {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	got, _ := v.recall(token)
	return got.credential.Session
}

// recall returns a token that was verified before, while its key is still
// trusted: a source that has not heard of its keys for long names none, and no
// generation begins by that.
func (v *Verifier) recall(token string) (verified, bool) {
	got, ok := v.lookUp(token)
	if !ok {
		return verified{}, false
	}
	if _, ok = v.keys.Key(got.key); !ok {
		return verified{}, false
	}
	return got, true
}

func (v *Verifier) lookUp(token string) (verified, bool) {
	generation := v.keys.Generation()
	v.mu.RLock()
	defer v.mu.RUnlock()
	if generation != v.generation {
		return verified{}, false
	}
	got, ok := v.known[token]
	return got, ok
}

// remember keeps a verified token. When the keys have changed, all that was
// verified under the old ones is forgotten first.
func (v *Verifier) remember(token string, got verified, now time.Time) {
	generation := v.keys.Generation()
	v.mu.Lock()
	defer v.mu.Unlock()
	if generation != v.generation {
		clear(v.known)
		v.generation = generation
	}
	if len(v.known) >= maxVerified {
		v.forgetExpired(now)
	}
	// The key may have retired since the signature was checked.
	if _, ok := v.keys.Key(got.key); ok {
		v.known[strings.Clone(token)] = got
	}
}

func (v *Verifier) forgetExpired(now time.Time) {
	for token, got := range v.known {
		if now.After(got.credential.Expires) {
			delete(v.known, token)
		}
	}
	if len(v.known) >= maxVerified {
		clear(v.known)
	}
}

var errToken = errors.New("the token is not acceptable")

// verify checks the signature under the one algorithm, the header, and that
// every claim that Wardgate relies on is there.
func (v *Verifier) verify(token string) (verified, error) {
	var c accessClaims
	t, err := v.parser.ParseWithClaims(token, &c, v.keyOf)
	if err != nil || !t.Valid {
		return verified{}, errToken
	}
	for _, required := range []string{c.Subject, c.ID, c.Session, c.ACR, c.Role} {
		if required == "" {
			return verified{}, errToken
		}
	}
	if c.Issuer != v.policy.Issuer || len(c.Audience) != 1 || c.Audience[0] != v.policy.Audience ||
		c.ExpiresAt == nil || c.IssuedAt == nil || c.AuthTime == nil || len(c.AMR) == 0 || c.NotBefore != nil {
		return verified{}, errToken
	}
	id, _ := t.Header["kid"].(string)
	return verified{key: id, subject: c.Subject, bound: c.Bound, credential: pdp.Credential{
		State:     pdp.CredentialValid,
		Presented: pdp.PresentedHeader,
		Session:   c.Session,
		TokenID:   c.ID,
		ACR:       c.ACR,
		AMR:       c.AMR,
		AuthTime:  c.AuthTime.Time,
		Issued:    c.IssuedAt.Time,
		Expires:   c.ExpiresAt.Time,
		Footprint: c.Footprint,
	}}, nil
}

// keyOf finds the key by its id alone. Headers that carry or point to keys, or
// that change what is signed, are refused rather than ignored.
func (v *Verifier) keyOf(t *jwt.Token) (any, error) {
	if t.Header["typ"] != accessType {
		return nil, errToken
	}
	for _, name := range []string{"jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "cty"} {
		if _, ok := t.Header[name]; ok {
			return nil, errToken
		}
	}
	id, ok := t.Header["kid"].(string)
	if !ok {
		return nil, errToken
	}
	key, ok := v.keys.Key(id)
	if !ok {
		return nil, errToken
	}
	return key, nil
}
