package config

import (
	"errors"
	"fmt"
	"net/url"
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

// EveryRole is what one process does when the command line names no role.
func EveryRole() []string {
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
		case slices.Contains(EveryRole(), name):
			roles = append(roles, name)
		default:
			faults = append(faults, fmt.Errorf("role %q: expected %s or %s", name, RolePDP, strings.Join(EveryRole(), ", ")))
		}
	}
	slices.Sort(roles)
	roles = slices.Compact(roles)
	has := func(role string) bool { return slices.Contains(roles, role) }
	if has(RoleAdministrator) != has(RoleIdentity) || has(RoleAdministrator) && !has(RoleEngine) {
		faults = append(faults, errors.New("administrator and identity ask each other and the engine in one process: name pdp, which is all three"))
	}
	if has(RoleEngine) && !has(RoleAdministrator) && !has(RolePEP) {
		faults = append(faults, errors.New("no enforcement point could ask an engine alone: name pdp, or pep beside it"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return roles, nil
}

// Runs reports whether this process has the role.
func (c *Config) Runs(role string) bool { return len(c.Roles) == 0 || slices.Contains(c.Roles, role) }

// RoleNames are the roles of this process.
func (c *Config) RoleNames() []string {
	if len(c.Roles) == 0 {
		return EveryRole()
	}
	return c.Roles
}

// Split reports whether any role runs in another process, so that this one
// speaks over the network.
func (c *Config) Split() bool {
	return c.PDP.ListenInternal != "" || c.Records.Listen != "" || c.Inference.Listen != "" || c.AsksRemote()
}

// AsksRemote reports whether the enforcement point in this process needs
// another one.
func (c *Config) AsksRemote() bool {
	return c.Runs(RolePEP) && !(c.Runs(RoleAdministrator) && c.Runs(RoleRecords) && c.Runs(RoleInference))
}

// checkRoles reports what the roles of this process lack, by key. Without
// roles the configuration may be for any of them.
func (c *Config) checkRoles(fault func(string, ...any)) {
	c.checkInternal(fault)
	if len(c.Roles) == 0 {
		return
	}
	for _, part := range c.Parts() {
		mine, pep := c.Runs(part.Role), c.Runs(RolePEP)
		switch {
		case mine && !pep && part.Listen == "":
			fault("%s: expected the address and port where the enforcement point reaches this process, such as 10.0.0.7:8443", part.ListenKey)
		case !mine && pep && part.URL == "":
			fault("%s: expected where %s runs, such as https://%s.hospital:8443, because it does not run in this process", part.URLKey, part.Name, part.Name)
		case mine && part.URL != "":
			fault("%s: %s runs in this process and is not asked elsewhere; leave the key out, or the role", part.URLKey, part.Name)
		case !mine && part.Listen != "":
			fault("%s: %s does not run in this process; leave the key out, or add the role", part.ListenKey, part.Name)
		}
	}
	shared := c.Stores.Sessions.File != "" || c.Stores.Sessions.IsServer()
	if c.Journals() && shared && c.Journal.Chain == Default().Journal.Chain {
		fault("journal.chain: expected a name of this process's own, because other processes anchor their journals in stores.sessions too")
	}
	c.checkCertificates(fault)
}

// A Part is what an enforcement point reaches over the network.
type Part struct {
	Role, Name        string
	ListenKey, Listen string // its address for an enforcement point in another process
	URLKey, URL       string // and where it runs, when in another process
}

// Parts are all of them.
func (c *Config) Parts() []Part {
	return []Part{
		{RoleAdministrator, RolePDP, "pdp.listen_internal", c.PDP.ListenInternal, "pdp.url", c.PDP.URL},
		{RoleRecords, RoleRecords, "records.listen", c.Records.Listen, "records.url", c.Records.URL},
		{RoleInference, RoleInference, "inference.listen", c.Inference.Listen, "inference.url", c.Inference.URL},
	}
}

// checkInternal reports addresses that are none. What listens there always has
// mutual TLS.
func (c *Config) checkInternal(fault func(string, ...any)) {
	for _, part := range c.Parts() {
		if part.Listen != "" {
			loopback, err := isLoopback(part.Listen)
			if err != nil {
				fault("%s: %w", part.ListenKey, err)
			} else if !loopback && c.Demo {
				fault("%s: %s is not a loopback address; the demo listens on loopback only", part.ListenKey, part.Listen)
			}
		}
		if part.URL != "" {
			if _, err := ParseInternal(part.URL); err != nil {
				fault("%s: %w", part.URLKey, err)
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
	case !c.Split():
		return
	case s.Folder == "" && !single:
		fault("certificates.folder: expected a folder with the certificates of this process's roles; `wardgate certs` makes one")
	case single && len(c.identities()) > 1:
		fault("certificates.folder: expected a folder, because this process proves itself as %s; one certificate is one role's", strings.Join(c.identities(), " and "))
	}
	if a == "" && c.Split() {
		fault("assertion.key_file: expected the file with the key that all roles share; `wardgate certs` makes one")
	}
}

// identities are the names that this process proves itself under.
func (c *Config) identities() []string {
	var names []string
	if c.AsksRemote() {
		names = append(names, RolePEP)
	}
	for _, part := range c.Parts() {
		if part.Listen != "" {
			names = append(names, part.Name)
		}
	}
	return names
}

var errInternalURL = errors.New("expected https, a host and a port, such as https://10.0.0.7:8443")

// ParseInternal reads where a part runs. Nothing is asked in the clear.
func ParseInternal(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.Port() == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errInternalURL
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}
