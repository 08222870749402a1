package pep

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/session"
)

const (
	keptLife = 15 * time.Minute // of what was typed, until its author comes back
	maxKept  = 2 << 10          // bytes of it; of more nothing is kept
)

// keepTyped has the browser hold what was typed into a form of the own pages that was
// refused because its session is over or needs a fresh factor: sealed, in a cookie, until
// its author has it shown again. Of the fields those are kept alone that the form names:
// a secret is never among them, and a form that names none leaves nothing.
func (p *Proxy) keepTyped(x *exchange, h http.Header) {
	home := p.browsers.home
	if !x.browsed || x.at != home || x.application() != administrator || x.match.Route.Body != pdp.BodyForm ||
		session.Site(home, x.incoming.Header) != pdp.SiteOwn {
		return
	}
	sent, err := url.ParseQuery(string(x.body))
	if err != nil {
		return
	}
	kept := assertion.Kept{Action: x.target.Path, Author: sent.Get(assertion.AuthorField), At: x.now.Unix(), Fields: map[string]string{}}
	for _, name := range strings.Fields(sent.Get(assertion.KeepField)) {
		if value := sent.Get(name); value != "" {
			kept.Fields[name] = value
		}
	}
	text, err := json.Marshal(kept)
	if err != nil || kept.Author == "" || len(kept.Fields) == 0 || len(text) > maxKept {
		return
	}
	sealed, err := p.browsers.sealer.SealKept(text, home)
	if err != nil {
		p.cfg.Log.Error("nothing kept of a form", "decision", x.id, "error", err)
		return
	}
	h.Add("Set-Cookie", assertion.KeepCookie(home.Scheme, sealed, keptLife).String())
}

// handOnKept gives the policy administrator what a browser holds of a form, when it asks
// for a page at home and not too late.
func (p *Proxy) handOnKept(x *exchange, h http.Header) {
	if !x.browsed || x.at != p.browsers.home || x.target.Method != http.MethodGet {
		return
	}
	value, one := session.Read(x.incoming.Header, assertion.KeptName(x.at.Scheme))
	if !one || value == "" {
		return
	}
	text, err := p.browsers.sealer.OpenKept(value, x.at, maxKept)
	if err != nil {
		return
	}
	var kept assertion.Kept
	if err := strictjson.Decode(text, &kept); err != nil {
		return
	}
	if age := x.now.Sub(time.Unix(kept.At, 0)); age < -time.Minute || age > keptLife {
		return
	}
	h.Set(assertion.KeptHeader, base64.RawURLEncoding.EncodeToString(text))
}
