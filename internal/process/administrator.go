package process

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/internal/control/operator"
	"github.com/wardgate/wardgate/internal/demo"
	"github.com/wardgate/wardgate/internal/serve"
	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/handler"
	sessionstore "github.com/wardgate/wardgate/pdp/admin/sqlstore"
	"github.com/wardgate/wardgate/pdp/console"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/badge"
	"github.com/wardgate/wardgate/pip/identity/mailqueue"
	"github.com/wardgate/wardgate/pip/identity/outbox"
	"github.com/wardgate/wardgate/pip/identity/pass"
	"github.com/wardgate/wardgate/pip/identity/passkey"
	"github.com/wardgate/wardgate/pip/identity/smtp"
	"github.com/wardgate/wardgate/pip/identity/totp"
	"github.com/wardgate/wardgate/pip/signals/reports"
	"github.com/wardgate/wardgate/records/store"
)

// The issuer and the audience of access tokens.
const (
	issuer   = "https://wardgate.internal"
	audience = "wardgate"
)

// appIssuer is what an authenticator app shows beside the code.
const appIssuer = "Wardgate"

// clockLeeway is by how much the clocks of verifiers may differ.
const clockLeeway = 30 * time.Second

// keysOutlive is how long a signing key verifies after it was replaced: as long
// as any token can live that a table may ever allow.
const keysOutlive = tables.MaxAccess + clockLeeway

// An administrator is the policy administrator of this process, and ID
// management, which it asks.
type administrator struct {
	*life
	*admin.Admin
	keys     *admin.Keys
	door     *door
	people   people
	services map[string]http.Handler // by the names that routes use
}

// newAdministrator opens sessions and ID management, and has behaviour judged
// each second, where this process administers.
func newAdministrator(ctx context.Context, g ground, b *book, f *facts, r *revocations, j *journal, patients *store.Store) (*administrator, error) {
	if !g.config.Runs(config.RoleAdministrator) {
		return nil, nil
	}
	a := &administrator{life: g.begin()}
	known, err := openRegister(ctx, g, a.life, patients)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	if a.people, err = openPeople(g, a.life, b.engine, f, known); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	if a.keys, err = admin.OpenKeys(g.keyPath("tokens"), keysOutlive, nil); err != nil {
		return nil, fmt.Errorf("token keys: %w", err)
	}
	sessions, tables, err := openSessions(ctx, g, a.life)
	if err != nil {
		return nil, fmt.Errorf("sessions: %w", err)
	}
	j.keeper, err = newKeeper(ctx, g, j, stateful{facts: f, sessions: sessions, tables: tables, patients: patients, a: a})
	if err != nil {
		return nil, fmt.Errorf("databases: %w", err)
	}
	sealer, err := footprintKeys(g.keyPath("sessions.json"))
	if err != nil {
		return nil, err
	}
	notices := identity.NewNotices(f.identities, f.vault, a.people.mailer, nil)
	a.onSweep("notices", notices.Sweep)
	parts := admin.Parts{
		Keys: a.keys, Store: sessions, Sealer: sealer,
		Authenticator: a.people.auth, Registrar: a.people.registrar, Apps: a.people.apps,
		Notices: notices, Passes: a.people.passes,
		Decider: g.board.Decider(b.engine), Tables: b.engine.Tables,
		Journal: j.keeper, Revocations: r,
		Footprints: footprints{f.devices, f.places, func(at netip.Addr) bool { return b.Tables().OnSite(at) }},
		Users:      f.accounts, Staff: staffRegister{known},
		Log: g.log.With("part", "admin"),
	}
	parts.Badges = badge.New(f.identities, f.vault, nil)
	if a.people.passkeys != nil {
		parts.Passkeys = a.people.passkeys
	}
	a.Admin, err = admin.New(parts, admin.Config{Issuer: issuer, Audience: audience, Limits: func() admin.Limits { return sessionLimits(b.engine) }})
	if err != nil {
		return nil, err
	}
	if err := beginKeeper(ctx, g, a.life, j); err != nil {
		return nil, fmt.Errorf("databases: %w", err)
	}
	if err := warnOfSharedStaff(ctx, g, f.accounts); err != nil {
		return nil, err
	}
	a.onSweep("sessions", a.Sweep)
	if a.door, err = openDoor(g, a.life, a.Admin, sessions, sealer, b.engine.Tables); err != nil {
		return nil, err
	}
	served, err := administration(g, a, sealer, b.engine.Tables)
	if err != nil {
		return nil, err
	}
	a.services = map[string]http.Handler{
		handler.Audience: served,
		reports.Audience: (&reports.Desk{Reports: g.config.PushedReports(), Register: f.names, Journal: j, Log: g.log}).Handler(g.key),
	}
	a.services[console.Audience], err = console.New(console.Config{
		Key: g.key, Journal: newEvidence(g.config, j), Book: b.engine, Log: g.log.With("part", "console"), Shadow: b.shadowed,
	})
	if err != nil {
		return nil, err
	}
	if g.config.Demo {
		a.services[demo.Audience] = demo.Outbox(g.data.Path("outbox"), g.key, g.log)
	}
	return a, startSentinel(g, a, b.engine, f, j)
}

// warnOfSharedStaff names the accounts that share a staff record, from a version
// in which they could: a person has to say which of them keeps it.
func warnOfSharedStaff(ctx context.Context, g ground, accounts *identity.Accounts) error {
	shared, err := accounts.SharedStaff(ctx)
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	for staff, ids := range shared {
		g.log.Warn("accounts share a staff record: unlink all but one, with `wardgate user unlink`", "staff", staff, "accounts", ids)
	}
	return nil
}

