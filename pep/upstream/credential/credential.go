// Package credential proves to one application who forwards to it, by what that
// application wants: a user with a password, a bearer token, or a client certificate. They
// stand in files, which are followed while the process runs; the last good ones are kept.
// No error and no text of a value repeats a secret.
package credential

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"time"
)

// Files are where the credentials for one application stand. All are optional, but a
// certificate and its key go together, and of Basic and Bearer one is enough.
type Files struct {
	Basic       string // "user:password", on one line
	Bearer      string // a token, on one line
	Certificate string // of the client, and what vouches for it, in PEM
	Key         string // of the certificate, in PEM
}

// The names of the files, as the configuration has them.
const (
	basicFile       = "basic_file"
	bearerFile      = "bearer_file"
	certificateFile = "certificate_file"
	keyFile         = "key_file"
)

// A FileError is about one file.
type FileError struct {
	Member string // of the configuration: "basic_file"
	Err    error
}

func (e *FileError) Error() string { return e.Member + ": " + e.Err.Error() }

func (e *FileError) Unwrap() error { return e.Err }

// Every is how often the files are read. What they say newly is taken when two readings in
// a row agree: one file may be written while another is not yet.
const Every = time.Second

// A Reader reads a file that holds a secret, or says that others can read it too.
type Reader func(file string) ([]byte, error)

// A content is what the files held at one reading. It prints as "redacted".
type content struct {
	authorization string // a header; "" for none
	certificate   *tls.Certificate
	raw           string // by which readings are compared
}

func (content) String() string { return "redacted" }

func (content) GoString() string { return "redacted" }

func (content) LogValue() slog.Value { return slog.StringValue("redacted") }

// Credentials are those for one application. They print as "redacted".
type Credentials struct {
	files   Files
	read    Reader
	current atomic.Pointer[content]
	fault   atomic.Pointer[error]
}

func (*Credentials) String() string { return "redacted" }

// GoString keeps secrets out of %#v.
func (*Credentials) GoString() string { return "redacted" }

// LogValue keeps secrets out of logs.
func (*Credentials) LogValue() slog.Value { return slog.StringValue("redacted") }

// Open reads the files. All that is wrong with them is reported, as FileErrors.
func Open(f Files, read Reader) (*Credentials, error) {
	c := &Credentials{files: f, read: read}
	first, err := c.readAll()
	if err != nil {
		return nil, err
	}
	c.current.Store(first)
	return c, nil
}

// Err is what is wrong with the files now; nil when what they hold is in use.
func (c *Credentials) Err() error {
	if err := c.fault.Load(); err != nil {
		return *err
	}
	return nil
}

// Run follows the files until the context ends. It says when what they hold is taken, and
// when it cannot be.
func (c *Credentials) Run(ctx context.Context, told func(err error)) {
	ticker := time.NewTicker(Every)
	defer ticker.Stop()
	seen := c.current.Load().raw
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		seen = c.look(seen, told)
	}
}

// look reads the files once, and returns what was found, to be seen again.
func (c *Credentials) look(seen string, told func(err error)) string {
	now, err := c.readAll()
	if err != nil {
		found := "fault: " + err.Error()
		if before := c.Err(); found == seen && (before == nil || before.Error() != err.Error()) {
			c.fault.Store(&err)
			told(err)
		}
		return found
	}
	changed := now.raw != c.current.Load().raw
	if now.raw == seen && (changed || c.Err() != nil) {
		c.current.Store(now)
		c.fault.Store(nil)
		told(nil)
	}
	return now.raw
}

func (c *Credentials) readAll() (*content, error) {
	var faults []error
	raw := func(member, file string, read Reader) []byte {
		if file == "" {
			return nil
		}
		b, err := read(file)
		if err == nil && len(b) > mostBytes {
			err = fmt.Errorf("expected at most %d bytes", mostBytes)
		}
		if err != nil {
			faults = append(faults, &FileError{member, err})
			return nil
		}
		return b
	}
	all := map[string][]byte{
		basicFile: raw(basicFile, c.files.Basic, c.read), bearerFile: raw(bearerFile, c.files.Bearer, c.read),
		certificateFile: raw(certificateFile, c.files.Certificate, os.ReadFile), keyFile: raw(keyFile, c.files.Key, c.read),
	}
	now := &content{raw: fmt.Sprintf("%q", all)}
	for member, parse := range map[string]func(line string) (string, error){basicFile: basic, bearerFile: bearer} {
		if all[member] == nil {
			continue
		}
		header, err := parse(strings.TrimRight(string(all[member]), "\r\n"))
		if err != nil {
			faults = append(faults, &FileError{member, err})
		}
		now.authorization = header
	}
	if all[certificateFile] != nil && all[keyFile] != nil {
		pair, err := tls.X509KeyPair(all[certificateFile], all[keyFile])
		switch {
		case err != nil:
			faults = append(faults, &FileError{certificateFile, pairFault(err)})
		case pair.Leaf != nil && time.Now().After(pair.Leaf.NotAfter):
			faults = append(faults, &FileError{certificateFile, fmt.Errorf("it has expired on %s", pair.Leaf.NotAfter.UTC().Format(time.DateOnly))})
		}
		now.certificate = &pair
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return now, nil
}

const mostBytes = 64 << 10

// pairFault says what is wrong with a certificate and its key. Errors of parsers may quote
// what they parse.
func pairFault(err error) error {
	if strings.Contains(err.Error(), "does not match") {
		return errors.New("it does not belong to the key of key_file")
	}
	return errors.New("expected a certificate in PEM, and its private key in key_file")
}

const mostSecret = 4 << 10

// basic makes a header of a user and a password (RFC 7617).
func basic(line string) (string, error) {
	user, _, both := strings.Cut(line, ":")
	if !both || user == "" || len(line) > mostSecret || strings.ContainsFunc(line, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\uFFFD' }) {
		return "", errors.New("expected one line: a user, a colon and a password")
	}
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(line)), nil
}

var token = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// bearer makes a header of a token (RFC 6750, section 2.1).
func bearer(line string) (string, error) {
	if !token.MatchString(line) || len(line) > mostSecret {
		return "", errors.New("expected one line: a token of letters, digits and -._~+/, with = at its end alone")
	}
	return "Bearer " + line, nil
}

// Over adds the header to each request that goes to the application by next.
func (c *Credentials) Over(next http.RoundTripper) http.RoundTripper {
	if c.files.Basic == "" && c.files.Bearer == "" {
		return next
	}
	return &proving{c, next}
}

type proving struct {
	credentials *Credentials
	next        http.RoundTripper
}

// RoundTrip sends a copy of r that has the header, and no other of that name.
func (p *proving) RoundTrip(r *http.Request) (*http.Response, error) {
	out := *r
	out.Header = maps.Clone(r.Header)
	for name := range out.Header {
		if strings.EqualFold(name, "Authorization") {
			delete(out.Header, name)
		}
	}
	out.Header["Authorization"] = []string{p.credentials.current.Load().authorization}
	return p.next.RoundTrip(&out)
}

// certificate is the client's now, nil for none.
func (c *Credentials) certificate() *tls.Certificate { return c.current.Load().certificate }

// Expires is when the client's certificate does, where there is one.
func (c *Credentials) Expires() (when time.Time, is bool) {
	own := c.certificate()
	if own == nil {
		return time.Time{}, false
	}
	leaf := own.Leaf
	if leaf == nil {
		var err error
		if leaf, err = x509.ParseCertificate(own.Certificate[0]); err != nil {
			return time.Time{}, false
		}
	}
	return leaf.NotAfter, true
}
