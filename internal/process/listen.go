package process

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

	"golang.org/x/sync/errgroup"

	"github.com/wardgate/wardgate/pep/framing"
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

// listen opens an address, and explains a refusal.
func listen(key, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s: %s is in use by another program; stop it, or set another address", key, address)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return l, nil
}

// A server is one listener of the process, and what serves it.
type server struct {
	name     string
	listener net.Listener
	service  service
	before   func() // draining; nil for nothing
}

// beforeDrain has something done when the server begins to drain.
func (s *server) beforeDrain(do func()) { s.before = do }

// A service answers on a listener until it is shut down or closed, and then
// returns nil or http.ErrServerClosed.
type service interface {
	Serve(l net.Listener) error
	Shutdown(ctx context.Context) error
	Close() error
}

// newEdge serves users. Its connections are followed, so that the enforcement
// point sees what net/http would hide of them.
func newEdge(l net.Listener, tlsConfig *tls.Config, h http.Handler, log *slog.Logger) *server {
	s := newHTTP("pep", h, log)
	framing.Serve(s, tlsConfig)
	return &server{name: "pep", listener: framing.Listen(l, tlsConfig, headerTimeout, log.With("listener", "pep")), service: s}
}

func newServer(name string, l net.Listener, tlsConfig *tls.Config, h http.Handler, log *slog.Logger) *server {
	if tlsConfig != nil {
		l = tls.NewListener(l, tlsConfig)
	}
	return &server{name: name, listener: l, service: newHTTP(name, h, log)}
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

// serveAll serves until the context ends or a server fails. Then it says so, by
// stopping, and drains the servers in their order: first those that users
// reach, last those that they depend on, and who says that this process stops.
func serveAll(ctx context.Context, servers []*server, stopping func()) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, s := range servers {
		group.Go(func() error {
			if err := s.service.Serve(s.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("listener %s: %w", s.name, err)
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
			if s.before != nil {
				s.before()
			}
			if err := s.service.Shutdown(drain); err != nil {
				faults = append(faults, fmt.Errorf("drain %s: %w", s.name, err), s.service.Close())
			}
		}
		return errors.Join(faults...)
	})
	return group.Wait()
}
