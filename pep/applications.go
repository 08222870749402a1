package pep

import (
	"errors"
	"fmt"
	"maps"
	"net/http/httputil"
	"slices"
	"sync/atomic"

	"github.com/wardgate/wardgate/pep/quota"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pep/session"
	"github.com/wardgate/wardgate/pep/upstream"
)

// Applications are what requests are forwarded to, and all that depends on which
// application is asked. A request is judged and forwarded under one such value from its
// beginning to its end, whatever is taken meanwhile.
type Applications struct {
	Upstreams map[string]Upstream // by name of the application

	// Proxied names applications that only other proxies forward to. They read
	// no assertion: a decision that limits what they may show denies.
	Proxied []string

	// Identities say how external and proxied applications learn who asks; one
	// that is not named learns nothing.
	Identities map[string]*upstream.Identity

	// Quotas are what one subject may ask of each application, by name, and what its
	// requests weigh. One that is not named has what the rule book says, or none.
	Quotas map[string]quota.Quota

	// Origins are where browsers have sessions; nil where there are no Browsers.
	Origins *session.Origins
	// Hosts says which Host headers are served; nil serves all.
	Hosts func(host string) bool

	// Released is called once, when others have been taken and no request is under way any
	// more that began under these. Nil for nothing.
	Released func()
}

// applications are Applications at work. An exchange holds those with which it began.
type applications struct {
	Applications
	forwarder map[string]*httputil.ReverseProxy
	told      map[string]bool // names, folded, under which some application is told who asks
	tables    atomic.Pointer[tables]

	// holders are the exchanges under way and, until others are taken, the Proxy.
	holders atomic.Int64
}

// hold counts an exchange in. It fails where the last holder has gone.
func (a *applications) hold() bool {
	for {
		n := a.holders.Load()
		if n == 0 {
			return false
		}
		if a.holders.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release counts a holder out.
func (a *applications) release() {
	if a.holders.Add(-1) == 0 && a.Released != nil {
		a.Released()
	}
}

// held are the applications that are in force, counted for one exchange.
func (p *Proxy) held() *applications {
	for {
		if a := p.applications.Load(); a.hold() {
			return a
		}
	}
}

// Prepare checks applications whole, beside the rule book in force. Nothing changes until
// take is called: requests that begin from then on are under these, and those under way
// end as they began. The error says all that is wrong.
func (p *Proxy) Prepare(a Applications) (take func(), err error) {
	next, err := p.compile(a)
	if err != nil {
		return nil, err
	}
	if _, err := route.New(p.cfg.Tables.Tables(), next.hosted()...); err != nil {
		return nil, fmt.Errorf("the rule book in force cannot be served with these applications: %w", err)
	}
	return func() { p.applications.Swap(next).release() }, nil
}

// compile makes applications that one holder holds: the Proxy, once they are taken.
func (p *Proxy) compile(a Applications) (*applications, error) {
	a.Upstreams, a.Identities, a.Quotas, a.Proxied = maps.Clone(a.Upstreams), maps.Clone(a.Identities), maps.Clone(a.Quotas), slices.Clone(a.Proxied)
	made := &applications{Applications: a, forwarder: map[string]*httputil.ReverseProxy{}, told: a.told()}
	made.holders.Store(1)
	faults := slices.Concat(a.partFaults(), a.identityFaults(), a.headerFaults(made.told), a.cookieFaults())
	if len(a.Identities) > 0 && (p.cfg.Statements == nil || p.cfg.Issuer == "") {
		faults = append(faults, errors.New("a signer and an issuer of statements are required"))
	}
	switch {
	case (a.Origins == nil) != (p.browsers == nil):
		faults = append(faults, errors.New("origins, a continuer and a key source of browsers' sessions are required together"))
	case a.Origins != nil && a.Origins.Home() != p.browsers.home:
		faults = append(faults, errors.New("the home of browsers is another one"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	for name, one := range a.Upstreams {
		made.forwarder[name] = p.newForwarder(name, one)
	}
	return made, nil
}

// hosted are the applications that have hosts of their own.
func (a *Applications) hosted() []string {
	if a.Origins == nil {
		return nil
	}
	return a.Origins.Applications()
}

// told are the names, folded, under which any application is told who asks. No client
// sends one to any.
func (a *Applications) told() map[string]bool {
	names := map[string]bool{}
	for _, i := range a.Identities {
		if i.Header != "" {
			names[upstream.Folded(i.Header)] = true
		}
	}
	for _, to := range a.Upstreams {
		for name := range to.Headers.Tell {
			names[upstream.Folded(name)] = true
		}
	}
	return names
}

// partFaults are those of what reaches each application.
func (a *Applications) partFaults() (faults []error) {
	for name, to := range a.Upstreams {
		if name == "" || to.URL == nil || to.Transport == nil {
			faults = append(faults, fmt.Errorf("a name, URL and transport of application %q is required", name))
		}
	}
	for _, name := range a.Proxied {
		if _, own := a.Upstreams[name]; name == "" || own {
			faults = append(faults, fmt.Errorf("a name of its own for the proxied application %q is required", name))
		}
	}
	return faults
}

// headerFaults are those of the rules for headers.
func (a *Applications) headerFaults(told map[string]bool) (faults []error) {
	for name, to := range a.Upstreams {
		if err := to.Headers.Check(told); err != nil {
			faults = append(faults, fmt.Errorf("headers of application %q: %w", name, err))
		}
		if !to.External && !to.Headers.None() {
			faults = append(faults, fmt.Errorf("headers of application %q: it is not external", name))
		}
	}
	return faults
}

// identityFaults are those of all identities together.
func (a *Applications) identityFaults() (faults []error) {
	for name, i := range a.Identities {
		if err := i.Check(); err != nil {
			faults = append(faults, fmt.Errorf("identity for application %q: %w", name, err))
		}
		if !a.Upstreams[name].External && !slices.Contains(a.Proxied, name) {
			faults = append(faults, fmt.Errorf("identity for application %q: it is not external", name))
		}
	}
	return faults
}

// cookieFaults are those of the cookies of applications.
func (a *Applications) cookieFaults() (faults []error) {
	for name, to := range a.Upstreams {
		if err := to.Cookies.Check(); err != nil {
			faults = append(faults, fmt.Errorf("cookies of application %q: %w", name, err))
		}
		if !to.Cookies.None() && (!to.External || !slices.Contains(a.hosted(), name)) {
			faults = append(faults, fmt.Errorf("cookies of application %q: it has no host of its own", name))
		}
	}
	return faults
}
