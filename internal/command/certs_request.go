package command

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/command/cli"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/durable"
)

type certsCommands struct {
	Make    certsCommand        `cmd:"" default:"withargs" help:"Make a certificate authority and the roles' certificates."`
	Request certsRequestCommand `cmd:"" help:"Make a key, and ask the hospital's own authority for a certificate of the hosts that users reach."`
}

type certsRequestCommand struct {
	Out    string   `required:"" help:"Folder for the files; made when there is none. Nothing in it is overwritten." type:"path" placeholder:"DIR"`
	Host   []string `help:"Host name or address that the certificate is for; may be repeated. The files are named after the first." placeholder:"HOST"`
	Config string   `help:"Configuration: hosts are those of pep.home, pep.hosts and all applications too." type:"existingfile" placeholder:"FILE"`
	Key    string   `help:"Kind of the key: ecdsa (P-256), or rsa (3072 bits) for authorities and clients that need it." enum:"ecdsa,rsa" default:"ecdsa"`
	Output string   `help:"Output format: text or json." enum:"text,json" default:"text"`
}

const rsaBits = 3072

// Run makes both files, or neither where something is wrong with what was asked.
func (c *certsRequestCommand) Run(s *cli.Streams) error {
	hosts, err := c.hosts(s.Environ)
	if err != nil {
		return err
	}
	name := filepath.Join(c.Out, strings.NewReplacer("*", "wildcard", ":", "-").Replace(hosts[0]))
	files := []madeFile{
		{name + ".csr", "the hospital's authority: it makes a certificate for " + strings.Join(hosts, ", ")},
		{name + ".key", "Wardgate alone: pep.key, beside the certificate with what vouches for it as pep.certificate"},
	}
	if err := absent(files); err != nil {
		return err
	}
	request, key, err := c.make(hosts)
	if err != nil {
		return fmt.Errorf("make a request: %w", err)
	}
	if err := durable.MkdirAll(c.Out, 0o700); err != nil {
		return err
	}
	// The key first: a request without one asks for a certificate that nothing can use.
	if err := errors.Join(writeNew(files[1].File, key), writeNew(files[0].File, request)); err != nil {
		return err
	}
	if c.Output == "json" {
		return cli.PrintJSON(s.Out, files)
	}
	for _, f := range files {
		fmt.Fprintf(s.Out, "%s  %s\n", f.File, f.For)
	}
	return nil
}

// hosts are all names, each once, in the order in which they were named.
func (c *certsRequestCommand) hosts(environ []string) ([]string, error) {
	all := slices.Clone(c.Host)
	if c.Config != "" {
		read, err := config.Read(c.Config, environ)
		if err != nil {
			return nil, err
		}
		all = append(all, read.OuterHosts()...)
	}
	var hosts []string
	var faults []error
	for _, host := range all {
		host = strings.ToLower(host)
		switch {
		case !isHost(strings.TrimPrefix(host, "*.")):
			faults = append(faults, fmt.Errorf("--host: %q is neither a host name nor an IP address", host))
		case !slices.Contains(hosts, host):
			hosts = append(hosts, host)
		}
	}
	if len(all) == 0 {
		faults = append(faults, errors.New("--host, --config: expected one host at least"))
	}
	return hosts, errors.Join(faults...)
}

// make returns a request (PKCS #10) and the key, both in PEM.
func (c *certsRequestCommand) make(hosts []string) (request, private []byte, err error) {
	var key crypto.Signer
	if c.Key == "rsa" {
		key, err = rsa.GenerateKey(rand.Reader, rsaBits)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return nil, nil, err
	}
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: hosts[0]}}
	for _, host := range hosts {
		if address := net.ParseIP(host); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		return nil, nil, err
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), nil
}
