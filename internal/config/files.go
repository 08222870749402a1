package config

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// checkListeners reports two listeners that would want one port.
func (c *Config) checkListeners(fault func(string, ...any)) {
	type listener struct{ key, host, port string }
	var taken []listener
	for _, l := range [][2]string{
		{"pep.listen", c.PEP.Listen}, {"pdp.listen", c.PDP.Listen}, {"extauth.listen", c.ExtAuth.Listen},
		{"operations.listen", c.Operations.Listen}, {"records.listen", c.Records.Listen}, {"inference.listen", c.Inference.Listen},
	} {
		host, port, err := net.SplitHostPort(l[1])
		if err != nil || port == "0" {
			continue // another fault, or any free port
		}
		for _, other := range taken {
			if other.port == port && (other.host == host || everywhere(host) || everywhere(other.host)) {
				fault("%s: %s is the port of %s too; two listeners cannot share one", l[0], l[1], other.key)
			}
		}
		taken = append(taken, listener{l[0], host, port})
	}
}

func everywhere(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "" || err == nil && a.IsUnspecified()
}

// checkHosts reports names that no client sends as a host.
func (c *Config) checkHosts(fault func(string, ...any)) {
	for _, host := range c.PEP.Hosts {
		if !isHostName(host) {
			fault("pep.hosts: %q is no host name: expected a name such as wardgate.hospital.example, without a scheme, a port or a path", host)
		}
	}
}

// isHostName accepts names of RFC 1123 and IP addresses.
func isHostName(s string) bool {
	if _, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return true
	}
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
				return false
			}
		}
	}
	return true
}

// fileFaults reports files that keys name and that are not there, or are not
// what they are for. It is for the machine that will run the process.
func (c *Config) fileFaults() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	faults = append(faults, c.certificateFaults()...)
	if _, err := c.TLS.ACME.Issuing(); err != nil {
		faults = append(faults, flat([]error{err})...)
	}
	if _, err := c.WorkstationAuthority(); err != nil {
		faults = append(faults, flat([]error{err})...)
	}
	files := []struct{ key, name string }{
		{"certificates.ca", c.Certificates.CA},
		{"assertion.key_file", c.Assertion.KeyFile},
		{"location.database", c.Location.Database},
		{"mail.smtp.password_file", c.Mail.SMTP.PasswordFile},
		{"mail.smtp.ca_file", c.Mail.SMTP.CAFile},
		{"alerts.webhook.secret_file", c.Alerts.Webhook.SecretFile},
	}
	if c.Certificates.Folder != "" {
		files = append(files, struct{ key, name string }{"certificates.folder", filepath.Join(c.Certificates.Folder, "ca.pem")})
	}
	for i, one := range c.Applications {
		if one.CAFile == "" {
			continue
		}
		if _, err := os.Stat(one.CAFile); err != nil {
			faults = append(faults, &entryFault{applicationsKey, one.Name, i, "ca_file", err})
		}
	}
	faults = append(faults, c.credentialFaults()...)
	for _, f := range files {
		if f.name == "" {
			continue
		}
		if info, err := os.Stat(f.name); err != nil {
			fault("%s: %w", f.key, err)
		} else if info.IsDir() {
			fault("%s: %s is a folder", f.key, f.name)
		}
	}
	return faults
}
