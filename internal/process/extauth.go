package process

import (
	"net/http"

	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/extauth"
	"github.com/wardgate/wardgate/pep/peer"
)

// proxies are those whose word on a client's address is taken. The configuration
// was checked: what is no address trusts nobody.
func (a *Process) proxies() peer.Proxies {
	trusted, _ := a.config.TrustedProxies()
	return trusted
}

// forOtherProxies is the enforcement point, which also answers those proxies
// that the configuration trusts to describe a request.
func (a *Process) forOtherProxies(p *pep.Proxy) (http.Handler, error) {
	trusted := a.proxies()
	if len(trusted) == 0 {
		return p, nil
	}
	return extauth.NewHTTP(p, p, trusted)
}

// forEnvoy answers Envoys on this machine.
func (a *Process) forEnvoy(p *pep.Proxy) (*server, error) {
	envoy, err := extauth.NewEnvoy(p, a.log.With("part", "extauth"))
	if err != nil {
		return nil, err
	}
	return &server{name: "extauth", listener: a.reached.extauth, service: extauth.NewServer(envoy)}, nil
}

// ExtAuth is where Envoys on this machine ask, as host and port.
func (a *Process) ExtAuth() string { return a.reached.extauth.Addr().String() }
