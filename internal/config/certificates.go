package config

import (
	"errors"
	"fmt"

	"github.com/wardgate/wardgate/internal/servercert"
)

// certificatesKey is where further certificates of the enforcement point stand.
const certificatesKey = "pep.certificates"

// certificateExample is one entry, as YAML writes it on one line.
const certificateExample = "{certificate: /etc/wardgate/imaging.pem, key: /etc/wardgate/imaging.key}"

var certificateMembers = map[string]member{"certificate": {kind: aText}, "key": {kind: aText}}

// A Certificate says in which files (PEM) a certificate and its key stand.
type Certificate struct {
	Certificate string `koanf:"certificate"`
	Key         string `koanf:"key"`
}

func (c *Config) checkOuterCertificates(fault func(string, ...any)) {
	if len(c.PEP.Certificates) > 0 && c.PEP.Certificate == "" {
		fault("%s: it is set without pep.certificate, which serves clients for which none of these is made", certificatesKey)
	}
	for i, one := range c.PEP.Certificates {
		if one.Certificate == "" || one.Key == "" {
			fault("%w", &entryFault{certificatesKey, fmt.Sprintf("entry %d", i+1), i, "", errors.New("expected both, as in " + certificateExample)})
		}
	}
}

// OuterCertificates are those of the address that users reach, the first for clients for
// which none is made; none for plain HTTP.
func (c *Config) OuterCertificates() []servercert.Pair {
	if c.PEP.Certificate == "" {
		return nil
	}
	all := []servercert.Pair{{Name: "pep.certificate", Certificate: c.PEP.Certificate, Key: c.PEP.Key}}
	for i, one := range c.PEP.Certificates {
		all = append(all, servercert.Pair{Name: fmt.Sprintf("%s.%d", certificatesKey, i+1), Certificate: one.Certificate, Key: one.Key})
	}
	return all
}

// DecisionCertificates are those of the address where enforcement points of others ask.
func (p *PDP) DecisionCertificates() []servercert.Pair {
	if p.Certificate == "" {
		return nil
	}
	return []servercert.Pair{{Name: "pdp.certificate", Certificate: p.Certificate, Key: p.Key}}
}

// certificateFaults reports certificates that are not there, or are none.
func (c *Config) certificateFaults() (faults []error) {
	held := func(certificate, key string) error {
		if certificate == "" || key == "" {
			return nil // a fault of its own, or plain HTTP
		}
		_, err := servercert.Pair{Certificate: certificate, Key: key}.Read()
		return err
	}
	for _, pair := range []struct{ key, certificate, private string }{
		{"pep.certificate, pep.key", c.PEP.Certificate, c.PEP.Key},
		{"pdp.certificate, pdp.key", c.PDP.Certificate, c.PDP.Key},
		{"certificates.certificate, certificates.key", c.Certificates.Certificate, c.Certificates.Key},
	} {
		if err := held(pair.certificate, pair.private); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", pair.key, err))
		}
	}
	for i, one := range c.PEP.Certificates {
		if err := held(one.Certificate, one.Key); err != nil {
			faults = append(faults, &entryFault{certificatesKey, fmt.Sprintf("entry %d", i+1), i, "certificate", err})
		}
	}
	return faults
}
