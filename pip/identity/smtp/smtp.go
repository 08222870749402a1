// Package smtp delivers mail to a server over TLS. It never sends a password or
// a message over a connection that is not encrypted, unless the server is this
// very machine. Its errors hold nothing of a message.
package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/wardgate/wardgate/pip/identity"
)

// How the connection is encrypted.
const (
	StartTLS = "starttls" // upgraded before anything else is said, or not used (RFC 3207)
	Implicit = "implicit" // encrypted from the first byte (RFC 8314)
	None     = "none"     // to a loopback address alone, without a password
)

const timeout = 15 * time.Second

// Config says which server delivers.
type Config struct {
	Host     string
	Port     int
	Username string // "" for a server that asks for none
	Password string
	TLS      string         // StartTLS, Implicit or None
	From     string         // the sender's bare address
	Roots    *x509.CertPool // who vouches for the server; nil for the machine's roots
}

// String keeps the password out of logs.
func (Config) String() string { return "redacted" }

// Check reports everything about c that could not be honoured.
func (c *Config) Check() error {
	var faults []error
	need := func(ok bool, what string) {
		if !ok {
			faults = append(faults, errors.New(what))
		}
	}
	need(c.Host != "", "host: expected the name of a mail server")
	need(c.Port > 0 && c.Port < 1<<16, "port: expected 1 to 65535")
	need(c.TLS == StartTLS || c.TLS == Implicit || c.TLS == None, "tls: expected starttls, implicit or none")
	need(c.TLS != None || loopback(c.Host) && c.Username == "", "tls: none is for a loopback address without a username")
	need((c.Username == "") == (c.Password == ""), "username and password: one is set without the other")
	_, err := identity.ParseEmail(c.From)
	need(err == nil, "from: expected an e-mail address")
	return errors.Join(faults...)
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// A Mailer delivers, one connection for each message.
type Mailer struct{ cfg Config }

var _ identity.Mailer = (*Mailer)(nil)

// New returns a Mailer, or what is wrong with cfg.
func New(cfg Config) (*Mailer, error) {
	if err := cfg.Check(); err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	return &Mailer{cfg: cfg}, nil
}

// Error says which step of a delivery the server refused.
type Error struct {
	Step string
	Code int // of SMTP; 0 when the server said nothing
	temp bool
}

// Error is a constant text and a number.
func (e *Error) Error() string { return fmt.Sprintf("mail server refused the %s (%d)", e.Step, e.Code) }

// Permanent reports whether trying again is of no use.
func (e *Error) Permanent() bool { return !e.temp && e.Code >= 500 }

// Send delivers m. When it returns nil the server has taken the message over.
func (s *Mailer) Send(ctx context.Context, m identity.Message) error {
	if m.Void {
		return nil
	}
	msg, err := s.compose(m)
	if err != nil {
		return err
	}
	line := &line{implicit: s.cfg.TLS == Implicit, tls: s.tls()}
	defer line.Close()
	c, err := s.client(line)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	// Up to here the server knows nothing of the message, so the error may be told.
	if err := c.DialWithContext(ctx); err != nil {
		return fmt.Errorf("connect to mail server: %w", err)
	}
	err = c.Send(msg)
	// How the connection ends is of no interest: err says what happened before.
	_ = c.Close()
	if msg.IsDelivered() {
		return nil
	}
	return refusal(err)
}

func (s *Mailer) compose(m identity.Message) (*mail.Msg, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if msg.From(s.cfg.From) != nil || msg.To(m.To) != nil {
		return nil, &Error{Step: "address", Code: 501}
	}
	msg.Subject(m.Subject)
	msg.SetDate()
	msg.SetMessageID()
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	return msg, nil
}

func (s *Mailer) tls() *tls.Config {
	return &tls.Config{ServerName: s.cfg.Host, RootCAs: s.cfg.Roots, MinVersion: tls.VersionTLS12}
}

// client asks for the password by whatever the server offers. With a connection
// that is encrypted from the first byte it is always PLAIN, because the library
// does not see that its caller has encrypted it.
func (s *Mailer) client(l *line) (*mail.Client, error) {
	options := []mail.Option{
		mail.WithPort(s.cfg.Port), mail.WithTimeout(timeout), mail.WithTLSConfig(s.tls()), mail.WithDialContextFunc(l.Dial),
	}
	auth := mail.SMTPAuthAutoDiscover
	switch s.cfg.TLS {
	case Implicit:
		auth = mail.SMTPAuthPlain
		options = append(options, mail.WithSSL())
	case None:
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if s.cfg.Username != "" {
		options = append(options, mail.WithSMTPAuth(auth),
			mail.WithUsername(s.cfg.Username), mail.WithPassword(s.cfg.Password))
	}
	return mail.NewClient(s.cfg.Host, options...)
}

// refusal leaves out what the server said: it may quote the recipient.
func refusal(err error) error {
	var said *mail.SendError
	if !errors.As(err, &said) {
		return &Error{Step: "message", temp: true}
	}
	step := "message"
	switch said.Reason {
	case mail.ErrSMTPMailFrom:
		step = "sender"
	case mail.ErrSMTPRcptTo:
		step = "recipient"
	}
	return &Error{Step: step, Code: said.ErrorCode(), temp: said.IsTemp()}
}
