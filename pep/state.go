package pep

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/upstream"
)

// sign states to one of Wardgate's own services what was decided. Any other
// application is told who asks under a signature that it can verify.
func (p *Proxy) sign(x *exchange, application string) (string, error) {
	if i := x.applications.Identities[application]; i != nil {
		return p.state(x, i)
	}
	return p.cfg.Assertion.Sign(x.claims(), application, p.cfg.Now())
}

// state signs what the application of x is told.
func (p *Proxy) state(x *exchange, i *upstream.Identity) (string, error) {
	claims := x.claims()
	signed, err := p.cfg.Statements.Sign(claims.Statement(p.cfg.Issuer, i.Audience, i.Claims, p.cfg.Now()), assertion.StatementType)
	if err != nil {
		return "", fmt.Errorf("sign statement: %w", err)
	}
	return signed, nil
}

// introduce tells an external application who asks, when it wants to know.
func (p *Proxy) introduce(x *exchange, application string, h http.Header) error {
	if rules := x.applications.Upstreams[application].Headers; len(rules.Tell) > 0 {
		claims := x.claims()
		who := upstream.Who{Account: x.subject, Username: x.decision.Evidence.Who.Username, Claims: claims.Told()}
		if err := rules.TellWho(h, &who); err != nil {
			return err
		}
	}
	i := x.applications.Identities[application]
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

func (x *exchange) claims() assertion.Claims {
	who := &x.decision.Evidence.Who
	c := assertion.Claims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: x.subject},
		Role:             who.Role,
		Staff:            who.Staff,
		Patient:          who.Patient,
		Department:       who.Department,
		Action:           x.match.Route.Action,
		Decision:         x.id,
		Method:           x.target.Method,
		Path:             x.target.Path,
		QueryDigest:      assertion.Digest([]byte(x.target.Query)),
		BodyDigest:       x.bodyDigest,
		Rows:             x.effects.Limits.Rows,
		Withhold:         x.effects.Limits.Withhold,
		WithholdFragile:  x.effects.Limits.WithholdFragile,
		Budget:           x.effects.Limits.Budget,
	}
	if x.match.Route.Application == administrator {
		c.Session, c.TokenID, c.Footprint = x.credential.Session, x.credential.TokenID, x.credential.Footprint
		c.UserAgent = strings.ToValidUTF8(x.incoming.UserAgent(), "\uFFFD") // a client may send any bytes
		c.Handle, c.Host, c.Scheme, c.ByCookie = x.handle, x.at.Host, x.at.Scheme, x.credential.Presented == pdp.PresentedCookie && x.handle != ""
		if x.address.IsValid() {
			c.Address = x.address.String()
		}
	}
	return c
}
