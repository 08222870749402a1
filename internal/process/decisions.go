package process

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pdp/api"
)

// decisionPoint serves enforcement points of others. The token in the data
// folder is made on first use, in a file for the owner alone.
func (a *Process) decisionPoint() (http.Handler, error) {
	tokens, err := a.callers()
	if err != nil {
		return nil, err
	}
	service, err := api.New(api.Config{
		Decider:            a.metrics.decider(a.engine),
		Journal:            a.journal,
		Tokens:             tokens,
		ClientCertificates: a.config.PDP.ClientCAFile != "",
		BaseURL:            a.Decisions(),
		Log:                a.log.With("part", "pdp"),
	})
	if err != nil {
		return nil, err
	}
	return a.served(service), nil
}

// callers are the bearer tokens of callers by name.
func (a *Process) callers() (map[string]string, error) {
	own, err := readOrMake(a.data.path("pdp.token"), func() ([]byte, error) {
		return []byte(rand.Text() + rand.Text() + "\n"), nil
	})
	if err != nil {
		return nil, fmt.Errorf("token of the decision point: %w", err)
	}
	tokens := map[string]string{config.DefaultCaller: strings.TrimSpace(string(own))}
	files, err := a.config.PDP.Files()
	if err != nil {
		return nil, err
	}
	for name, file := range files {
		if tokens[name], err = config.ReadSecret(file); err != nil {
			return nil, fmt.Errorf("pdp.callers: %s: %w", name, err)
		}
	}
	return tokens, nil
}

// decisionTLS is nil for plain HTTP.
func (a *Process) decisionTLS() (*tls.Config, error) {
	c := &a.config.PDP
	if c.Certificate == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return nil, fmt.Errorf("pdp.certificate, pdp.key: %w", err)
	}
	served := &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
		// A caller proves itself on each connection: a session that began with a
		// certificate is not taken up after that has ended.
		SessionTicketsDisabled: true,
	}
	if c.ClientCAFile == "" {
		return served, nil
	}
	if served.ClientCAs, err = config.ReadCAs(c.ClientCAFile); err != nil {
		return nil, fmt.Errorf("pdp.client_ca_file: %w", err)
	}
	served.ClientAuth = tls.VerifyClientCertIfGiven
	return served, nil
}

// Decisions is where other enforcement points ask.
func (a *Process) Decisions() string {
	switch {
	case a.config.PDP.PublicURL != "":
		return strings.TrimSuffix(a.config.PDP.PublicURL, "/")
	case a.config.PDP.Certificate != "":
		return "https://" + a.reached.pdp.Addr().String()
	default:
		return "http://" + a.reached.pdp.Addr().String()
	}
}
