package process

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/demo"
	"github.com/wardgate/wardgate/internal/keyfile"
	"github.com/wardgate/wardgate/internal/mtls"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/internal/serve"
	"github.com/wardgate/wardgate/pdp/api"
)

// servePDP serves enforcement points of others, where this process administers.
func servePDP(g ground, b *book, kept trail, at *addresses) ([]*serve.Server, error) {
	if at.pdp == nil {
		return nil, nil
	}
	h, err := decisionPoint(g, b, kept, at.decisions(g.config))
	if err != nil {
		return nil, err
	}
	secure, err := decisionTLS(g)
	if err != nil {
		return nil, err
	}
	return []*serve.Server{serve.HTTP("pdp", at.pdp, secure, mtls.WhileValid(h, nil), g.log)}, nil
}

// decisionPoint serves enforcement points of others. The token in the data
// folder is made on first use, in a file for the owner alone.
func decisionPoint(g ground, b *book, kept trail, at string) (http.Handler, error) {
	tokens, err := callers(g)
	if err != nil {
		return nil, err
	}
	service, err := api.New(api.Config{
		Decider:            g.board.Decider(b.engine),
		Journal:            kept.journal,
		Refusals:           kept.refusals,
		Tokens:             tokens,
		ClientCertificates: g.config.PDP.ClientCAFile != "",
		BaseURL:            at,
		Timeout:            g.config.DecisionTime(),
		Log:                g.log.With("part", "pdp"),
	})
	if err != nil {
		return nil, err
	}
	return onlyLoopback(g.config, service), nil
}

// callers are the bearer tokens of callers by name.
func callers(g ground) (map[string]string, error) {
	own, err := keyfile.ReadOrMake(g.data.Path("pdp.token"), func() ([]byte, error) {
		return []byte(rand.Text() + rand.Text() + "\n"), nil
	})
	if err != nil {
		return nil, fmt.Errorf("token of the decision point: %w", err)
	}
	tokens := map[string]string{config.DefaultCaller: strings.TrimSpace(string(own))}
	files, err := g.config.PDP.Files()
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
func decisionTLS(g ground) (*tls.Config, error) {
	c := &g.config.PDP
	served, err := g.proving(c.DecisionCertificates())
	if served == nil || err != nil {
		return nil, err
	}
	// A caller proves itself on each connection: a session that began with a certificate
	// is not taken up after that has ended.
	served.SessionTicketsDisabled = true
	if c.ClientCAFile == "" {
		return served, nil
	}
	if served.ClientCAs, err = config.ReadCAs(c.ClientCAFile); err != nil {
		return nil, fmt.Errorf("pdp.client_ca_file: %w", err)
	}
	served.ClientAuth = tls.VerifyClientCertIfGiven
	return served, nil
}

// onlyLoopback refuses the Host names that the demo does not serve, as the
// enforcement point does: no page elsewhere reaches it by rebinding.
func onlyLoopback(c *config.Config, next http.Handler) http.Handler {
	if !c.Demo {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !demo.IsLoopback(r.Host) {
			problem.Write(w, problem.New(http.StatusMisdirectedRequest, "host_unknown"))
			return
		}
		next.ServeHTTP(w, r)
	})
}
