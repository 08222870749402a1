// Package assertion is the short-lived statement with which the enforcement
// point forwards a request: who asks, which decision allowed it, exactly which
// request that was, and under which row condition and column masks. The
// enforcement point writes it; a service reads it and acts on nothing else.
// It is never valid as an access token, and an access token never as it.
package assertion

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Header carries the assertion from the enforcement point to a service.
const Header = "Wardgate-Assertion"

// PatientsHeader is set by a service on its answer: the ids of the patients
// whose data is in it, comma-separated. The enforcement point journals and
// removes it.
const PatientsHeader = "Wardgate-Patients"

// BrowserHeader is set by the policy administrator on its answer: the handle
// that the browser is to have on this host from now on, or BrowserClear. The
// enforcement point seals it into the host's cookie. It takes the header from the
// policy administrator alone, and removes it from every request and answer.
const BrowserHeader = "Wardgate-Browser"

// BrowserClear in BrowserHeader has the browser forget its cookie on this host.
const BrowserClear = "-"

const (
	issuer    = "wardgate-pep"
	tokenType = "wardgate-assertion+jwt"
	lifetime  = 10 * time.Second
	leeway    = 2 * time.Second
	minKey    = 32
)

// Claims is what an assertion states.
type Claims struct {
	jwt.RegisteredClaims        // iss, sub (account id), aud (application), exp, iat
	Role                 string `json:"role"`
	Staff                string `json:"staff,omitempty"`      // id of the subject's staff record
	Patient              string `json:"patient,omitempty"`    // id of the subject's own patient record
	Department           string `json:"department,omitempty"` // id of the subject's department
	Session              string `json:"sid,omitempty"`
	TokenID              string `json:"token_jti,omitempty"` // jti of the access token, which itself never gets here
	Footprint            string `json:"footprint,omitempty"` // sealed; for the policy administrator alone
	Address              string `json:"address,omitempty"`   // of the client; for the policy administrator alone
	UserAgent            string `json:"user_agent,omitempty"`
	Handle               string `json:"handle,omitempty"` // of the browser on this host, "" for none; for the policy administrator alone
	Host                 string `json:"host,omitempty"`   // that was asked, as in Host, lower case, with its port; for the policy administrator alone
	Scheme               string `json:"scheme,omitempty"` // by which it was asked, "https" or "http"; for the policy administrator alone
	ByCookie             bool   `json:"cookie,omitempty"` // the session was presented by the cookie that holds Handle; for the policy administrator alone
	Action               string `json:"action"`           // "patient.read"
	Decision             string `json:"decision"`         // id of the decision that allowed this request
	Method               string `json:"method"`
	Path                 string `json:"path"`            // canonical, exactly as on the request line
	QueryDigest          string `json:"query,omitempty"` // Digest of the raw query, "" for none
	BodyDigest           string `json:"body,omitempty"`  // Digest of the body, "" for none, Streamed for one that was not judged

	// Rows limits every row that is read or written. A nil condition is not
	// "all": a service that works on rows refuses it.
	Rows *Condition `json:"rows,omitempty"`
	// Withhold names fields that must not be shown and may not be written.
	Withhold []string `json:"withhold,omitempty"`
	// WithholdFragile: what a model says must not be shown when a small change
	// of its input would turn it.
	WithholdFragile bool `json:"withhold_fragile,omitempty"`
	// Budget bounds how many rows a model predicts for the subject; nil for no
	// bound.
	Budget *Budget `json:"budget,omitempty"`
}

// A Budget is so many rows within so many seconds.
type Budget struct {
	Rows    int `json:"rows"`
	Seconds int `json:"seconds"`
}

// Streamed stands in the place of a body's digest when the body is forwarded as it
// arrives: it was not judged. Wardgate's own services refuse it, for no body has it.
const Streamed = "stream"

// Digest is the lower-case hexadecimal SHA-256 of b, or "" when b is empty.
func Digest(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// A Key authenticates assertions between the enforcement point and Wardgate's
// own services, by HMAC-SHA-256. No other part shares it.
type Key struct {
	secret []byte
	macs   *sync.Pool // of *signer
}

// NewKey takes at least 32 secret bytes.
func NewKey(secret []byte) (*Key, error) {
	if len(secret) < minKey {
		return nil, fmt.Errorf("assertion key: %d bytes, at least %d are needed", len(secret), minKey)
	}
	return &Key{secret: secret, macs: newSigners(secret)}, nil
}

// String keeps the secret out of logs.
func (Key) String() string { return "redacted" }

// GoString keeps the secret out of logs.
func (Key) GoString() string { return "redacted" }

// Verify returns the claims of a genuine, unexpired assertion for audience.
func (k *Key) Verify(signed, audience string, now time.Time) (*Claims, error) {
	var c Claims
	t, err := jwt.ParseWithClaims(signed, &c,
		func(t *jwt.Token) (any, error) {
			if t.Header["typ"] != tokenType {
				return nil, errors.New("not an assertion")
			}
			return k.secret, nil
		},
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		return nil, fmt.Errorf("verify assertion: %w", err)
	}
	if !t.Valid || c.Decision == "" || c.Method == "" || c.Path == "" || c.Action == "" ||
		c.IssuedAt == nil || len(c.Audience) != 1 {
		return nil, errors.New("verify assertion: a required claim is missing")
	}
	return &c, nil
}
