package process

import (
	"context"
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
	outer []*serve.Server // where users and other proxies reach it
	inner []*serve.Server // where it reaches those of Wardgate's own services that are in this process
}

// newEnforcement makes it, where this process enforces. Services of this process
// are reached on loopback, by certificates that live in memory only.
func newEnforcement(g ground, at *addresses, q questions, services map[string]http.Handler, s *statements, j *journal, r *revocations) (*enforcement, error) {
	e := &enforcement{}
	if !g.config.Runs(config.RolePEP) {
		return e, nil
	}
	upstreams, err := externalUpstreams(g)
	if err != nil {
		return nil, err
	}
	if err := addRemote(g.config, upstreams); err != nil {
		return nil, err
	}
	l := g.begin()
	if e.inner, err = serveInside(g, l, services, upstreams); err != nil {
		return nil, err
	}
	limiter, err := anonymous.New(anonymous.Config{
		Limits:  func() anonymous.Limits { return anonymousLimits(q.tables) },
		OnSite:  func(at netip.Addr) bool { return q.tables.Tables().OnSite(at) },
		Journal: j, Log: g.log.With("part", "pep"),
	})
	if err != nil {
		return nil, err
	}
	l.inBackground(limiter.Run)
	l.onClose(func() error { return limiter.Flush(context.Background()) })
	proxy, err := newProxy(g, q, upstreams, limiter, s, j, r)
	if err != nil {
		return nil, err
	}
	h, err := forOtherProxies(g.config, proxy)
	if err != nil {
		return nil, err
	}
	envoy, err := extauth.NewEnvoy(proxy, g.log.With("part", "extauth"))
	if err != nil {
		return nil, err
	}
	e.outer = []*serve.Server{
		serve.Edge("pep", proxies(g.config).Listen(at.pep), at.outer, h, g.log),
		{Name: "extauth", Listener: at.extauth, Service: extauth.NewServer(envoy)},
	}
	return e, nil
}

func newProxy(g ground, q questions, upstreams map[string]pep.Upstream, limiter *anonymous.Limiter, s *statements, j *journal, r *revocations) (*pep.Proxy, error) {
	identities, proxied, err := introductions(g.config)
	if err != nil {
		return nil, err
	}
	return pep.New(pep.Config{
		Anonymous:    limiter,
		KnownDevice:  q.knownDevice,
		DecisionTime: g.config.DecisionTime(),
		Decider:      g.board.Decider(q.decider),
		Tables:       q.tables,
		Revoker:      q.revoker,
		Journal:      j,
		Keys:         q.keys,
		Tokens:       token.Policy{Issuer: issuer, Audience: audience},
		Assertion:    g.key,
		Upstreams:    upstreams,
		Proxied:      proxied,
		Identities:   identities,
		Statements:   s.Keys,
		Issuer:       g.config.PEP.AssertionIssuer,
		Log:          g.log.With("part", "pep"),
		Proxies:      proxies(g.config),
		Hosts:        hosts(g.config),
		Revocations:  r,
	})
}

// Questions are what the enforcement point asks about every request.
type questions struct {
	decider pdp.Decider
	tables  pep.TableSource
	revoker pdp.Revoker
	keys    token.Keys

	knownDevice func(key string) (id string, ok bool) // nil where this process cannot tell
}

// ask puts questions to this process as far as it has the roles, and else to the
// decision point in another one.
func ask(b *book, a *administrator, d *decisionPointClient) questions {
	var q questions
	if d != nil {
		q = questions{decider: d, tables: d, revoker: d, keys: d}
	}
	if b != nil {
		q.decider, q.tables = b.engine, b.engine
	}
	if a != nil {
		q.revoker, q.keys, q.knownDevice = a, a.keys, a.KnownDevice
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

// hosts tells which Host headers are served; nil serves all.
func hosts(c *config.Config) func(string) bool {
	if c.Demo {
		return demo.IsLoopback
	}
	if len(c.PEP.Hosts) == 0 {
		return nil
	}
	return func(host string) bool {
		name, _, err := net.SplitHostPort(host)
		if err != nil {
			name = host
		}
		return slices.ContainsFunc(c.PEP.Hosts, func(h string) bool { return strings.EqualFold(h, name) })
	}
}

func anonymousLimits(tables pep.TableSource) anonymous.Limits {
	l := &tables.Tables().Anonymous
	return anonymous.Limits{
		PerMinute: l.PerMinute, Burst: l.Burst, OffSite: l.OffSitePerMinute,
		OnSitePerMinute: l.OnSitePerMinute, OnSiteBurst: l.OnSiteBurst,
		Recorded: l.Recorded, OnSiteRecorded: l.OnSiteRecorded,
		AtOnce: l.CostlyAtOnce, Waiting: l.CostlyWaiting, Costly: l.Costly,
	}
}
