package process

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/health"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pep/upstream/balance"
	"github.com/wardgate/wardgate/pep/upstream/credential"
	"github.com/wardgate/wardgate/pep/upstream/http1"
	"github.com/wardgate/wardgate/pip"
)

// A reached application is one of the hospital's own, which knows nothing of Wardgate, as
// this process reaches it: its connections, credentials and what is known of its servers.
// The authority that it names alone vouches for them, and no proxy of the environment
// stands between. It goes on under other configurations that have the same block.
type reached struct {
	block      config.Application // of the configuration
	ca         string             // what its ca_file held
	to         pep.Upstream
	shown      health.Application
	work       []func(ctx context.Context)
	transports []*http1.Transport
	holders    int // sets that it is in; see ways
	cancel     func()
	working    sync.WaitGroup
}

// begin begins its work, once, which end ends. Until then nothing is sent to the
// application: its configuration may be refused yet.
func (r *reached) begin() {
	if r.cancel != nil {
		return
	}
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	for _, work := range r.work {
		r.working.Go(func() { work(ctx) })
	}
}

// end ends its work, and closes its connections. It may be called twice.
func (r *reached) end() {
	if r.cancel != nil {
		r.cancel()
	}
	r.working.Wait()
	for _, t := range r.transports {
		_ = t.Close() // it only closes what is idle
	}
}