func openSessions(ctx context.Context, g ground, l *life) (*sessionstore.Store, *sqldb.DB, error) {
	tables, err := openDatabase(ctx, g.config, g.config.Store("stores.sessions"))
	if err != nil {
		return nil, nil, err
	}
	l.onClose(tables.Close)
	g.watch(l, "stores.sessions", tables.Ready)
	s, err := sessionstore.New(ctx, tables)
	return s, tables, err
}

// people is what is done with accounts beside logging in.
type people struct {
	auth      *identity.Authenticator
	registrar *identity.Registrar
	apps      *totp.Apps
	passkeys  *passkey.Passkeys // nil where people use none
	passes    *pass.Passes
	mailer    identity.Mailer
}

// openPeople opens the parts of ID management over one store.
func openPeople(g ground, l *life, e *engine.Engine, f *facts, known patientRegister) (p people, err error) {
	if p.mailer, err = openMail(g, l, f); err != nil {
		return people{}, err
	}
	p.apps = totp.New(f.accounts, f.vault, f.identities, appIssuer, nil)
	p.passes = pass.New(f.identities, f.vault, func() time.Duration { return e.Limits().Pass }, nil)
	factors := identity.Config{
		Limits:  func() identity.Limits { return identityLimits(e) },
		Carried: []identity.Factor{p.apps},
		Passes:  p.passes,
	}
	if origin := g.config.PasskeyOrigin(); origin != "" {
		if p.passkeys, err = passkey.New(f.accounts, f.vault, f.identities, passkey.Config{Origin: origin}); err != nil {
			return people{}, err
		}
		factors.Passkeys = p.passkeys
	}
	p.auth = identity.NewAuthenticator(f.accounts, f.identities, identity.NewEmailCode(p.mailer, f.vault), factors)
	p.registrar = identity.NewRegistrar(p.auth, p.mailer, enrolments{known})
	l.onSweep("sign-ups", func(ctx context.Context) error { return errors.Join(p.auth.Sweep(ctx), p.registrar.Sweep(ctx)) })
	return p, nil
}

// openMail returns a queue in front of the mail server that the configuration
// names, or else the outbox.
func openMail(g ground, l *life, f *facts) (identity.Mailer, error) {
	c := &g.config.Mail.SMTP
	if c.Host == "" {
		from := c.From
		if from == "" {
			from = "wardgate@" + demo.Domain
		}
		mail, err := outbox.New(g.data.Path("outbox"), from, nil)
		if err != nil {
			return nil, fmt.Errorf("outbox: %w", err)
		}
		return mail, nil
	}
	server, err := g.config.MailServer()
	if err != nil {
		return nil, err
	}
	carrier, err := smtp.New(server)
	if err != nil {
		return nil, err
	}
	queue := mailqueue.New(f.identities, f.vault, carrier, g.log.With("part", "mail"), mailqueue.Config{})
	l.inBackground(queue.Run)
	return queue, nil
}

// identityLimits are the numbers of authentication in the active rule book.
func identityLimits(e *engine.Engine) identity.Limits {
	l := e.Limits()
	return identity.Limits{
		CodeLife: l.CodeLife, CodeAttempts: l.CodeAttempts, ResendEvery: l.ResendEvery, Resends: l.Resends,
		WrongPasswords: l.WrongPasswords, WrongWithin: l.WrongWithin,
		KnownWrongPasswords: l.KnownWrongPasswords, KnownWrongWithin: l.KnownWrongWithin,
	}
}

// sessionLimits are the numbers of sessions in the active rule book.
func sessionLimits(e *engine.Engine) admin.Limits {
	l := e.Limits()
	return admin.Limits{
		Access: l.Access, RefreshAfter: l.RefreshAfter, Elevation: l.Elevation, Carried: l.Carried,
		WalkAway: l.WalkAway, Shift: l.Shift,
		Idle: l.Idle, Absolute: l.Absolute, Leeway: clockLeeway, RetryWithin: l.RetryWithin,
		DeviceMemory: l.DeviceMemory, NetworkMemory: l.NetworkMemory, LogInMemory: l.LogInMemory,
	}
}

// serveControl serves operators' commands, which the administrator carries out.
// A folder whose path is too long for a socket is no reason not to start.
func serveControl(g ground, a *administrator, b *book, f *facts, j *journal, s *statements) ([]*serve.Server, error) {
	if a == nil {
		return nil, nil
	}
	c := operator.Config{Bundles: b.bundles}
	if s != nil {
		c.RotateStatements = s.rotate
	}
	o, err := operator.New(a.Admin, f.accounts, b.roles, j.keeper, c)
	if err != nil {
		return nil, err
	}
	l, err := control.Listen(g.config.Data)
	if err != nil {
		g.log.Warn("operators' commands cannot reach this process", "error", err)
		return nil, nil
	}
	a.onClose(serve.CloseOnce(l))
	return []*serve.Server{serve.HTTP("control", l, nil, control.Handler(o, g.log), g.log)}, nil
}

// fillDemo fills the invented hospital of the demo.
func fillDemo(ctx context.Context, g ground, patients *store.Store, f *facts) error {
	if !g.config.Demo {
		return nil
	}
	var accounts *identity.Accounts
	if f != nil {
		accounts = f.accounts
	}
	return demo.Fill(ctx, g.data, patients, accounts)
}
