package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/mailqueue"
	"github.com/wardgate/wardgate/pip/identity/outbox"
	"github.com/wardgate/wardgate/pip/identity/smtp"
	identitystore "github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/records/store"
)

// appIssuer is what an authenticator app shows beside the code.
const appIssuer = "Wardgate"

// people is what is done with accounts beside logging in.
type people struct {
	auth      *identity.Authenticator
	registrar *identity.Registrar
	apps      *identity.Apps
	mailer    identity.Mailer
	queue     *mailqueue.Queue // nil when mail goes to the outbox
}

// openPeople opens the parts of ID management over one store.
func (a *App) openPeople(db *identitystore.Store, vault *identity.Vault) (people, error) {
	var p people
	mailer, err := a.openMail(db, vault, &p)
	if err != nil {
		return people{}, err
	}
	p.mailer = mailer
	p.apps = identity.NewApps(a.stores.accounts, db, appIssuer, nil)
	p.auth = identity.NewAuthenticator(a.stores.accounts, db, identity.NewEmailCode(mailer), identity.Config{
		Limits:  a.identityLimits,
		Carried: []identity.Factor{p.apps},
	})
	p.registrar = identity.NewRegistrar(p.auth, mailer, enrolments{a.stores.register})
	return p, nil
}

// openMail returns a queue in front of the mail server that the configuration
// names, or else the outbox.
func (a *App) openMail(db *identitystore.Store, vault *identity.Vault, p *people) (identity.Mailer, error) {
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
	server, err := a.config.mailServer()
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

// mailServer reads the files that the configuration names.
func (c *Config) mailServer() (smtp.Config, error) {
	s := &c.Mail.SMTP
	server := smtp.Config{Host: s.Host, Port: s.Port, Username: s.Username, TLS: s.TLS, From: s.From}
	if s.PasswordFile != "" {
		password, err := readSecret(s.PasswordFile)
		if err != nil {
			return smtp.Config{}, fmt.Errorf("mail.smtp.password_file: %w", err)
		}
		server.Password = password
	}
	if s.CAFile != "" {
		raw, err := os.ReadFile(s.CAFile)
		if err != nil {
			return smtp.Config{}, fmt.Errorf("mail.smtp.ca_file: %w", err)
		}
		server.Roots = x509.NewCertPool()
		if !server.Roots.AppendCertsFromPEM(raw) {
			return smtp.Config{}, fmt.Errorf("mail.smtp.ca_file: %s holds no certificate", s.CAFile)
		}
	}
	return server, nil
}

// readSecretFile reads a file that nobody else may read.
func readSecretFile(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others: mode %v, 0600 is needed", file, info.Mode().Perm())
	}
	return os.ReadFile(file)
}

// readSecret reads one line from a file that nobody else may read.
func readSecret(file string) (string, error) {
	raw, err := readSecretFile(file)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(raw), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty", file)
	}
	return secret, nil
}

// checkMail reports what is wrong with the mail server, by key. The files are
// read when it is opened.
func (c *Config) checkMail(fault func(format string, args ...any)) {
	s := &c.Mail.SMTP
	if s.Host == "" {
		if s.Username != "" || s.PasswordFile != "" || s.CAFile != "" {
			fault("mail.smtp.host: expected the name of a mail server, because other keys of mail.smtp are set")
		}
		return
	}
	if c.Demo {
		fault("mail.smtp.host: the people of the demo are invented; their mail goes to the outbox")
	}
	said := smtp.Config{Host: s.Host, Port: s.Port, Username: s.Username, Password: s.PasswordFile, TLS: s.TLS, From: s.From}
	if err := said.Check(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			fault("mail.smtp.%s", line)
		}
	}
}
