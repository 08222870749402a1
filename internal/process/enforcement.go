package process

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/demo"
	"github.com/wardgate/wardgate/internal/mtls"
	"github.com/wardgate/wardgate/internal/serve"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pep/extauth"
	"github.com/wardgate/wardgate/pep/peer"
	"github.com/wardgate/wardgate/pep/token"
)

// An enforcement is the enforcement point of this process.
type enforcement struct {
	ways  *ways           // nil where this process does not enforce
	proxy *pep.Proxy      // likewise
	outer []*serve.Server // where users and other proxies reach it
	inner []*serve.Server // where it reaches those of Wardgate's own services that are in this process
}

// newEnforcement makes it, where this process enforces. Services of this process
// are reached on loopback, by certificates that live in memory only.
func newEnforcement(g ground, at *addresses, q questions, services map[string]http.Handler, s *statements, kept trail, r *revocations) (*enforcement, error) {
	e := &enforcement{}
	if !g.config.Runs(config.RolePEP) {
		return e, nil
	}
	l := g.begin()
	e.ways = &ways{ground: g, journal: kept.journal, own: map[string]pep.Upstream{}}
	l.onClose(e.ways.close)
	l.inBackground(e.ways.run)
	g.board.Applications(e.ways.shown)
	first, err := e.ways.of(g.config)
	if err != nil {
		return nil, err
	}
	e.ways.take(first)
	if err := addRemote(g.config, e.ways.own); err != nil {
		return nil, err
	}
	if e.inner, err = serveInside(g, l, services, e.ways.own); err != nil {
		return nil, err
	}
	applications, err := first.applications(g.config)
	if err != nil {
		return nil, err
	}
	limiter, err := anonymous.New(anonymous.Config{
		Limits: func() anonymous.Limits { return anonymousLimits(q.tables) },
		OnSite: func(at netip.Addr) bool { return q.tables.Tables().OnSite(at) },
	})
	if err != nil {
		return nil, err
	}
	if e.proxy, err = newProxy(g, q, applications, limiter, s, kept, r); err != nil {
		return nil, err
	}
	l.inBackground(e.proxy.Watch)
	h, err := forOtherProxies(g.config, e.proxy)
	if err != nil {
		return nil, err
	}
	envoy, err := extauth.NewEnvoy(e.proxy, g.log.With("part", "extauth"))
	if err != nil {
		return nil, err
	}
	e.outer = []*serve.Server{
		serve.Edge("pep", proxies(g.config).Listen(at.pep), at.outer, h, g.log),
		{Name: "extauth", Listener: at.extauth, Service: extauth.NewServer(envoy)},
	}
	return e, nil
}

func newProxy(g ground, q questions, applications pep.Applications, limiter *anonymous.Limiter, s *statements, kept trail, r *revocations) (*pep.Proxy, error) {
	return pep.New(pep.Config{
		Browsers:     cookies(g, q, applications.Origins),
		Anonymous:    limiter,
		KnownDevice:  q.knownDevice,
		DecisionTime: g.config.DecisionTime(),
		Decider:      g.board.Decider(q.decider),
		Tables:       q.tables,
		Revoker:      q.revoker,
		Journal:      kept.journal,
		Refusals:     kept.refusals,
		Ended:        r,
		Sessions:     q.door,
		Keys:         q.keys,
		Tokens:       token.Policy{Issuer: issuer, Audience: audience},
		Assertion:    g.key,
		Applications: applications,
		Statements:   s.Keys,
		Issuer:       g.config.PEP.AssertionIssuer,
		Log:          g.log.With("part", "pep"),
		Proxies:      proxies(g.config),
		Revocations:  r,
	})
}

// Questions are what the enforcement point asks about every request.
type questions struct {
	decider pdp.Decider
	tables  pep.TableSource
	revoker pdp.Revoker
	keys    token.Keys
	door    forBrowsers

	knownDevice func(key string) (id string, ok bool) // nil where this process cannot tell
}

