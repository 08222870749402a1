package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The roles that a process can have. RolePDP stands for engine, administrator
// and identity together.
const (
	RolePEP           = "pep"
	RolePDP           = "pdp"
	RoleEngine        = "engine"
	RoleAdministrator = "administrator"
	RoleIdentity      = "identity"
	RoleRecords       = "records"
	RoleInference     = "inference"
)

// everyRole is what one process does when nobody says otherwise.
func everyRole() []string {
	return []string{RolePEP, RoleEngine, RoleAdministrator, RoleIdentity, RoleRecords, RoleInference}
}

// ParseRoles reads the roles of a process. It refuses what would start and be
// of no use to anybody.
func ParseRoles(names []string) ([]string, error) {
	var roles []string
	var faults []error
	for _, name := range names {
		switch {
		case name == RolePDP:
			roles = append(roles, RoleEngine, RoleAdministrator, RoleIdentity)
		case slices.Contains(everyRole(), name):
			roles = append(roles, name)
		default:
			faults = append(faults, fmt.Errorf("role %q: expected %s or %s", name, RolePDP, strings.Join(everyRole(), ", ")))
		}
	}
	slices.Sort(roles)
	roles = slices.Compact(roles)
	has := func(role string) bool { return slices.Contains(roles, role) }
	if has(RoleAdministrator) != has(RoleIdentity) || has(RoleAdministrator) && !has(RoleEngine) {
		faults = append(faults, errors.New("administrator and identity ask each other and the engine in one process: name pdp, which is all three"))
	}
	if has(RoleEngine) && !has(RoleAdministrator) && !has(RolePEP) {
		faults = append(faults, errors.New("nobody could ask an engine alone: name pdp, or pep beside it"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return roles, nil
}

// runs reports whether this process has the role.
func (c *Config) runs(role string) bool { return len(c.Roles) == 0 || slices.Contains(c.Roles, role) }

// apart reports whether any role runs in another process, so that this one
// speaks over the network.
func (c *Config) apart() bool {
	return c.PDP.ListenInternal != "" || c.Records.Listen != "" || c.Inference.Listen != "" || c.asksElsewhere()
}

// asksElsewhere reports whether the enforcement point in this process needs
// another one.
func (c *Config) asksElsewhere() bool {
	return c.runs(RolePEP) && !(c.runs(RoleAdministrator) && c.runs(RoleRecords) && c.runs(RoleInference))
}

// checkRoles reports what the roles of this process lack, by key. Without
// roles the configuration may be for any of them.
func (c *Config) checkRoles(fault func(string, ...any)) {
	c.checkInternal(fault)
	if len(c.Roles) == 0 {
		return
	}
	for _, part := range c.parts() {
		mine, pep := c.runs(part.role), c.runs(RolePEP)
		switch {
		case mine && !pep && part.listen == "":
			fault("%s: expected the address and port where the enforcement point reaches this process, such as 10.0.0.7:8443", part.listenKey)
		case !mine && pep && part.url == "":
			fault("%s: expected where %s runs, such as https://%s.hospital:8443, because it does not run in this process", part.urlKey, part.name, part.name)
		case mine && part.url != "":
			fault("%s: %s runs in this process and is not asked elsewhere; leave the key out, or the role", part.urlKey, part.name)
		case !mine && part.listen != "":
			fault("%s: %s does not run in this process; leave the key out, or add the role", part.listenKey, part.name)
		}
	}
	shared := c.Stores.Sessions.File != "" || c.Stores.Sessions.isServer()
	if c.journals() && shared && c.Journal.Chain == DefaultConfig().Journal.Chain {
		fault("journal.chain: expected a name of this process's own, because other processes anchor their journals in stores.sessions too")
	}
	c.checkCertificates(fault)
}

// A part is what an enforcement point reaches over the network.
type part struct {
	role, name, listenKey, listen, urlKey, url string
}

func (c *Config) parts() []part {
	return []part{
		{RoleAdministrator, RolePDP, "pdp.listen_internal", c.PDP.ListenInternal, "pdp.url", c.PDP.URL},
		{RoleRecords, RoleRecords, "records.listen", c.Records.Listen, "records.url", c.Records.URL},
		{RoleInference, RoleInference, "inference.listen", c.Inference.Listen, "inference.url", c.Inference.URL},
	}
}

// checkInternal reports addresses that are none. What listens there always has
// mutual TLS.
func (c *Config) checkInternal(fault func(string, ...any)) {
	for _, part := range c.parts() {
		if part.listen != "" {
			loopback, err := isLoopback(part.listen)
			if err != nil {
				fault("%s: %w", part.listenKey, err)
			} else if !loopback && c.Demo {
				fault("%s: %s is not a loopback address; the demo listens on loopback only", part.listenKey, part.listen)
			}
		}
		if part.url != "" {
			if _, err := parseInternal(part.url); err != nil {
				fault("%s: %w", part.urlKey, err)
			}
		}
	}
}

// checkCertificates reports what is missing to prove who this process is. The
// files are read when they are opened.
func (c *Config) checkCertificates(fault func(string, ...any)) {
	s, a := &c.Certificates, c.Assertion.KeyFile
	single := s.CA != "" || s.Certificate != "" || s.Key != ""
	whole := s.CA != "" && s.Certificate != "" && s.Key != ""
	switch {
	case s.Folder != "" && single:
		fault("certificates.folder: expected the folder, or ca, certificate and key, not both")
	case single && !whole:
		fault("certificates.ca, certificates.certificate, certificates.key: expected all three")
	case !c.apart():
		return
	case s.Folder == "" && !single:
		fault("certificates.folder: expected a folder with the certificates of this process's roles; `wardgate certs` makes one")
	case single && len(c.identities()) > 1:
		fault("certificates.folder: expected a folder, because this process proves itself as %s; one certificate is one role's", strings.Join(c.identities(), " and "))
	}
	if a == "" && c.apart() {
		fault("assertion.key_file: expected the file with the key that all roles share; `wardgate certs` makes one")
	}
}

// identities are the names that this process proves itself under.
func (c *Config) identities() []string {
	var names []string
	if c.asksElsewhere() {
		names = append(names, RolePEP)
	}
	for _, part := range c.parts() {
		if part.listen != "" {
			names = append(names, part.name)
		}
	}
	return names
}
