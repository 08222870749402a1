package process

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pep/upstream/http1"
)

// externalUpstreams are the hospital's own applications, which know nothing of
// Wardgate. The named authority alone vouches for their servers, and no proxy of
// the environment stands between.
func externalUpstreams(g ground) (map[string]pep.Upstream, error) {
	list, err := g.config.Applications()
	if err != nil {
		return nil, err
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if file := g.config.PEP.ApplicationsCAFile; file != "" {
		authorities, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("pep.applications_ca_file: %w", err)
		}
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(authorities) {
			return nil, fmt.Errorf("pep.applications_ca_file: %s holds no certificate in PEM", file)
		}
	}
	applications := map[string]pep.Upstream{}
	for _, one := range list {
		if one.URL == nil {
			continue
		}
		transport, err := http1.New(one.URL, external(g, one.URL.Scheme, trust))
		if err != nil {
			return nil, fmt.Errorf("application %s: %w", one.Name, err)
		}
		applications[one.Name] = pep.Upstream{URL: one.URL, External: true, AnswerLimit: one.AnswerLimit, AnswerHeaders: one.AnswerHeaders, Transport: transport}
	}
	return applications, nil
}

// external are the bounds of connections to one other application. What it sends
// without having been asked is reported: it may have meant it for somebody else.
func external(g ground, scheme string, trust *tls.Config) http1.Config {
	c := http1.Config{
		Connections: externalConnections, FirstByte: answerTimeout, Progress: streamIdle,
		Unasked: func(upstream string) {
			g.board.Unasked()
			g.log.Error("an application sent an answer that no request had asked for; its connection is closed", "application", upstream)
		},
	}
	if scheme == "https" {
		c.TLS = trust
	}
	return c
}

// introductions are what applications are told of who asks, and the names of
// those that only other proxies forward to.
func introductions(c *config.Config) (identities map[string]*upstream.Identity, proxied []string, err error) {
	list, err := c.Applications()
	if err != nil {
		return nil, nil, err
	}
	identities = map[string]*upstream.Identity{}
	for _, one := range list {
		if one.Identity != nil {
			identities[one.Name] = one.Identity
		}
		if one.URL == nil {
			proxied = append(proxied, one.Name)
		}
	}
	return identities, proxied, nil
}
