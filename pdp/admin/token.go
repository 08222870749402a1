package admin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const refreshBytes = 32

// Tokens is what a caller gets of a session. It holds secrets: it prints as "redacted".
type Tokens struct {
	Access       string
	Session      string // id
	Refresh      string // "" when only an access token was issued
	Device       string // the key to present at the next log-in; "" but at a log-in
	Devices      string // that and those of others who share the browser, for its cookie
	ExpiresIn    time.Duration
	RefreshAfter time.Duration
	Role         string
	ACR          string
}

// String keeps tokens out of logs.
func (Tokens) String() string { return "redacted" }

// GoString keeps tokens out of logs.
func (Tokens) GoString() string { return "redacted" }

// LogValue keeps tokens out of logs.
func (Tokens) LogValue() slog.Value { return slog.StringValue("redacted") }

// tokenClaims is the payload of an access token (RFC 9068).
type tokenClaims struct {
	jwt.RegisteredClaims
	ClientID  string           `json:"client_id"`
	Session   string           `json:"sid"`
	ACR       string           `json:"acr"`
	AMR       []string         `json:"amr"`
	AuthTime  *jwt.NumericDate `json:"auth_time"`
	Role      string           `json:"role"`
	Footprint string           `json:"fp"` // sealed, bound to jti
}

// sign issues an access token for s. It never outlives the session.
func (a *Admin) sign(s Session, role, acr string, authTime, now time.Time, life time.Duration) (Tokens, error) {
	life = min(life, s.Until.Sub(now), a.tokenLife()-a.Limits().Leeway)
	id := rand.Text()
	seen := s.Footprint
	seen.Workstation = s.At // where the session began says nothing of where it is now
	footprint, err := a.parts.Footprints.Seal(id, seen)
	if err != nil {
		return Tokens{}, fmt.Errorf("seal footprint: %w", err)
	}
	signed, err := a.parts.Keys.sign(&tokenClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    a.cfg.Issuer,
			Subject:   s.Account,
			Audience:  jwt.ClaimStrings{a.cfg.Audience},
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(life)),
			ID:        id,
		},
		ClientID:  a.cfg.ClientID,
		Session:   s.ID,
		ACR:       acr,
		AMR:       s.AMR,
		AuthTime:  jwt.NewNumericDate(authTime),
		Role:      role,
		Footprint: footprint,
	})
	if err != nil {
		return Tokens{}, fmt.Errorf("sign access token: %w", err)
	}
	return Tokens{Access: signed, Session: s.ID, ExpiresIn: life, RefreshAfter: a.Limits().RefreshAfter, Role: role, ACR: acr}, nil
}

// newRefresh draws an opaque refresh token and the hash under which it is kept.
func newRefresh() (token, hash string) {
	b := make([]byte, refreshBytes)
	rand.Read(b) // never fails: the program ends when the system has no randomness
	token = base64.RawURLEncoding.EncodeToString(b)
	return token, hashRefresh(token)
}

func hashRefresh(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
