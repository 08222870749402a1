package smtp_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/identity/smtp"
	"github.com/wardgate/wardgate/pip/identity/smtp/smtptest"
)

var message = identity.Message{To: "doctor@hospital.test", Subject: "Your Wardgate code", Text: "Your code is 482913\n"}

func config(s *smtptest.Server) smtp.Config {
	return smtp.Config{Host: "127.0.0.1", Port: s.Port(), TLS: smtp.StartTLS, From: "wardgate@hospital.test", Roots: s.Roots}
}

func TestSendDeliversOverTLS(t *testing.T) {
	cases := []struct {
		name   string
		server smtptest.Options
		change func(*smtp.Config)
	}{
		{"starttls", smtptest.Options{}, func(*smtp.Config) {}},
		{"implicit", smtptest.Options{Implicit: true}, func(c *smtp.Config) { c.TLS = smtp.Implicit }},
		{"implicit, with a password", smtptest.Options{Implicit: true, Password: "s3cret-of-test"}, func(c *smtp.Config) {
			c.TLS, c.Username, c.Password = smtp.Implicit, "wardgate", "s3cret-of-test"
		}},
		{"with a password", smtptest.Options{Password: "s3cret-of-test"}, func(c *smtp.Config) {
			c.Username, c.Password = "wardgate", "s3cret-of-test"
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := smtptest.Start(t, c.server)
			cfg := config(s)
			c.change(&cfg)
			m, err := smtp.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Send(t.Context(), message); err != nil {
				t.Fatal(err)
			}
			mails := s.Mails()
			if len(mails) != 1 || !strings.Contains(mails[0], "Your code is 482913") || !strings.Contains(mails[0], "doctor@hospital.test") {
				t.Errorf("got %q", mails)
			}
			if strings.Contains(s.Plain(), "MAIL") || strings.Contains(s.Plain(), "AUTH") {
				t.Errorf("said before TLS: %q", s.Plain())
			}
		})
	}
}

func TestSendRefusesAnUnprovenServer(t *testing.T) {
	cases := []struct {
		name   string
		server smtptest.Options
		change func(*smtp.Config)
	}{
		{"no TLS offered", smtptest.Options{Plain: true}, func(*smtp.Config) {}},
		{"nobody vouches for it", smtptest.Options{}, func(c *smtp.Config) { c.Roots = nil }},
		{"another name", smtptest.Options{}, func(c *smtp.Config) { c.Host = "localhost" }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := smtptest.Start(t, c.server)
			cfg := config(s)
			c.change(&cfg)
			m, err := smtp.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Send(t.Context(), message); err == nil {
				t.Error("the mail was sent")
			}
			if len(s.Mails()) != 0 || strings.Contains(s.Plain(), "MAIL") {
				t.Errorf("said before TLS: %q", s.Plain())
			}
		})
	}
}

func TestRefusalSaysWhetherToTryAgain(t *testing.T) {
	cases := []struct {
		answer    string
		permanent bool
	}{
		{"550 5.1.1 doctor@hospital.test is unknown here", true},
		{"451 4.7.1 doctor@hospital.test is greylisted", false},
	}
	for _, c := range cases {
		s := smtptest.Start(t, smtptest.Options{Refuse: c.answer})
		m, err := smtp.New(config(s))
		if err != nil {
			t.Fatal(err)
		}
		err = m.Send(t.Context(), message)
		var refused *smtp.Error
		if !errors.As(err, &refused) || refused.Step != "recipient" || refused.Permanent() != c.permanent {
			t.Errorf("%s: got %v", c.answer[:3], err)
		}
		if err != nil && strings.Contains(err.Error(), "doctor") {
			t.Errorf("the error names the recipient: %v", err)
		}
	}
}

func TestVoidIsNotSent(t *testing.T) {
	s := smtptest.Start(t, smtptest.Options{})
	m, err := smtp.New(config(s))
	if err != nil {
		t.Fatal(err)
	}
	void := message
	void.Void = true
	if err := m.Send(t.Context(), void); err != nil || len(s.Mails()) != 0 {
		t.Errorf("got %v and %d mails", err, len(s.Mails()))
	}
}

func TestConfigFaults(t *testing.T) {
	good := smtp.Config{Host: "mail.hospital.test", Port: 587, TLS: smtp.StartTLS, From: "wardgate@hospital.test"}
	cases := []struct {
		name  string
		spoil func(*smtp.Config)
		want  string
	}{
		{"no host", func(c *smtp.Config) { c.Host = "" }, "host"},
		{"no port", func(c *smtp.Config) { c.Port = 0 }, "port"},
		{"unknown TLS", func(c *smtp.Config) { c.TLS = "maybe" }, "tls"},
		{"no TLS to another machine", func(c *smtp.Config) { c.TLS = smtp.None }, "loopback"},
		{"username without password", func(c *smtp.Config) { c.Username = "wardgate" }, "password"},
		{"sender is no address", func(c *smtp.Config) { c.From = "Wardgate" }, "from"},
	}
	if _, err := smtp.New(good); err != nil {
		t.Errorf("good: %v", err)
	}
	for _, c := range cases {
		cfg := good
		c.spoil(&cfg)
		if _, err := smtp.New(cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want a fault about %q", c.name, err, c.want)
		}
	}
	secret := smtp.Config{Password: "s3cret-of-test"}
	if got := fmt.Sprintf("%v %+v", secret, secret); strings.Contains(got, "s3cret") {
		t.Errorf("a configuration prints its password: %s", got)
	}
}
