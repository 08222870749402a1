package process

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/wardgate/wardgate/inference"
	"github.com/wardgate/wardgate/inference/model"
	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/mtls"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin/handler"
	"github.com/wardgate/wardgate/pdp/client"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/token"
	"github.com/wardgate/wardgate/pep/upstream/http1"
	"github.com/wardgate/wardgate/records"
)

// demoApplication is the invented hospital's page with mails.
const demoApplication = "demo"

// signalsApplication takes what other systems report.
const signalsApplication = "signals"

// serveParts makes what this process serves. The servers stand in the order in
// which they drain: first what users reach, last what that depends on.
func (a *Process) serveParts(ctx context.Context) error {
	key, err := a.assertionKey()
	if err != nil {
		return err
	}
	handlers, err := a.applications(key)
	if err != nil {
		return err
	}
	if err := a.reachDecisions(ctx); err != nil {
		return err
	}
	var inner []*server
	if a.config.Runs(config.RolePEP) {
		if inner, err = a.serveUsers(key, handlers); err != nil {
			return err
		}
	}
	if a.config.Runs(config.RoleAdministrator) {
		decisions, err := a.decisionPoint()
		if err != nil {
			return err
		}
		secure, err := a.decisionTLS()
		if err != nil {
			return err
		}
		a.servers = append(a.servers, newServer("pdp", a.reached.pdp, secure, mtls.WhileValid(decisions, nil), a.log))
	}
	outer, err := a.serveElsewhere(handlers)
	if err != nil {
		return err
	}
	a.servers = append(append(a.servers, inner...), outer...)
	a.servers = append(a.servers, newServer("operations", a.reached.operations, nil, a.operations(), a.log))
	if commands := a.controlSocket(); commands != nil {
		a.servers = append(a.servers, commands)
	}
	return nil
}

// assertionKey is the key that the configuration names, or one of this
// process's own.
func (a *Process) assertionKey() (*assertion.Key, error) {
	file := a.config.Assertion.KeyFile
	if file == "" {
		return assertionKey(a.keyPath("assertion.key"))
	}
	secret, err := config.ReadSecretFile(file)
	if err != nil {
		return nil, fmt.Errorf("assertion.key_file: %w", err)
	}
	key, err := assertion.NewKey(secret)
	if err != nil {
		return nil, fmt.Errorf("assertion.key_file: %w", err)
	}
	return key, nil
}

// applications are those of Wardgate's own services that run in this process,
// by the names that routes use.
func (a *Process) applications(key *assertion.Key) (map[string]http.Handler, error) {
	handlers := map[string]http.Handler{}
	if a.config.Runs(config.RolePEP) {
		var err error
		if a.statements, err = a.openStatements(); err != nil {
			return nil, err
		}
		handlers[keysApplication] = a.publishedKeys(key)
	}
	if a.config.Runs(config.RoleInference) {
		models, err := model.Builtin()
		if err != nil {
			return nil, fmt.Errorf("models: %w", err)
		}
		predictions, err := inference.New(inference.Config{Key: key, Models: models, Log: a.log.With("part", "inference")})
		if err != nil {
			return nil, err
		}
		handlers[config.RoleInference] = predictions
	}
	if a.config.Runs(config.RoleRecords) {
		handlers[config.RoleRecords] = records.New(a.stores.records, key, a.log.With("part", "records"))
	}
	if a.config.Runs(config.RoleAdministrator) {
		handlers[handler.Audience] = handler.New(a.admin, key, a.log.With("part", "admin"))
		handlers[signalsApplication] = a.reports(key)
		if a.config.Demo {
			handlers[demoApplication] = a.demoOutbox(key)
		}
	}
	return handlers, nil
}

// serveUsers makes the enforcement point. Parts in this process are reached on
// loopback, by certificates that live in memory only.
func (a *Process) serveUsers(key *assertion.Key, handlers map[string]http.Handler) ([]*server, error) {
	authority, err := mtls.Open(a.data.path("certs"))
	if err != nil {
		return nil, err
	}
	caller, err := authority.Issue(mtls.PEP)
	if err != nil {
		return nil, err
	}
	var inner []*server
	applications, err := a.foreignApplications()
	if err != nil {
		return nil, err
	}
	if err := a.addElsewhere(applications); err != nil {
		return nil, err
	}
	for name, h := range handlers {
		s, reached, err := a.serveApplication(authority, caller, name, h)
		if err != nil {
			return nil, err
		}
		inner = append(inner, s)
		applications[name] = reached
	}
	proxy, err := a.enforcementPoint(key, applications)
	if err != nil {
		return nil, err
	}
	handler, err := a.forOtherProxies(proxy)
	if err != nil {
		return nil, err
	}
	envoy, err := a.forEnvoy(proxy)
	if err != nil {
		return nil, err
	}
	a.servers = append(a.servers, newEdge(a.proxies().Listen(a.reached.pep), a.outer, handler, a.log), envoy)
	return inner, nil
}

