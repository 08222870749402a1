package process

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/internal/signing"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pep/upstream/http1"
	"github.com/wardgate/wardgate/pip"
)

// foreignApplications are the hospital's own applications, which know nothing
// of Wardgate. Nobody but the named authority vouches for their servers, and no
// proxy of the environment stands between.
func (a *Process) foreignApplications() (map[string]pep.Upstream, error) {
	list, err := a.config.Applications()
	if err != nil {
		return nil, err
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if file := a.config.PEP.ApplicationsCAFile; file != "" {
		authorities, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("pep.applications_ca_file: %w", err)
		}
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(authorities) {
			return nil, fmt.Errorf("pep.applications_ca_file: %s holds no certificate in PEM", file)
		}
	}
	applications := map[string]pep.Upstream{}
	for _, one := range list {
		if one.URL == nil {
			continue
		}
		transport, err := http1.New(one.URL, a.external(one.URL.Scheme, trust))
		if err != nil {
			return nil, fmt.Errorf("application %s: %w", one.Name, err)
		}
		applications[one.Name] = pep.Upstream{URL: one.URL, External: true, AnswerLimit: one.AnswerLimit, AnswerHeaders: one.AnswerHeaders, Transport: transport}
	}
	return applications, nil
}

// external are the bounds of connections to one other application. What it sends
// without having been asked is reported: it may have meant it for somebody else.
func (a *Process) external(scheme string, trust *tls.Config) http1.Config {
	c := http1.Config{
		Connections: externalConnections, FirstByte: answerTimeout, Progress: streamIdle,
		Unasked: func(upstream string) {
			a.metrics.unasked.Inc()
			a.log.Error("an application sent an answer that no request had asked for; its connection is closed", "application", upstream)
		},
	}
	if scheme == "https" {
		c.TLS = trust
	}
	return c
}

// introductions are what applications are told of who asks, and the names of
// those that only other proxies forward to.
func (a *Process) introductions() (identities map[string]*upstream.Identity, elsewhere []string, err error) {
	list, err := a.config.Applications()
	if err != nil {
		return nil, nil, err
	}
	identities = map[string]*upstream.Identity{}
	for _, one := range list {
		if one.Identity != nil {
			identities[one.Name] = one.Identity
		}
		if one.URL == nil {
			elsewhere = append(elsewhere, one.Name)
		}
	}
	return identities, elsewhere, nil
}

// keysApplication publishes the keys that verify statements.
const keysApplication = "keys"

const (
	// keysPublishedFor is for how long an application may keep the published keys
	// without asking again.
	keysPublishedFor = 5 * time.Minute
	// keysAhead is how long a key is published before it signs: longer than
	// anybody may keep the keys that were published before.
	keysAhead = 2 * keysPublishedFor
	// keysLast is after how long a key is replaced.
	keysLast = 30 * 24 * time.Hour
)

// openStatements opens the keys under which other applications are told who
// asks. They sign nothing else.
func (a *Process) openStatements() (*signing.Keys, error) {
	keys, err := signing.Open(a.keyPath("applications"), signing.Config{
		Lead: keysAhead, Outlive: assertion.StatementLife + clockLeeway + keysPublishedFor,
	})
	if err != nil {
		return nil, fmt.Errorf("keys of statements: %w", err)
	}
	a.onSweep("keys of statements", func(ctx context.Context) error {
		if keys.Age() < keysLast {
			return nil
		}
		return a.rotateStatements(ctx, keys)
	})
	return keys, nil
}

// rotateStatements makes a new key. The evidence comes first.
func (a *Process) rotateStatements(ctx context.Context, keys *signing.Keys) error {
	e := pip.Event{
		Kind: pip.KindSystem, Time: time.Now(), Action: "keys.rotate", Subject: operatorName,
		Outcome: "success", Allow: true, Detail: "statements",
	}
	if err := a.journal.Append(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("rotate keys of statements: %w", err)
	}
	return keys.Rotate()
}

// publishedKeys serves the public halves (RFC 7517).
func (a *Process) publishedKeys(key *assertion.Key) http.Handler {
	guard := assertion.Guard{Key: key, Audience: keysApplication, Log: a.log}
	return guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		set, err := pdp.NewKeySet(a.statements.Public())
		if err != nil {
			a.log.Error("public keys of statements not readable", "error", err)
			problem.Write(w, problem.New(http.StatusServiceUnavailable, "keys_unavailable"))
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/jwk-set+json")
		h.Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(keysPublishedFor.Seconds())))
		h.Set("X-Content-Type-Options", "nosniff")
		if err := json.NewEncoder(w).Encode(set); err != nil {
			a.log.Warn("public keys of statements not sent", "error", err)
		}
	}))
}
