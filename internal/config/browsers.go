package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/wardgate/wardgate/pep/session"
)

// Origins are where browsers have sessions: at home, and at the hosts of applications;
// nil for nowhere.
func (c *Config) Origins() (*session.Origins, error) {
	if c.PEP.Home == "" {
		return nil, nil
	}
	return session.NewOrigins(c.PEP.Home, c.hosted()...)
}

// ApplicationOrigins are those of applications that have hosts of their own.
func (c *Config) ApplicationOrigins() []string {
	var origins []string
	for _, one := range c.hosted() {
		origins = append(origins, one.Origin)
	}
	return origins
}

// Hosted are the names of applications that have hosts of their own.
func (c *Config) Hosted() []string {
	names := []string{}
	for _, one := range c.Applications {
		if len(one.Hosts) > 0 {
			names = append(names, one.Name)
		}
	}
	return names
}

// Serves reports whether a host, with or without a port, is the home's or an
// application's.
func (c *Config) Serves(host string) bool {
	name := strings.Trim(host, "[]")
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if home, err := session.ParseOrigin(c.PEP.Home); err == nil && strings.EqualFold((&url.URL{Host: home.Host}).Hostname(), name) {
		return true
	}
	for _, one := range c.Applications {
		if slices.ContainsFunc(one.Hosts, func(text string) bool {
			has, _, err := hostAndPort(text)
			return err == nil && strings.EqualFold(has, name)
		}) {
			return true
		}
	}
	return false
}

// hosted are the origins of applications: by the scheme of the home, and at its port
// unless another one is written. What has no reading is left out.
func (c *Config) hosted() (all []session.Hosted) {
	home, err := session.ParseOrigin(c.PEP.Home)
	if err != nil {
		return nil
	}
	for i := range c.Applications {
		for _, host := range c.Applications[i].Hosts {
			if origin, err := originAt(home, host); err == nil {
				all = append(all, session.Hosted{Application: c.Applications[i].Name, Origin: origin.String()})
			}
		}
	}
	return all
}

func originAt(home session.Origin, host string) (session.Origin, error) {
	name, port, err := hostAndPort(host)
	if err != nil {
		return session.Origin{}, err
	}
	if port == "" {
		port = (&url.URL{Host: home.Host}).Port()
	}
	if strings.Contains(name, ":") {
		name = "[" + name + "]"
	}
	if port != "" {
		name += ":" + port
	}
	return session.OriginOf(home.Scheme, name), nil
}

var errHost = errors.New("expected the name of a host in small letters, with a port where it is not that of pep.home, such as imaging.hospital.example")

// hostAndPort reads what stands in hosts of an application: a name or an address, and a
// port if there is one.
func hostAndPort(text string) (name, port string, err error) {
	name = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	if h, p, split := net.SplitHostPort(text); split == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 || p[0] == '0' {
			return "", "", errHost
		}
		name, port = h, p
	}
	if address, err := netip.ParseAddr(name); err == nil && (address.Zone() != "" || address.String() != name) {
		return "", "", errHost
	}
	if !isHostName(name) || name != strings.ToLower(name) {
		return "", "", errHost
	}
	return name, port, nil
}

// checkOrigins reports a home that is no origin, hosts of applications at which no
// browser could have a session, and each host that two have. The demo's home is found
// when it listens.
func (c *Config) checkOrigins(fault func(error)) {
	c.checkAppHosts(fault)
	if c.PEP.Home == "" {
		if len(c.Hosted()) > 0 && !c.Demo {
			fault(errors.New("pep.home: expected the origin of the own pages, where people log in who come to hosts of applications, such as https://wardgate.hospital.example"))
		}
		return
	}
	at, err := session.ParseOrigin(c.PEP.Home)
	if err != nil {
		fault(fmt.Errorf("pep.home: %w", err))
		return
	}
	if _, _, err := hostAndPort(at.Host); err != nil {
		fault(fmt.Errorf("pep.home: %q: no browser comes to such a host: expected a name or an address, with a port from 1 to 65535 where it is not the scheme's own, as in https://wardgate.hospital.example", c.PEP.Home))
		return
	}
	host := (&url.URL{Host: at.Host}).Hostname()
	if len(c.PEP.Hosts) > 0 && !slices.ContainsFunc(c.PEP.Hosts, func(h string) bool { return strings.EqualFold(strings.Trim(h, "[]"), host) }) {
		fault(fmt.Errorf("pep.home: the host of %s is not in pep.hosts, and would not be served", at))
	}
	if at.Scheme != "https" && !isLoopbackName(host) {
		fault(fmt.Errorf("pep.home: %s has no TLS; plain HTTP is for loopback alone", at))
	}
}

// checkAppHosts looks at each host of each application. Two ports of one host are one
// host: cookies know no ports.
func (c *Config) checkAppHosts(fault func(error)) {
	taken := map[string]string{}
	home, err := session.ParseOrigin(c.PEP.Home)
	plain := c.Demo
	if err == nil {
		taken[(&url.URL{Host: home.Host}).Hostname()] = "pep.home"
		plain = plain || home.Scheme != "https"
	}
	for i := range c.Applications {
		called := c.Applications[i].Name
		for _, text := range c.Applications[i].Hosts {
			wrong := func(format string, args ...any) {
				fault(&entryFault{applicationsKey, called, i, "hosts", fmt.Errorf(format, args...)})
			}
			name, _, err := hostAndPort(text)
			switch whose := taken[name]; {
			case err != nil:
				wrong("%q: %w", text, err)
			case whose == called:
				wrong("%s is named twice: cookies know no ports", name)
			case whose == "pep.home":
				wrong("%s is the host of pep.home: an application needs one of its own, where its scripts are apart from the own pages", name)
			case whose != "":
				wrong("%s is a host of %s: each application needs one of its own", name, whose)
			case plain && !isLoopbackName(name):
				wrong("%s would be served without TLS; plain HTTP is for loopback alone, such as imaging.localhost", name)
			}
			if err == nil && taken[name] == "" {
				taken[name] = called
			}
		}
	}
}

// each takes errors apart that were joined.
func each(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
