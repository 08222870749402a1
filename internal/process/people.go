package process

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/mailqueue"
	"github.com/wardgate/wardgate/pip/identity/outbox"
	"github.com/wardgate/wardgate/pip/identity/smtp"
	identitystore "github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/pip/identity/totp"
	"github.com/wardgate/wardgate/pip/identity/vault"
	"github.com/wardgate/wardgate/records/store"
)

// appIssuer is what an authenticator app shows beside the code.
const appIssuer = "Wardgate"

// people is what is done with accounts beside logging in.
type people struct {
	auth      *identity.Authenticator
	registrar *identity.Registrar
	apps      *totp.Apps
	mailer    identity.Mailer
	queue     *mailqueue.Queue // nil when mail goes to the outbox
}

// openPeople opens the parts of ID management over one store.
func (a *Process) openPeople(db *identitystore.Store, vault *vault.Vault) (people, error) {
	var p people
	mailer, err := a.openMail(db, vault, &p)
	if err != nil {
		return people{}, err
	}
	p.mailer = mailer
	p.apps = totp.New(a.stores.accounts, vault, db, appIssuer, nil)
	p.auth = identity.NewAuthenticator(a.stores.accounts, db, identity.NewEmailCode(mailer), identity.Config{
		Limits:  a.identityLimits,
		Carried: []identity.Factor{p.apps},
	})
	p.registrar = identity.NewRegistrar(p.auth, mailer, enrolments{a.stores.register})
	return p, nil
}

// openMail returns a queue in front of the mail server that the configuration
// names, or else the outbox.
func (a *Process) openMail(db *identitystore.Store, vault *vault.Vault, p *people) (identity.Mailer, error) {
	c := &a.config.Mail.SMTP
	if c.Host == "" {
		from := c.From
		if from == "" {
			from = "wardgate@" + demoDomain
		}
		mail, err := outbox.New(a.data.path("outbox"), from, nil)
		if err != nil {
			return nil, fmt.Errorf("outbox: %w", err)
		}
		return mail, nil
	}
	server, err := a.config.MailServer()
	if err != nil {
		return nil, err
	}
	carrier, err := smtp.New(server)
	if err != nil {
		return nil, err
	}
	p.queue = mailqueue.New(db, vault, carrier, a.log.With("part", "mail"), mailqueue.Config{})
	return p.queue, nil
}

// run delivers mail until the context ends.
func (p *people) run(ctx context.Context) {
	if p.queue != nil {
		p.queue.Run(ctx)
	}
}

// sweep forgets what nobody answered in time.
func (p *people) sweep(ctx context.Context) error {
	return errors.Join(p.auth.Sweep(ctx), p.registrar.Sweep(ctx))
}

// enrolments asks the records for what an enrolment code claims.
type enrolments struct{ records register }

// Enrol uses up the code.
func (e enrolments) Enrol(ctx context.Context, number, code string, now time.Time) (string, error) {
	patient, err := e.records.Enrol(ctx, number, code, now)
	if errors.Is(err, store.ErrEnrolment) {
		return "", identity.ErrEnrolment
	}
	return patient, err
}
