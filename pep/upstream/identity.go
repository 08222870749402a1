package upstream

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/internal/assertion"
)

// An Identity says how an application that is not Wardgate's own learns who
// asks: by a statement under a signature that it can verify without a secret.
type Identity struct {
	Header   string   // "" for assertion.StatementHeader; "Authorization" carries it as a bearer token
	Audience string   // of the statement; the application's own
	Claims   []string // of assertion.StatementClaims, beside those of the request
}

// A Signer signs statements with a key of the enforcement point's own, which is
// published and signs no access tokens.
type Signer interface {
	Sign(c jwt.Claims, kind string) (string, error)
}

var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

const bearer = "Authorization"

// Check says what is wrong with i. A header that goes on from the client, or
// that means something to a proxy, could be taken for the client's.
func (i *Identity) Check() error {
	name := http.CanonicalHeaderKey(i.Header)
	switch {
	case i.Audience == "":
		return errors.New("an audience is required")
	case i.Header == "" || name == bearer:
	case !headerName.MatchString(i.Header):
		return fmt.Errorf("%q is no name of a header", i.Header)
	case !strings.HasPrefix(name, "X-") && !strings.HasPrefix(name, "Wardgate-"),
		strings.HasPrefix(name, "X-Forwarded-"), strings.HasPrefix(name, "X-Original-"), strings.HasPrefix(name, "X-Rewrite-"),
		slices.Contains([]string{assertion.Header, assertion.PatientsHeader, "X-Http-Method-Override", "X-Real-Ip"}, name):
		return fmt.Errorf("the header %s means something else: expected Authorization, or a name that begins with X- or Wardgate-", name)
	}
	for _, claim := range i.Claims {
		if !slices.Contains(assertion.StatementClaims(), claim) {
			return fmt.Errorf("claim %q: expected some of %s", claim, strings.Join(assertion.StatementClaims(), ", "))
		}
	}
	return nil
}

// Set puts a statement into the header in which the application expects it.
func (i *Identity) Set(h http.Header, statement string) {
	switch http.CanonicalHeaderKey(i.Header) {
	case "":
		h.Set(assertion.StatementHeader, statement)
	case bearer:
		h.Set(bearer, "Bearer "+statement)
	default:
		h.Set(i.Header, statement)
	}
}
