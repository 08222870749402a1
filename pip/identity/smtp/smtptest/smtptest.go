// Package smtptest is a small SMTP server for tests: real sockets, real TLS
// under a certificate of its own, and mail that stays in memory.
package smtptest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"
)

// Options say how the server behaves. The zero Options offer STARTTLS, ask for
// no password and take every mail.
type Options struct {
	Implicit bool   // TLS from the first byte
	Plain    bool   // offers no TLS
	Password string // of the user "wardgate"; "" asks for none
	Refuse   string // what RCPT is answered with; "" accepts
}

// A Server listens until the test ends or Stop is called.
type Server struct {
	Roots *x509.CertPool // who vouches for it
	PEM   []byte         // the same, as a file holds it

	options  Options
	listener net.Listener
	tls      *tls.Config
	open     sync.WaitGroup

	mu    sync.Mutex
	mails []string
	plain []string // commands that came before TLS
}

// Start returns a server that listens on a free port.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{options: o}
	s.certify(t)
	s.listen(t, "127.0.0.1:0")
	return s
}

// Restart returns a server with the same options and certificate where s, which
// must have been stopped, has listened. It has no mails.
func (s *Server) Restart(t testing.TB) *Server {
	t.Helper()
	next := &Server{Roots: s.Roots, PEM: s.PEM, options: s.options, tls: s.tls}
	next.listen(t, s.Address())
	return next
}

func (s *Server) listen(t testing.TB, address string) {
	t.Helper()
	var err error
	if s.listener, err = net.Listen("tcp", address); err != nil {
		t.Fatal(err)
	}
	s.open.Go(s.accept)
	t.Cleanup(s.Stop)
}

func (s *Server) certify(t testing.TB) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	s.PEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	s.Roots = x509.NewCertPool()
	s.Roots.AppendCertsFromPEM(s.PEM)
	s.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
}

// Address is where it listens.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Port is where it listens on 127.0.0.1.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Stop closes the listener, and returns when all connections have ended.
func (s *Server) Stop() {
	_ = s.listener.Close() // a second time is harmless
	s.open.Wait()
}

// Mails returns what was delivered, with headers.
func (s *Server) Mails() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.mails...)
}

// Plain returns the commands that came over an unencrypted connection.
func (s *Server) Plain() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.plain, "\n")
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.open.Go(func() { s.serve(c) })
	}
}

// A dialogue is one connection.
type dialogue struct {
	server *Server
	conn   net.Conn
	lines  *textproto.Reader
	secure bool
	known  bool
}

func (s *Server) serve(c net.Conn) {
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	d := &dialogue{server: s, conn: c}
	if s.options.Implicit {
		d.secured()
	}
	defer func() { d.conn.Close() }()
	d.lines = textproto.NewReader(bufio.NewReader(d.conn))
	d.say("220 smtptest")
	for {
		line, err := d.lines.ReadLine()
		if err != nil || !d.answer(line) {
			return
		}
	}
}

func (d *dialogue) secured() {
	d.conn = tls.Server(d.conn, d.server.tls)
	d.lines = textproto.NewReader(bufio.NewReader(d.conn))
	d.secure = true
}

func (d *dialogue) say(lines ...string) {
	_, _ = d.conn.Write([]byte(strings.Join(lines, "\r\n") + "\r\n"))
}

// answer reports false when the dialogue is over.
func (d *dialogue) answer(line string) bool {
	s, o := d.server, &d.server.options
	command, _, _ := strings.Cut(strings.ToUpper(line), " ")
	if !d.secure {
		s.mu.Lock()
		s.plain = append(s.plain, line)
		s.mu.Unlock()
	}
	switch command {
	case "EHLO", "HELO":
		d.greet()
	case "STARTTLS":
		d.say("220 go ahead")
		d.secured()
	case "AUTH":
		want := "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00wardgate\x00"+o.Password))
		if d.known = line == want; !d.known {
			d.say("535 5.7.8 no")
			return true
		}
		d.say("235 2.7.0 welcome")
	case "RCPT":
		if o.Refuse != "" {
			d.say(o.Refuse)
			return true
		}
		d.say("250 2.1.5 ok")
	case "MAIL":
		if o.Password != "" && !d.known {
			d.say("530 5.7.0 who are you")
			return true
		}
		d.say("250 2.1.0 ok")
	case "DATA":
		return d.data()
	case "QUIT":
		d.say("221 bye")
		return false
	default:
		d.say("250 ok")
	}
	return true
}

func (d *dialogue) greet() {
	offers := []string{"250-smtptest"}
	if !d.secure && !d.server.options.Plain {
		offers = append(offers, "250-STARTTLS")
	}
	if d.server.options.Password != "" {
		offers = append(offers, "250-AUTH PLAIN")
	}
	d.say(append(offers, "250 8BITMIME")...)
}

func (d *dialogue) data() bool {
	d.say("354 go on")
	body, err := d.lines.ReadDotBytes()
	if err != nil {
		return false
	}
	d.server.mu.Lock()
	d.server.mails = append(d.server.mails, string(body))
	d.server.mu.Unlock()
	d.say("250 2.0.0 taken")
	return true
}
