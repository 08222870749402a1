// Package logstash ships to the HTTP input of Logstash, or of anything else
// that takes a JSON array of documents. It delivers at least once: a pipeline
// that keeps each event.id once, as an elasticsearch output with
// document_id => "%{[event][id]}" does, holds each record exactly once.
package logstash

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/wardgate/wardgate/pip/audit/ship"
)

// Config says where Logstash listens. Username and CA may be left zero.
type Config struct {
	URL      string // https://logstash.hospital.example:8443/
	Username string
	Password string
	CA       []byte // PEM; nil for the machine's roots
}

// A Sink posts batches.
type Sink struct {
	url    string
	user   string
	secret string
	client *http.Client
}

var _ ship.Sink = (*Sink)(nil)

// timeout is for one batch. Logstash holds an answer back while its queue is
// full.
const timeout = time.Minute

// New checks the configuration. Nothing is called yet.
func New(c Config) (*Sink, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return nil, errors.New("ship to logstash: expected a URL such as https://logstash.hospital.example:8443/")
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != nil {
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(c.CA) {
			return nil, errors.New("ship to logstash: the file of authorities holds no certificate")
		}
	}
	return &Sink{
		url: u.String(), user: c.Username, secret: c.Password,
		client: &http.Client{
			Timeout:   timeout,
			Transport: &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true, IdleConnTimeout: 90 * time.Second},
			// The target of a redirect would get the records.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Send posts the batch as one compressed JSON array. Logstash takes or refuses
// a request as a whole.
func (s *Sink) Send(ctx context.Context, batch []ship.Document) ([]ship.Refusal, error) {
	body, err := compress(batch)
	if err != nil {
		return nil, fmt.Errorf("ship to logstash: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ship to logstash: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Content-Encoding", "gzip")
	if s.user != "" {
		r.SetBasicAuth(s.user, s.secret)
	}
	res, err := s.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ship to logstash: %w", err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection is used again
	if err := res.Body.Close(); err != nil {
		return nil, fmt.Errorf("ship to logstash: %w", err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return nil, fmt.Errorf("ship to logstash: %w", &ship.StatusError{Status: res.StatusCode})
	}
	return nil, nil
}

func compress(batch []ship.Document) ([]byte, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	separator := []byte("[")
	for i := range batch {
		for _, part := range [][]byte{separator, batch[i].Body} {
			if _, err := z.Write(part); err != nil {
				return nil, err
			}
		}
		separator = []byte(",\n")
	}
	if _, err := z.Write([]byte("]")); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
