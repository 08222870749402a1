package assertion

import (
	"net/http"
	"time"
)

// What the enforcement point hands to the policy administrator of a browser's cookies
// beside its session: the nonce that a browser got on this host before it was sent to
// log in, and what pages gave it to know its forms by, from the cookie FormCookie, or
// on plain HTTP PlainFormCookie. Both open nothing. A workstation's key is in the cookie
// StationCookie; it opens no session. CertificateHeader names the machine of a client
// certificate that the enforcement point has verified: the SHA-256 of its public key.
const (
	NonceHeader = "Wardgate-Nonce"

	FormHeader      = "Wardgate-Form"
	FormCookie      = "__Host-wardgate-form"
	PlainFormCookie = "wardgate-form"

	StationHeader      = "Wardgate-Workstation"
	StationCookie      = "__Host-wardgate-workstation"
	PlainStationCookie = "wardgate-workstation"

	CertificateHeader = "Wardgate-Workstation-Certificate"
)

// What was typed into a form of the own pages that was refused, and how the form says
// what of it may be kept: KeepField has the names of fields, separated by blanks, and
// AuthorField the account, sealed by the pages. The enforcement point seals it for the
// browser, and hands it on opened in KeptHeader, as the JSON of a Kept in base64url.
const (
	KeepField   = "keep"
	AuthorField = "author"

	KeptHeader      = "Wardgate-Kept"
	keptCookie      = "__Host-wardgate-kept"
	plainKeptCookie = "wardgate-kept"
)

// Kept is what was typed into a form.
type Kept struct {
	Action string            `json:"action"` // path that the form was sent to
	Author string            `json:"author"` // as the form had it
	At     int64             `json:"at"`     // Unix seconds
	Fields map[string]string `json:"fields"`
}

// KeptName is the name of the cookie with what was typed, on an origin of this scheme.
func KeptName(scheme string) string {
	if scheme == "https" {
		return keptCookie
	}
	return plainKeptCookie
}

// KeepCookie is that cookie with a value for a time; "" has the browser forget it.
func KeepCookie(scheme, value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{
		Name: KeptName(scheme), Value: value, Path: "/", MaxAge: int(life / time.Second),
		Secure: scheme == "https", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}
