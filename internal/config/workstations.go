package config

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/wardgate/wardgate/internal/clientca"
)

const workstationCA = "pep.workstation_ca_file"

// checkWorkstations reports an authority for workstations that none could use.
func (c *Config) checkWorkstations(fault func(string, ...any)) {
	if c.PEP.WorkstationCAFile == "" {
		return
	}
	if c.Runs(RolePEP) && !c.OuterTLS() {
		fault("%s: client certificates are shown on TLS alone: set pep.certificate and pep.key", workstationCA)
	}
	if c.PEP.Home == "" && !c.Demo {
		fault("%s: workstations are where browsers log in: set pep.home", workstationCA)
	}
}

// WorkstationAuthority reads the authority for workstations, nil for none, and reports
// everything that is wrong with it. One that others use too is refused: a workstation would
// prove to be a part of Wardgate or a caller of the decision point, and each of those a
// workstation.
func (c *Config) WorkstationAuthority() (*clientca.Authority, error) {
	file := c.PEP.WorkstationCAFile
	if file == "" {
		return nil, nil
	}
	a, err := clientca.Open(file)
	var faults []error
	for _, fault := range flat([]error{err}) {
		faults = append(faults, fmt.Errorf("%s: %w", workstationCA, fault))
	}
	shared := clientca.Shared(file, c.ownAuthorities())
	for _, other := range shared {
		faults = append(faults, fmt.Errorf("%s: %s is the authority of %s too, under it, or over it; issue the certificates of workstations by one of their own", workstationCA, file, other))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return a, nil
}

// ownAuthorities are those by which parts of Wardgate and callers prove who they are, by
// what names them.
func (c *Config) ownAuthorities() map[string]string {
	all := map[string]string{"the parts of Wardgate (in the data folder)": filepath.Join(c.Data, "certs", "ca.pem")}
	if c.Certificates.CA != "" {
		all["certificates.ca"] = c.Certificates.CA
	}
	if c.Certificates.Folder != "" {
		all["certificates.folder"] = filepath.Join(c.Certificates.Folder, "ca.pem")
	}
	if c.TLS.ACME.CAFile != "" {
		all[acmeKey+".ca_file"] = c.TLS.ACME.CAFile
	}
	if c.PDP.ClientCAFile != "" {
		all["pdp.client_ca_file"] = c.PDP.ClientCAFile
	}
	return all
}
