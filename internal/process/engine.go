package process

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"slices"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/internal/version"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/engine/delivery/report"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/ship"
	"github.com/wardgate/wardgate/pip/audit/ship/opalogs"
	"github.com/wardgate/wardgate/pip/care"
	"github.com/wardgate/wardgate/pip/care/sqlcare"
	"github.com/wardgate/wardgate/pip/device"
	"github.com/wardgate/wardgate/pip/identity"
	identitystore "github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/pip/identity/vault"
	"github.com/wardgate/wardgate/pip/location"
)

// Facts are the information points of this process, and what they answer from.
type facts struct {
	identities *identitystore.Store
	tables     *sqldb.DB          // of identities
	accounts   *identity.Accounts // nil without the policy administrator
	vault      *vault.Vault       // of accounts
	names      register
	behaviour  *behaviour
	devices    *device.Source
	places     location.Source
	care       pip.Source
}

// newFacts opens them, where this process decides. The roles that accounts may
// have are those of the rule book.
func newFacts(ctx context.Context, g ground, b *book) (_ *facts, err error) {
	if b == nil {
		return nil, nil
	}
	f, l := &facts{}, g.begin()
	tables, err := openDatabase(ctx, g.config, g.config.Store("stores.identity"))
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	l.onClose(tables.Close)
	g.watch(l, "stores.identity", tables.Ready)
	f.tables = tables
	if f.identities, err = identitystore.New(ctx, tables); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	if g.config.Runs(config.RoleAdministrator) {
		if f.vault, err = vault.Open(g.keyPath("identity")); err != nil {
			return nil, fmt.Errorf("identity: %w", err)
		}
		f.accounts = identity.NewAccounts(f.identities, f.vault, b.roles, nil)
		if err := f.accounts.CheckKeys(ctx); err != nil {
			return nil, fmt.Errorf("identity: %w", err)
		}
	}
	f.names = register{f.identities, f.accounts}
	if f.behaviour, err = openBehaviour(ctx, g, l, b, f.names); err != nil {
		return nil, fmt.Errorf("signals: %w", err)
	}
	sealing, err := footprintKeys(g.keyPath("footprint.json"))
	if err != nil {
		return nil, err
	}
	f.devices = device.New(sealing)
	if f.places, err = openPlaces(g, l); err != nil {
		return nil, err
	}
	relationships, err := openCare(ctx, g.config)
	if err != nil {
		return nil, fmt.Errorf("care relationships: %w", err)
	}
	l.onClose(relationships.Close)
	f.care = care.New(sqlcare.New(relationships.DB))
	return f, nil
}

// openPlaces opens the location database, if the configuration names one.
func openPlaces(g ground, l *life) (location.Source, error) {
	if g.config.Location.Database == "" {
		return location.Source{}, nil
	}
	s, err := location.Open(g.config.Location.Database)
	if err != nil {
		return location.Source{}, err
	}
	l.onClose(s.Close)
	return *s, nil
}

// startEngine makes the engine of the rule book, which asks the facts, and
// begins the reports to an OPA control plane that the configuration names.
func startEngine(ctx context.Context, g ground, b *book, f *facts, r *revocations, j *journal) error {
	if b == nil {
		return nil
	}
	l := g.begin()
	sources := []pip.Source{identity.NewSource(f.identities, nil), r, f.devices, f.places, f.care, f.behaviour}
	if err := checkSources(sources); err != nil {
		return err
	}
	sources = g.board.Sources(sources, r.Name(), f.behaviour.Name())
	if err := b.decide(ctx, l, sources, j); err != nil {
		return err
	}
	g.board.Signals(f.behaviour.Reading, b.engine.Trusted)
	if !g.config.Runs(config.RoleAdministrator) { // else the sentinel has them refreshed
		l.inBackground(func(ctx context.Context) { f.behaviour.watch(ctx, g, j, nil) })
	}
	if err := openDecisionLogs(g, b, j); err != nil {
		return err
	}
	return openStatus(g, l, b)
}

// checkSources refuses sources that are not the information points of the list,
// in its order: one that is on no list would never be read.
func checkSources(sources []pip.Source) error {
	var names []string
	for _, s := range sources {
		names = append(names, s.Name())
	}
	if !slices.Equal(names, points.Names()) {
		return fmt.Errorf("the information points are %v, and their sources %v", points.Names(), names)
	}
	return nil
}

// decisionBatch keeps a request to the collector near what OPA itself sends.
func decisionBatch() reader.Bound { return reader.Bound{Records: 500, Bytes: 256 << 10} }

func openDecisionLogs(g ground, b *book, j *journal) error {
	c := &g.config.DecisionLogs
	if c.URL == "" {
		return nil
	}
	token, cas, err := c.Credentials("decision_logs")
	if err != nil {
		return err
	}
	collector, err := opalogs.New(opalogs.Config{URL: c.URL, Token: token, CAs: cas, Labels: labels(g.config), Mask: b.engine.Mask, Drop: b.engine.Drop})
	if err != nil {
		return err
	}
	if err := j.ship("decision-logs", collector, collector.Encode, ship.Config{Bound: decisionBatch()}); err != nil {
		return fmt.Errorf("decision_logs: %w", err)
	}
	return nil
}

func openStatus(g ground, l *life, b *book) error {
	c := &g.config.Status
	if c.URL == "" {
		return nil
	}
	token, cas, err := c.Credentials("status")
	if err != nil {
		return err
	}
	r, err := report.New(report.Config{
		URL: c.URL, Token: token, CAs: cas, Labels: labels(g.config), Status: b.status, Log: g.log.With("part", "status"),
	})
	if err != nil {
		return err
	}
	l.inBackground(r.Run)
	return nil
}

// labels say which process reports, as OPA's own reports do.
func labels(c *config.Config) map[string]string {
	labels := map[string]string{"app": "wardgate", "version": version.Get().Version, "id": c.Journal.Chain}
	if host, err := os.Hostname(); err == nil {
		labels["host"] = host
	}
	return labels
}

// ownNetwork is what a footprint says of an address of the hospital's own.
const ownNetwork = "hospital"

// footprints observes the whole of a client: its device, whether its address is
// the hospital's own, and the country of it where a database is given.
type footprints struct {
	*device.Source
	places location.Source
	onSite func(netip.Addr) bool // by the table of networks in force
}

var _ admin.Footprints = footprints{}

// Observe takes the footprint of a client. A country that cannot be read is one
// that is not known.
func (f footprints) Observe(userAgent string, address netip.Addr) pip.Footprint {
	seen := f.Source.Observe(userAgent, address)
	if f.onSite(address) {
		seen.Network = ownNetwork
	}
	if country, err := f.places.Country(address); err == nil {
		seen.Country = country
	}
	return seen
}