// serveApplication listens with mutual TLS for one of Wardgate's own parts,
// and says how the enforcement point reaches it.
func (a *Process) serveApplication(authority *mtls.Authority, caller *mtls.Part, name string, h http.Handler) (*server, pep.Upstream, error) {
	part, err := authority.Issue(name)
	if err != nil {
		return nil, pep.Upstream{}, err
	}
	accept, err := part.Server(mtls.PEP)
	if err != nil {
		return nil, pep.Upstream{}, err
	}
	l, err := listen(name, "127.0.0.1:0")
	if err != nil {
		return nil, pep.Upstream{}, err
	}
	a.onClose(closeOnce(l))
	reached, err := reach(caller, name, &url.URL{Scheme: "https", Host: l.Addr().String()})
	return newServer(name, l, accept, mtls.WhileValid(h, nil), a.log), reached, err
}

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

// asked is what the enforcement point asks about every request.
type asked struct {
	decider pdp.Decider
	tables  pep.TableSource
	revoker pdp.Revoker
	keys    token.Keys

	knownDevice func(key string) (id string, ok bool) // nil where nobody in this process can tell
}

// decisions are those of this process as far as it has the roles, and else of
// the decision point elsewhere.
func (a *Process) decisions() asked {
	var d asked
	if a.elsewhere != nil {
		d = asked{decider: reporting{a.elsewhere, a}, tables: a.elsewhere, revoker: a.elsewhere, keys: a.elsewhere}
	}
	if a.engine != nil {
		d.decider, d.tables = a.engine, a.engine
	}
	if a.admin != nil {
		d.revoker, d.keys, d.knownDevice = a.admin, a.stores.tokenKeys, a.admin.KnownDevice
	}
	return d
}

// revision is that of the policy which decides, as far as it is known.
func (a *Process) revision() string {
	switch {
	case a.engine != nil:
		return a.engine.Revision()
	case a.elsewhere != nil:
		return a.elsewhere.Tables().Revision
	default:
		return ""
	}
}

func (a *Process) enforcementPoint(key *assertion.Key, applications map[string]pep.Upstream) (*pep.Proxy, error) {
	d := a.decisions()
	guard, err := a.openStrangers(d.tables)
	if err != nil {
		return nil, err
	}
	identities, elsewhere, err := a.introductions()
	if err != nil {
		return nil, err
	}
	a.strangers = guard
	a.inBackground(guard.Run)
	return pep.New(pep.Config{
		Anonymous:   guard,
		KnownDevice: d.knownDevice,
		Decider:     a.metrics.decider(d.decider),
		Tables:      d.tables,
		Revoker:     d.revoker,
		Journal:     a.journal,
		Keys:        d.keys,
		Tokens:      token.Policy{Issuer: issuer, Audience: audience},
		Assertion:   key,
		Upstreams:   applications,
		Proxied:     elsewhere,
		Identities:  identities,
		Statements:  a.statements,
		Issuer:      a.config.PEP.AssertionIssuer,
		Log:         a.log.With("part", "pep"),
		Proxies:     a.proxies(),
		Hosts:       a.hosts(),
		Revocations: a.stores.revocations,
	})
}

// reachDecisions reaches the decision point elsewhere, where one is needed, and
// follows who is cut off.
func (a *Process) reachDecisions(ctx context.Context) error {
	if a.config.Runs(config.RolePEP) && !a.config.Runs(config.RoleAdministrator) {
		at, caller, err := a.toPart(a.config.PDP.URL)
		if err != nil {
			return err
		}
		transport, err := asking(caller, config.RolePDP)
		if err != nil {
			return err
		}
		if a.elsewhere, err = client.New(at, transport, a.log.With("part", "pdp"), client.Config{}); err != nil {
			return err
		}
		a.inBackground(a.elsewhere.Run)
	}
	a.followRevocations(ctx)
	return nil
}

// toPart is where a part in another process runs, and who calls it.
func (a *Process) toPart(address string) (*url.URL, *mtls.Part, error) {
	at, err := config.ParseInternal(address)
	if err != nil {
		return nil, nil, err
	}
	caller, err := a.identity(mtls.PEP)
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

// addElsewhere adds those of Wardgate's own services that run in other
// processes.
func (a *Process) addElsewhere(applications map[string]pep.Upstream) error {
	for _, part := range a.config.Parts() {
		if a.config.Runs(part.Role) {
			continue
		}
		at, caller, err := a.toPart(part.URL)
		if err != nil {
			return err
		}
		reached, err := reach(caller, part.Name, at)
		if err != nil {
			return err
		}
		if part.Role != config.RoleAdministrator {
			applications[part.Name] = reached
			continue
		}
		applications[handler.Audience], applications[signalsApplication] = reached, reached
		if a.config.Demo {
			applications[demoApplication] = reached
		}
	}
	return nil
}

// identity is how this process proves itself to others as the named part.
func (a *Process) identity(name string) (*mtls.Part, error) {
	c := &a.config.Certificates
	files := mtls.Files{Authority: c.CA, Certificate: c.Certificate, Key: c.Key}
	if c.Folder != "" {
		files = mtls.In(c.Folder, name)
	}
	part, err := mtls.Load(name, files)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	return part, nil
}
