package config

import (
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"github.com/wardgate/wardgate/pip/identity/smtp"
)

// MailServer reads the files that the configuration names.
func (c *Config) MailServer() (smtp.Config, error) {
	s := &c.Mail.SMTP
	server := smtp.Config{Host: s.Host, Port: s.Port, Username: s.Username, TLS: s.TLS, From: s.From}
	if s.PasswordFile != "" {
		password, err := ReadSecret(s.PasswordFile)
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
