package process

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/demo"
	"github.com/wardgate/wardgate/internal/health"
	"github.com/wardgate/wardgate/internal/mtls"
	"github.com/wardgate/wardgate/internal/serve"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin/handler"
	"github.com/wardgate/wardgate/pdp/api"
	"github.com/wardgate/wardgate/pdp/client"
	"github.com/wardgate/wardgate/pdp/console"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/upstream/http1"
	"github.com/wardgate/wardgate/pip/signals/remote"
	"github.com/wardgate/wardgate/pip/signals/reports"
)

// A decisionPointClient is the decision point in another process.
type decisionPointClient struct {
	*client.Client
	reporter *remote.Reporter // of what it does not see; nil beside an engine, which sees all
}

// newDecisionPointClient follows the decision point, where this process enforces
// and another one administers.
func newDecisionPointClient(g ground) (*decisionPointClient, error) {
	c := g.config
	if !c.Runs(config.RolePEP) || c.Runs(config.RoleAdministrator) {
		return nil, nil
	}
	at, caller, err := toPart(c, c.PDP.URL)
	if err != nil {
		return nil, err
	}
	transport, err := asking(caller, config.RolePDP)
	if err != nil {
		return nil, err
	}
	l, d := g.begin(), &decisionPointClient{}
	if d.Client, err = client.New(at, transport, g.log.With("part", "pdp"), client.Config{DecisionTime: c.DecisionTime()}); err != nil {
		return nil, err
	}
	l.inBackground(d.Client.Run)
	decides := !c.Runs(config.RoleEngine)
	g.board.DecisionPoint(d.Ready, decides)
	if decides {
		g.board.RemotePolicy(func() *health.Policy { return &health.Policy{Revision: d.Tables().Revision, Source: c.PDP.URL} })
	}
	if c.ReportsBehaviour() {
		d.reporter = remote.NewReporter(func(ctx context.Context, origin string, number uint64, tallies []byte) error {
			return d.Report(ctx, pdp.Counted{Origin: origin, Number: number, Tallies: tallies})
		}, g.log.With("part", "signals"))
		l.inBackground(d.reporter.Run)
		g.board.Unreported(d.reporter.Waits)
	}
	return d, nil
}

// Decide asks. It tells with each question how old the decision point's
// knowledge of this process is: a report that does not arrive must not pass for
// good behaviour.
func (d *decisionPointClient) Decide(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
	r.Context.Unreported = d.reporter.Waits(time.Now())
	return d.Client.Decide(ctx, r)
}

// observes is what counts the events of this process's journal, or nil.
func observes(f *facts, d *decisionPointClient) observer {
	switch {
	case f != nil:
		return f.behaviour
	case d != nil && d.reporter != nil:
		return d.reporter
	default:
		return nil
	}
}

// serveRemote serves the parts of this process that an enforcement point in
// another one reaches: over mutual TLS, and for it alone.
func serveRemote(g ground, at *addresses, b *book, a *administrator, f *facts, services map[string]http.Handler) ([]*serve.Server, error) {
	var servers []*serve.Server
	add := func(name string, l net.Listener, h http.Handler, before func()) error {
		part, err := proof(g.config, name)
		if err != nil {
			return err
		}
		accept, err := part.Server(mtls.PEP)
		if err != nil {
			return err
		}
		s := serve.HTTP(name+" elsewhere", l, accept, mtls.WhileValid(h, nil), g.log)
		s.Before = before
		servers = append(servers, s)
		return nil
	}
	if at.internal != nil {
		inside, err := newInternal(g, b, a, f)
		if err != nil {
			return nil, err
		}
		if err := add(mtls.PDP, at.internal, decisionsAnd(inside, services), inside.Stop); err != nil {
			return nil, err
		}
	}
	for name, l := range map[string]net.Listener{config.RoleRecords: at.records, config.RoleInference: at.inference} {
		if l == nil {
			continue
		}
		if err := add(name, l, services[name], nil); err != nil {
			return nil, err
		}
	}
	return servers, nil
}

