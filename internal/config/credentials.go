package config

import (
	"errors"
	"strings"

	"github.com/wardgate/wardgate/pep/upstream/credential"
)

// Credentials are the files by which the enforcement point proves to one application who
// forwards to it. They are read again when they change.
type Credentials struct {
	BasicFile       string `koanf:"basic_file"`       // "user:password"
	BearerFile      string `koanf:"bearer_file"`      // a token
	CertificateFile string `koanf:"certificate_file"` // of the client, in PEM
	KeyFile         string `koanf:"key_file"`         // of the certificate
}

// readCredentials reads where the credentials stand, not the files.
func (r *appReader) readCredentials() {
	c := &r.from.Credentials
	r.to.Credentials = credential.Files{Basic: c.BasicFile, Bearer: c.BearerFile, Certificate: c.CertificateFile, Key: c.KeyFile}
	if c.BasicFile != "" && c.BearerFile != "" {
		r.fault("credentials.bearer_file", "basic_file is set too, and a request has one Authorization header: expected one of both")
	}
	if (c.CertificateFile == "") != (c.KeyFile == "") {
		r.fault("credentials", "expected certificate_file and key_file together")
	}
	for _, at := range r.to.Upstreams {
		if c.CertificateFile != "" && at.URL.Scheme != "https" {
			r.fault("credentials.certificate_file", "%s speaks no TLS, where a certificate could be shown: expected https upstreams alone", at)
		}
	}
	if s := r.from.Tell.Statement; s != nil && strings.EqualFold(s.Header, "Authorization") && (c.BasicFile != "" || c.BearerFile != "") {
		r.fault("tell.statement.header", "Authorization carries the credentials for this application: expected another header")
	}
}

// OpenCredentials reads the files of an application's credentials; nil where it has none.
// All that is wrong with them is reported, by member.
func (p *ParsedApplication) OpenCredentials() (*credential.Credentials, error) {
	if p.Credentials == (credential.Files{}) {
		return nil, nil
	}
	return credential.Open(p.Credentials, ReadSecretFile)
}

// credentialFaults are what is wrong with the files of all credentials.
func (c *Config) credentialFaults() (faults []error) {
	list, _ := c.parseApplications() // what is wrong with an entry itself is said elsewhere
	for i, one := range list {
		_, err := one.OpenCredentials()
		for _, fault := range each(err) {
			member := "credentials"
			if of, is := errors.AsType[*credential.FileError](fault); is {
				member, fault = member+"."+of.Member, of.Err
			}
			faults = append(faults, &entryFault{applicationsKey, one.Name, i, member, fault})
		}
	}
	return faults
}
