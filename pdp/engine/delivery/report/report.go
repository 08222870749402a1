// Package report tells an OPA control plane how the rule book fares, in the
// format of OPA's status service. A report is the newest state: one that was
// not taken is not repeated, the next is sent instead. It never decides.
package report

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/wardgate/wardgate/pdp/engine/delivery"
)

// Config says where reports go and what they tell.
type Config struct {
	URL    string                 // base: reports go to URL/status
	Token  func() (string, error) // bearer token, read for each request; nil for none
	CAs    *x509.CertPool         // CAs trusted for the service; nil for the system's
	Labels map[string]string
	Status func() delivery.Status
	Log    *slog.Logger
	Every  time.Duration // at the latest; a minute when zero
}

// A Reporter reports each change, and now and then that nothing changed.
type Reporter struct {
	config Config
	url    string
	client *http.Client
}

// lookEvery is how soon a change is seen.
const lookEvery = time.Second

// New checks the configuration. Nothing is called yet.
func New(c Config) (*Reporter, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil {
		return nil, errors.New("status: expected a URL such as https://opa.hospital.example")
	}
	if c.Every <= 0 {
		c.Every = time.Minute
	}
	return &Reporter{
		config: c, url: u.JoinPath("status").String(),
		client: &http.Client{
			Timeout: 30 * time.Second,
			Transport: &http.Transport{
				Proxy:           http.ProxyFromEnvironment,
				TLSClientConfig: &tls.Config{RootCAs: c.CAs, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Run reports until the context ends. A service that does not answer is told
// of in the log once, and tried again with the next report.
func (r *Reporter) Run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	var told []byte
	var next time.Time // not before this, unless something changed and the last was taken
	for failures := 0; ; {
		now, err := json.Marshal(document(r.config.Labels, r.config.Status()))
		if changed := failures == 0 && !bytes.Equal(now, told); err == nil && (changed || time.Now().After(next)) {
			failures, next = r.tell(ctx, now, failures)
			told = now
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// tell posts a report, and says when the next is due at the latest.
func (r *Reporter) tell(ctx context.Context, body []byte, failures int) (int, time.Time) {
	err := r.post(ctx, body)
	if err == nil {
		return 0, time.Now().Add(r.config.Every)
	}
	if failures == 0 && ctx.Err() == nil {
		r.config.Log.Warn("the status service does not take reports", "error", err)
	}
	return failures + 1, time.Now().Add(min(r.config.Every, lookEvery<<min(failures, 10)))
}

func (r *Reporter) post(ctx context.Context, body []byte) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("the status service's address is not usable")
	}
	q.Header.Set("Content-Type", "application/json")
	if r.config.Token != nil {
		token, err := r.config.Token()
		if err != nil {
			return fmt.Errorf("bearer token: %w", err)
		}
		q.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := r.client.Do(q)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection is used again
	if err := res.Body.Close(); err != nil {
		return err
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("the status service answers %d", res.StatusCode)
	}
	return nil
}