// forBrowsers is what the enforcement point asks on behalf of browsers.
type forBrowsers interface {
	pdp.Continuer
	pdp.Sessions
	// CookieKey is an error as long as the key is not known.
	CookieKey() (pdp.CookieKey, error)
}

// ask puts questions to this process as far as it has the roles, and else to the
// decision point in another one.
func ask(b *book, a *administrator, d *decisionPointClient) questions {
	var q questions
	if d != nil {
		q = questions{decider: d, tables: d, revoker: d, keys: d, door: d}
	}
	if b != nil {
		q.decider, q.tables = b.engine, b.engine
	}
	if a != nil {
		q.revoker, q.keys, q.knownDevice, q.door = a, a.keys, a.KnownDevice, a.door
	}
	return q
}

// revision is that of the rule book which decides, as far as it is known.
func (q *questions) revision() string {
	if q.tables == nil {
		return ""
	}
	return q.tables.Tables().Revision
}

// serveInside listens with mutual TLS for Wardgate's own services, and adds how
// the enforcement point reaches each.
func serveInside(g ground, l *life, services map[string]http.Handler, upstreams map[string]pep.Upstream) ([]*serve.Server, error) {
	authority, err := mtls.Open(g.data.Path("certs"))
	if err != nil {
		return nil, err
	}
	caller, err := authority.Issue(mtls.PEP)
	if err != nil {
		return nil, err
	}
	var servers []*serve.Server
	for name, h := range services {
		part, err := authority.Issue(name)
		if err != nil {
			return nil, err
		}
		accept, err := part.Server(mtls.PEP)
		if err != nil {
			return nil, err
		}
		listener, err := serve.Listen(name, "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		l.onClose(serve.CloseOnce(listener))
		if upstreams[name], err = reach(caller, name, &url.URL{Scheme: "https", Host: listener.Addr().String()}); err != nil {
			return nil, err
		}
		servers = append(servers, serve.HTTP(name, listener, accept, mtls.WhileValid(h, nil), g.log))
	}
	return servers, nil
}

// forOtherProxies is the enforcement point, which also answers those proxies
// that the configuration trusts to describe a request.
func forOtherProxies(c *config.Config, p *pep.Proxy) (http.Handler, error) {
	askers, err := c.Askers()
	if err != nil || len(askers) == 0 {
		return p, err
	}
	return extauth.NewHTTP(p, p, askers)
}

// proxies are those whose word on a client's address is taken. The configuration
// was checked: what is no address trusts nothing.
func proxies(c *config.Config) peer.Proxies {
	trusted, _ := c.TrustedProxies()
	return trusted
}

// Hosts tells which Host headers are served; nil serves all.
func Hosts(c *config.Config) func(string) bool {
	if c.Demo {
		return func(host string) bool { return demo.IsLoopback(host) || c.Serves(host) }
	}
	if len(c.PEP.Hosts) == 0 {
		return nil
	}
	return func(host string) bool {
		name, _, err := net.SplitHostPort(host)
		if err != nil {
			name = host
		}
		return slices.ContainsFunc(c.PEP.Hosts, func(h string) bool { return strings.EqualFold(h, name) }) || c.Serves(host)
	}
}

func anonymousLimits(tables pep.TableSource) anonymous.Limits {
	l := &tables.Tables().Anonymous
	return anonymous.Limits{
		PerMinute: l.PerMinute, Burst: l.Burst, OffSite: l.OffSitePerMinute,
		OnSitePerMinute: l.OnSitePerMinute, OnSiteBurst: l.OnSiteBurst,
		FruitlessPerMinute: l.FruitlessPerMinute, FruitlessBurst: l.FruitlessBurst,
		AtOnce: l.CostlyAtOnce, Waiting: l.CostlyWaiting, Costly: l.Costly,
	}
}
