// Package opalogs ships decisions to an OPA control plane, in the format of
// OPA's own decision logs. It is a sink like any other: the journal holds what
// the collector has not taken, for as long as that lasts. It drops an event
// only where the rule book says so. What that masks does not leave; when it
// cannot say what it masks or drops, neither input nor result leaves.
package opalogs

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

// Config says where the collector is. URL alone must be set.
type Config struct {
	URL    string                 // base: events go to URL/logs
	Token  func() (string, error) // bearer token, read for each request so that it may change; nil for none
	CAs    *x509.CertPool         // who vouches for the collector; nil for the machine's roots
	Labels map[string]string      // of this process; the journal's chain is added
	// Mask answers what of an event must not leave: paths, or objects with op,
	// path and value, as data.system.log.mask has them. nil masks nothing.
	Mask func(ctx context.Context, event map[string]any) ([]any, error)
	// Drop answers whether an event leaves at all, as data.system.log.drop says.
	// nil drops nothing.
	Drop func(ctx context.Context, event map[string]any) (bool, error)
}

var _ ship.Sink = (*Collector)(nil)

// A Collector takes decisions.
type Collector struct {
	config Config
	url    string
	client *http.Client
}

// timeout is for one batch.
const timeout = time.Minute

// New checks the configuration. Nothing is called yet.
func New(c Config) (*Collector, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return nil, errors.New("decision logs: expected a URL such as https://opa.hospital.example")
	}
	return &Collector{
		config: c, url: u.JoinPath("logs").String(),
		client: &http.Client{
			Timeout: timeout,
			Transport: &http.Transport{
				Proxy:           http.ProxyFromEnvironment,
				TLSClientConfig: &tls.Config{RootCAs: c.CAs, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true, IdleConnTimeout: 90 * time.Second,
			},
			// The target of a redirect would get the decisions.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Send posts the batch as one compressed JSON array. Records that are no
// decisions have no body, and count as taken.
func (c *Collector) Send(ctx context.Context, batch []ship.Document) ([]ship.Refusal, error) {
	body, any, err := compress(batch)
	if err != nil || !any {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("decision logs: the collector's address is not usable")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Content-Encoding", "gzip")
	if c.config.Token != nil {
		token, err := c.config.Token()
		if err != nil {
			return nil, fmt.Errorf("decision logs: bearer token: %w", err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("decision logs: %w", err)
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection is used again
	if err := res.Body.Close(); err != nil {
		return nil, fmt.Errorf("decision logs: %w", err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return nil, fmt.Errorf("decision logs: %w", &ship.StatusError{Status: res.StatusCode})
	}
	return nil, nil
}

// compress reports whether there is any event at all.
func compress(batch []ship.Document) ([]byte, bool, error) {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	separator := "["
	for i := range batch {
		if len(batch[i].Body) == 0 {
			continue
		}
		_, err := io.WriteString(z, separator)
		if err == nil {
			_, err = z.Write(batch[i].Body)
		}
		if err != nil {
			return nil, false, fmt.Errorf("decision logs: compress: %w", err)
		}
		separator = ","
	}
	_, err := io.WriteString(z, "]")
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, false, fmt.Errorf("decision logs: compress: %w", err)
	}
	return out.Bytes(), separator == ",", nil
}
