package assertion

import (
	"maps"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// StatementType is the typ header of a statement. It is the plain one, because
// libraries of others take no other by default: what tells a statement from an
// access token is its key, its issuer and its audience.
const StatementType = "JWT"

// StatementLife is how long a statement holds.
const StatementLife = 30 * time.Second

// StatementHeader carries a statement unless the application wants it elsewhere.
const StatementHeader = "Wardgate-Identity"

// A Statement is what an application that is not Wardgate's own is told of a
// request that it gets: who asks, by which decision, and exactly which request
// that was. It is signed with a private key, so that the application needs no
// secret to verify it. It limits nothing: such an application could not be held
// to rows or fields.
type Statement struct {
	jwt.RegisteredClaims        // iss, sub (account id), aud, jti (the decision's id), iat, exp
	Action               string `json:"action"`
	Method               string `json:"method"`
	Path                 string `json:"path"`            // canonical, exactly as on the request line
	QueryDigest          string `json:"query,omitempty"` // Digest of the raw query, "" for none
	BodyDigest           string `json:"body,omitempty"`  // Digest of the body, "" for none, Streamed for one that was not judged

	// What the application was configured to be told.
	Role       string `json:"role,omitempty"`
	Staff      string `json:"staff,omitempty"`
	Patient    string `json:"patient,omitempty"`
	Department string `json:"department,omitempty"`
}

// StatementClaims names what an application may be told beyond the request.
func StatementClaims() []string { return slices.Sorted(maps.Keys((&Claims{}).Told())) }

// Told is what an application may be told of what c states, by the names of
// StatementClaims. What is not known is "".
func (c *Claims) Told() map[string]string {
	return map[string]string{"department": c.Department, "patient": c.Patient, "role": c.Role, "staff": c.Staff}
}

// Statement is what an application is told of what c states, with the named
// claims and no others.
func (c *Claims) Statement(issuer, audience string, names []string, now time.Time) *Statement {
	s := &Statement{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: c.Subject, Audience: jwt.ClaimStrings{audience}, ID: c.Decision,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(StatementLife)),
		},
		Action: c.Action, Method: c.Method, Path: c.Path, QueryDigest: c.QueryDigest, BodyDigest: c.BodyDigest,
	}
	facts := c.Told()
	for name, to := range map[string]*string{"department": &s.Department, "patient": &s.Patient, "role": &s.Role, "staff": &s.Staff} {
		if slices.Contains(names, name) {
			*to = facts[name]
		}
	}
	return s
}
