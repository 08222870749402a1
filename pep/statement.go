package pep

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pep/upstream"
)

// state signs what the application of x is told.
func (p *Proxy) state(x *exchange, i *upstream.Identity) (string, error) {
	claims := x.claims()
	signed, err := p.Statements.Sign(claims.Statement(p.Issuer, i.Audience, i.Claims, p.Now()), assertion.StatementType)
	if err != nil {
		return "", fmt.Errorf("sign statement: %w", err)
	}
	return signed, nil
}

// introduce tells an external application who asks, when it wants to know.
func (p *Proxy) introduce(x *exchange, application string, h http.Header) error {
	i := p.Identities[application]
	if i == nil {
		return nil
	}
	signed, err := p.state(x, i)
	if err != nil {
		return err
	}
	i.Set(h, signed)
	return nil
}

// identityFaults are those of all identities together.
func (c *Config) identityFaults() []error {
	var faults []error
	for name, i := range c.Identities {
		if err := i.Check(); err != nil {
			faults = append(faults, fmt.Errorf("identity for application %q: %w", name, err))
		}
		if !c.Upstreams[name].External && !slices.Contains(c.Proxied, name) {
			faults = append(faults, fmt.Errorf("identity for application %q: it is not external", name))
		}
	}
	if len(c.Identities) > 0 && (c.Statements == nil || c.Issuer == "") {
		faults = append(faults, errors.New("a signer and an issuer of statements are required"))
	}
	return faults
}
