package process

import (
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"
	"strings"

	"github.com/wardgate/wardgate/internal/acmecert"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/serve"
	"github.com/wardgate/wardgate/internal/servercert"
)

// Addresses are where a process listens. A listener is nil where the process
// lacks the role.
type addresses struct {
	pep, extauth, pdp, operations net.Listener
	internal, records, inference  net.Listener // with mutual TLS, for an enforcement point in another process

	outer *tls.Config // of pep; nil for plain HTTP
}

// newAddresses opens the configured addresses of this process's roles, and
// reports all that are taken.
func newAddresses(g ground) (*addresses, error) {
	c, l, a := g.config, g.begin(), &addresses{}
	pep, administrator := c.Runs(config.RolePEP), c.Runs(config.RoleAdministrator)
	var faults []error
	for _, want := range []struct {
		mine         bool
		key, address string
		got          *net.Listener
	}{
		{pep, "pep.listen", c.PEP.Listen, &a.pep},
		{pep, "extauth.listen", c.ExtAuth.Listen, &a.extauth},
		{administrator, "pdp.listen", c.PDP.Listen, &a.pdp},
		{c.PDP.ListenInternal != "", "pdp.listen_internal", c.PDP.ListenInternal, &a.internal},
		{c.Records.Listen != "", "records.listen", c.Records.Listen, &a.records},
		{c.Inference.Listen != "", "inference.listen", c.Inference.Listen, &a.inference},
		{true, "operations.listen", c.Operations.Listen, &a.operations},
	} {
		if !want.mine {
			continue
		}
		got, err := serve.Listen(want.key, want.address)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		*want.got = serve.Bound(got, c.Limits.Connections, c.Limits.ConnectionsPerAddress)
		l.onClose(serve.CloseOnce(got))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	var err error
	if a.outer, err = g.proving(c.OuterCertificates()); err != nil {
		return nil, err
	}
	if a.outer, err = g.issuing(l, a.outer); err != nil {
		return nil, err
	}
	if a.outer != nil && g.workstations != nil {
		a.outer = g.workstations.Asking(a.outer)
	}
	return a, nil
}

// proving is how a listener proves itself with these certificates; nil for none, which is
// plain HTTP.
func (g ground) proving(pairs []servercert.Pair) (*tls.Config, error) {
	if len(pairs) == 0 {
		return nil, nil
	}
	certificates, err := servercert.Open(pairs...)
	if err != nil {
		return nil, err
	}
	g.board.Certificates(certificates)
	return &tls.Config{
		GetCertificate: certificates.Get,
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
	}, nil
}

// issuing has an authority issue certificates for the hosts that are served, beside those in
// files; these serve clients for which there is none. Without an authority it is what is
// in files.
func (g ground) issuing(l *life, files *tls.Config) (*tls.Config, error) {
	issued, err := g.config.TLS.ACME.Issuing()
	if err != nil || issued == nil || !g.config.Runs(config.RolePEP) {
		return files, err
	}
	issued.Folder = filepath.Join(g.config.Data, "acme")
	issued.Hosts = func() []string { return g.known.Load().IssuedHosts() }
	issued.Log = g.log.With("part", "acme")
	certificates := acmecert.New(*issued)
	l.inBackground(certificates.Run)
	g.board.Issued(certificates.Standing)
	outer := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1", acmecert.Protocol}}
	outer.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		switch got, err := certificates.Get(hello); {
		case err != nil || got != nil:
			return got, err
		case files != nil:
			return files.GetCertificate(hello)
		default:
			return nil, errors.New("no certificate is held for the name that the client asks for")
		}
	}
	return outer, nil
}

// inside is where an enforcement point in another process reaches a part of
// this one, or nil.
func (a *addresses) inside(role string) net.Listener {
	switch role {
	case config.RoleAdministrator, config.RolePDP:
		return a.internal
	case config.RoleRecords:
		return a.records
	case config.RoleInference:
		return a.inference
	default:
		return nil
	}
}

// decisions is where enforcement points of others ask.
func (a *addresses) decisions(c *config.Config) string {
	switch {
	case c.PDP.PublicURL != "":
		return strings.TrimSuffix(c.PDP.PublicURL, "/")
	case c.PDP.Certificate != "":
		return "https://" + a.pdp.Addr().String()
	default:
		return "http://" + a.pdp.Addr().String()
	}
}
