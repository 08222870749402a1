// Package serve opens the listeners of a process, bounds their connections, and
// serves and drains them together.
package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/wardgate/wardgate/pep/framing"
	"golang.org/x/sync/errgroup"
)

// Limits of every HTTP server, against clients that are slow or large.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10
	maxStreams    = 100
	drainTimeout  = 25 * time.Second
)

// Listen opens an address, and explains a refusal.
func Listen(key, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: %s is in use by another program; stop it, or set another address", key, address)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return l, nil
}

// A Server is one listener of the process, and what serves it.
type Server struct {
	Name     string
	Listener net.Listener
	Service  Service
	Before   func() // what is done when it begins to drain; nil for nothing
}

// A Service answers on a listener until it is shut down or closed, and then
// returns nil or http.ErrServerClosed.
type Service interface {
	Serve(l net.Listener) error
	Shutdown(ctx context.Context) error
	Close() error
}

// HTTP serves h, over TLS unless secure is nil.
func HTTP(name string, l net.Listener, secure *tls.Config, h http.Handler, log *slog.Logger) *Server {
	if secure != nil {
		l = tls.NewListener(l, secure)
	}
	return &Server{Name: name, Listener: l, Service: newHTTP(name, h, log)}
}

// Edge serves users. Its connections are followed, so that the enforcement point
// sees what net/http would hide of them.
func Edge(name string, l net.Listener, secure *tls.Config, h http.Handler, log *slog.Logger) *Server {
	s := newHTTP(name, h, log)
	framing.Serve(s, secure)
	return &Server{Name: name, Listener: framing.Listen(l, secure, headerTimeout, log.With("listener", name)), Service: s}
}

func newHTTP(name string, h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.With("listener", name).Handler(), slog.LevelDebug),
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		// "OPTIONS *" is a request like any other: net/http must not answer it.
		DisableGeneralOptionsHandler: true,
	}
}

// All serves until the context ends or a server fails. Then it says so, by
// stopping, and drains the servers in their order: first those that users
// reach, last those that they depend on, and who says that this process stops.
func All(ctx context.Context, servers []*Server, stopping func()) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range servers {
		group.Go(func() error {
			if err := s.Service.Serve(s.Listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("listener %s: %w", s.Name, err)
			}
			return nil
		})
	}
	group.Go(func() error {
		<-ctx.Done()
		stopping()
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		var faults []error
		for _, s := range servers {
			if s.Before != nil {
				s.Before()
			}
			if err := s.Service.Shutdown(drain); err != nil {
				faults = append(faults, fmt.Errorf("drain %s: %w", s.Name, err), s.Service.Close())
			}
		}
		return errors.Join(faults...)
	})
	return group.Wait()
}

// CloseOnce closes a listener that its server may have closed already.
func CloseOnce(l net.Listener) func() error {
	return func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}
