package extauth

import (
	"context"
	"errors"
	"net"
	"time"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/wardgate/wardgate/pep"
)

// Limits against peers that are slow or large. A message holds one body and
// the rest of one request.
const (
	maxStreams  = 100
	maxMessage  = pep.BodyLimit + 256<<10
	maxMetadata = 32 << 10
	handshake   = 5 * time.Second
	idle        = 2 * time.Minute
)

// A Server serves an Envoy over plain gRPC. It authenticates no peer: its
// listener has to be on loopback, where only this machine's proxy reaches it.
type Server struct{ grpc *grpc.Server }

// NewServer returns a server that serves nothing yet.
func NewServer(e *Envoy) *Server {
	s := grpc.NewServer(
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxHeaderListSize(maxMetadata),
		grpc.ConnectionTimeout(handshake),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idle}),
	)
	auth.RegisterAuthorizationServer(s, e)
	return &Server{grpc: s}
}

// Serve answers until Shutdown or Close, and then returns nil.
func (s *Server) Serve(l net.Listener) error {
	if err := s.grpc.Serve(l); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

// Shutdown waits for the questions under way, at most until the context ends.
func (s *Server) Shutdown(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.grpc.GracefulStop()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.grpc.Stop()
		<-done
		return ctx.Err()
	}
}

// Close breaks off what is under way.
func (s *Server) Close() error {
	s.grpc.Stop()
	return nil
}