// newInternal answers enforcement points of this house in other processes.
func newInternal(g ground, b *book, a *administrator, f *facts) (*api.Internal, error) {
	return api.NewInternal(api.InternalConfig{
		Decider:     countDecisions{g.board.Decider(b.engine), f.behaviour.Source, func() pdp.Reasons { return b.engine.Tables().Reasons }},
		Tables:      b.engine,
		Revoker:     a.Admin,
		Keys:        a.keys,
		Revocations: a.Admin,
		Counter:     countRemote{f.behaviour.store},
		Continuer:   a.door,
		Sessions:    a.door,
		CookieKey:   a.door,
		Caller:      func(r *http.Request) bool { return mtls.Calls(mtls.PEP, r.TLS) },
		Log:         g.log.With("part", "pdp"),
	})
}

// decisionsAnd tells what an enforcement point asks for itself from what it
// forwards. Only what it forwards carries an assertion, which the services
// verify.
func decisionsAnd(inside http.Handler, services map[string]http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch mails := services[demo.Audience]; {
		case strings.HasPrefix(r.URL.Path, "/internal/"):
			inside.ServeHTTP(w, r)
		case r.URL.Path == "/api/signals":
			services[reports.Audience].ServeHTTP(w, r)
		case strings.HasPrefix(r.URL.Path, "/api/audit/"):
			services[console.Audience].ServeHTTP(w, r)
		case mails != nil && strings.HasPrefix(r.URL.Path, "/demo/"):
			mails.ServeHTTP(w, r)
		default:
			services[handler.Audience].ServeHTTP(w, r)
		}
	})
}

// addRemote adds those of Wardgate's own services that run in other processes.
func addRemote(c *config.Config, upstreams map[string]pep.Upstream) error {
	for _, part := range c.Parts() {
		if c.Runs(part.Role) {
			continue
		}
		at, caller, err := toPart(c, part.URL)
		if err != nil {
			return err
		}
		way, err := reach(caller, part.Name, at)
		if err != nil {
			return err
		}
		if part.Role != config.RoleAdministrator {
			upstreams[part.Name] = way
			continue
		}
		upstreams[handler.Audience], upstreams[reports.Audience], upstreams[console.Audience] = way, way, way
		if c.Demo {
			upstreams[demo.Audience] = way
		}
	}
	return nil
}

// toPart is where a part in another process runs, and who calls it.
func toPart(c *config.Config, address string) (*url.URL, *mtls.Part, error) {
	at, err := config.ParseInternal(address)
	if err != nil {
		return nil, nil, err
	}
	caller, err := proof(c, mtls.PEP)
	return at, caller, err
}

// asking asks the decision point of another process. A question that broke off
// may be asked again: it has no effect.
func asking(caller *mtls.Part, name string) (http.RoundTripper, error) {
	dial, err := dialer(caller, name)
	return &http.Transport{
		DialTLSContext:        dial,
		DisableCompression:    true,
		MaxIdleConnsPerHost:   ownConnections,
		IdleConnTimeout:       90 * time.Second,
		ResponseHeaderTimeout: answerTimeout,
	}, err
}

// proof is how this process proves itself to others as the named part.
func proof(c *config.Config, name string) (*mtls.Part, error) {
	files := mtls.Files{Authority: c.Certificates.CA, Certificate: c.Certificates.Certificate, Key: c.Certificates.Key}
	if c.Certificates.Folder != "" {
		files = mtls.In(c.Certificates.Folder, name)
	}
	part, err := mtls.Load(name, files)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	return part, nil
}

const (
	dialTimeout = 5 * time.Second
	keepAlive   = 15 * time.Second

	// answerTimeout bounds the wait for the head of an answer.
	answerTimeout = 30 * time.Second
	// streamIdle is how long an answer may be silent between two of its parts.
	streamIdle = 10 * time.Minute
	// ownConnections bounds those to one of Wardgate's own services, and
	// externalConnections those to one other application.
	ownConnections, externalConnections = 1024, 256
)

// reach forwards to the named part at an address, and to none other there.
func reach(caller *mtls.Part, name string, at *url.URL) (pep.Upstream, error) {
	dial, err := dialer(caller, name)
	if err != nil {
		return pep.Upstream{}, err
	}
	transport, err := http1.New(at, http1.Config{
		DialTLS: dial, Shared: true, Connections: ownConnections, FirstByte: answerTimeout, Progress: streamIdle,
	})
	return pep.Upstream{URL: at, Transport: transport}, err
}

func dialer(caller *mtls.Part, name string) (func(ctx context.Context, network, address string) (net.Conn, error), error) {
	return caller.Dialer(name, &net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive})
}
