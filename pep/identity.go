package pep

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

// state signs what the application of x is told.
func (p *Proxy) state(x *exchange, i *Identity) (string, error) {
	claims := x.claims()
	signed, err := p.Statements.Sign(claims.Statement(p.Issuer, i.Audience, i.Claims, p.Now()), assertion.StatementType)
	if err != nil {
		return "", fmt.Errorf("sign statement: %w", err)
	}
	return signed, nil
}

// introduce tells a foreign application who asks, when it wants to know.
func (p *Proxy) introduce(x *exchange, application string, h http.Header) error {
	i := p.Identities[application]
	if i == nil {
		return nil
	}
	signed, err := p.state(x, i)
	if err != nil {
		return err
	}
	switch http.CanonicalHeaderKey(i.Header) {
	case "":
		h.Set(assertion.StatementHeader, signed)
	case bearer:
		h.Set(bearer, "Bearer "+signed)
	default:
		h.Set(i.Header, signed)
	}
	return nil
}

// identityFaults are those of all identities together.
func (c *Config) identityFaults() []error {
	var faults []error
	for name, i := range c.Identities {
		if err := i.Check(); err != nil {
			faults = append(faults, fmt.Errorf("identity for application %q: %w", name, err))
		}
		if !c.Applications[name].Foreign && !slices.Contains(c.Elsewhere, name) {
			faults = append(faults, fmt.Errorf("identity for application %q: it is not foreign", name))
		}
	}
	if len(c.Identities) > 0 && (c.Statements == nil || c.Issuer == "") {
		faults = append(faults, errors.New("a signer and an issuer of statements are required"))
	}
	return faults
}
