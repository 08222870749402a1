package process

import (
	"crypto/rand"
	"fmt"
	"net/url"

	"github.com/wardgate/wardgate/internal/keyfile"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/browser"
	sessionstore "github.com/wardgate/wardgate/pdp/admin/sqlstore"
	"github.com/wardgate/wardgate/pdp/admin/workstation"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/session"
)

// A door is what the administrator of this process keeps for browsers.
type door struct {
	*browser.Browsers
	key  pdp.CookieKey
	desk *workstation.Desk // nil where browsers have no home
}

// cookieKeyFile holds the key that seals the cookies of browsers, the same for every
// enforcement point that asks this administrator.
const cookieKeyFile = "cookies.key"

// openDoor makes the key of cookies on first use, in a file for the owner alone.
func openDoor(g ground, l *life, a *admin.Admin, s *sessionstore.Store, sealer admin.Sealer, tables func() *pdp.Tables) (*door, error) {
	secret, err := keyfile.ReadOrMake(g.keyPath(cookieKeyFile), func() ([]byte, error) {
		b := make([]byte, pdp.CookieKeyBytes)
		_, err := rand.Read(b)
		return b, err
	})
	if err == nil && len(secret) != pdp.CookieKeyBytes {
		err = fmt.Errorf("it has %d bytes, and needs %d", len(secret), pdp.CookieKeyBytes)
	}
	if err != nil {
		return nil, fmt.Errorf("key of cookies: %w", err)
	}
	d := &door{key: pdp.CookieKey{Secret: secret}}
	parts := browser.Parts{Admin: a, Store: s, Sealer: sealer, Log: g.log.With("part", "admin")}
	if home, err := url.Parse(g.config.PEP.Home); err == nil && home.Host != "" {
		known := workstation.Parts{Admin: a, Store: s, Tables: tables}
		if g.workstations != nil {
			known.Certified = g.workstations.Named
		}
		if d.desk, err = workstation.New(known, home.Host); err != nil {
			return nil, err
		}
		parts.Stations = d.desk
	}
	d.Browsers, err = browser.New(parts, browser.Origins{
		Home: g.config.PEP.Home, Apps: g.config.ApplicationOrigins(),
	})
	if err != nil {
		return nil, err
	}
	l.onSweep("browsers", d.Sweep)
	return d, nil
}

// cookies are how the enforcement point takes sessions by cookie; nil where browsers
// have none.
func cookies(g ground, q questions, at *session.Origins) *pep.Browsers {
	if at == nil {
		return nil
	}
	b := &pep.Browsers{Continuer: q.door, Key: q.door}
	if g.workstations != nil {
		b.Machine = g.workstations.Of
	}
	return b
}

// CookieKey returns the key that seals the cookies of browsers.
func (d *door) CookieKey() (pdp.CookieKey, error) { return d.key, nil }