// reachExternal makes how an application is reached, at whichever of its addresses takes a request.
func reachExternal(g ground, j *journal, block *config.Application, one *config.ParsedApplication, ca string) (*reached, error) {
	r := &reached{block: *block, ca: ca}
	trust, err := trustOf(one, ca)
	if err != nil {
		return nil, err
	}
	proof, err := r.follow(g, one)
	if err != nil {
		return nil, err
	}
	var servers []balance.Server
	for _, at := range one.Upstreams {
		server, err := r.server(external(g, one, at, trust, proof), at, proof)
		if err != nil {
			return nil, fmt.Errorf("application %s: %w", one.Name, err)
		}
		servers = append(servers, server)
	}
	balancer, err := balance.New(servers, balance.Config{
		Rest: one.Rest, Failures: one.Failures, Checks: one.Checks,
		Turned: func(server string, was, stands balance.State, why error) {
			g.turned(j, one.Name, server, was, stands, why)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("application %s: %w", one.Name, err)
	}
	r.work = append(r.work, balancer.Run)
	r.shown.Name, r.shown.Stands, r.shown.Unauthenticated = one.Name, balancer.Standing, one.Unauthenticated
	r.to = pep.Upstream{
		URL: one.Upstreams[0].URL, External: true, AnswerLimit: one.AnswerLimit, Idle: cmp.Or(one.Idle, streamIdle), Transport: balancer,
		AnswerHeaders: one.AnswerHeaders, Headers: one.Headers, Cookies: one.Cookies, WebSocket: one.WebSocket,
	}
	return r, nil
}

// follow reads the credentials for an application, and again when they change; nil where
// it wants none.
func (r *reached) follow(g ground, one *config.ParsedApplication) (*credential.Credentials, error) {
	proof, err := one.OpenCredentials()
	if err != nil {
		return nil, fmt.Errorf("applications: %s: credentials: %w", one.Name, err)
	}
	if proof == nil {
		return nil, nil
	}
	r.work = append(r.work, func(ctx context.Context) {
		proof.Run(ctx, func(err error) {
			if err != nil {
				g.log.Error("the credentials for an application cannot be read anew; the last good ones are used", "application", one.Name, "error", err)
				return
			}
			g.log.Info("the credentials for an application were read anew", "application", one.Name)
		})
	})
	r.shown.Credentials, r.shown.Expires = proof.Err, proof.Expires
	return proof, nil
}

// server reaches one server, and for checks on connections of their own.
func (r *reached) server(bounds http1.Config, at config.Upstream, proof *credential.Credentials) (balance.Server, error) {
	transport, err := http1.New(at.URL, bounds)
	if err != nil {
		return balance.Server{}, err
	}
	bounds.Connections, bounds.Unasked = checkConnections, nil
	checks, err := http1.New(at.URL, bounds)
	if err != nil {
		return balance.Server{}, err
	}
	r.transports = append(r.transports, transport, checks)
	server := balance.Server{Name: at.String(), URL: at.URL, Transport: transport, Checks: checks}
	if proof != nil {
		server.Transport, server.Checks = proof.Over(transport), proof.Over(checks)
	}
	return server, nil
}

// checkConnections is how many connections to one server checks may have: one check has
// one, and the next may begin before the system has closed it.
const checkConnections = 2

// The journal's words about upstreams.
const (
	actionOut  = "upstream.out"
	actionBack = "upstream.back"
)

// turned keeps evidence of an upstream that gets no requests any more, or gets them again,
// and tells operators. One that merely took no connection is told of in the log.
func (g *ground) turned(j *journal, application, server string, was, stands balance.State, why error) {
	level, cause := slog.LevelWarn, ""
	if stands == balance.Serving {
		level = slog.LevelInfo
	}
	if why != nil {
		cause = upstream.Cause(why, balance.ErrStatus, http1.ErrHead, credential.ErrUnasked)
	}
	g.log.Log(context.Background(), level, "an upstream of an application stands otherwise than before",
		"application", application, "upstream", server, "state", stands, "why", cause)
	if j == nil || was.Out() == stands.Out() {
		return
	}
	e := pip.Event{Kind: pip.KindSystem, Time: time.Now(), Action: actionBack, Outcome: "success", Detail: application + " " + server + ": " + string(stands)}
	if stands.Out() {
		e.Action, e.Outcome = actionOut, "failure"
	}
	if err := j.Append(context.Background(), e); err != nil {
		g.log.Error("how an upstream stands was not journalled", "application", application, "upstream", server, "error", err)
	}
}

// readCA reads the authorities that vouch for an application's servers; "" for the system's.
func readCA(one *config.ParsedApplication) (string, error) {
	if one.CAFile == "" {
		return "", nil
	}
	authorities, err := os.ReadFile(one.CAFile)
	if err != nil {
		return "", fmt.Errorf("applications: %s: ca_file: %w", one.Name, err)
	}
	return string(authorities), nil
}

// trustOf says who vouches for an application's servers.
func trustOf(one *config.ParsedApplication, ca string) (*tls.Config, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if one.CAFile == "" {
		return trust, nil
	}
	trust.RootCAs = x509.NewCertPool()
	if !trust.RootCAs.AppendCertsFromPEM([]byte(ca)) {
		return nil, fmt.Errorf("applications: %s: ca_file: %s holds no certificate in PEM", one.Name, one.CAFile)
	}
	return trust, nil
}

// external are the bounds of connections to one other application. What it sends
// without having been asked is reported: it may have meant it for another client.
func external(g ground, one *config.ParsedApplication, at config.Upstream, trust *tls.Config, proof *credential.Credentials) http1.Config {
	c := http1.Config{
		Connections: cmp.Or(one.Connections, externalConnections), FirstByte: cmp.Or(one.FirstByte, answerTimeout), Progress: cmp.Or(one.Idle, streamIdle),
		Unasked: func(upstream string) {
			g.board.Unasked()
			g.log.Error("an application sent an answer that no request had asked for; its connection is closed", "application", upstream)
		},
	}
	switch {
	case at.Socket != "":
		c.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", at.Socket)
		}
	case at.URL.Scheme == "https" && proof != nil && proof.Shows():
		named := trust.Clone()
		named.ServerName = at.URL.Hostname()
		c.DialTLS = proof.DialTLS((&net.Dialer{}).DialContext, named)
	case at.URL.Scheme == "https":
		c.TLS = trust
	}
	return c
}
