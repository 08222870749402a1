package realserver

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// A RedisServer is a Redis for one test. It keeps nothing on disk: Stop,
// Start and Restart lose all that was in it.
type RedisServer struct {
	Address  string // host:port
	Password string // "" without one
	CAFile   string // who vouches for its certificate, "" for plain TCP

	t        testing.TB
	args     []string
	room     *room
	p        *process
	sentinel bool // it keeps nothing, and says who is the primary
}

// Redis starts a Redis without password and TLS, or uses WARDGATE_TEST_REDIS,
// whose contents are then whatever others left there.
func Redis(t testing.TB) *RedisServer {
	t.Helper()
	if address := os.Getenv("WARDGATE_TEST_REDIS"); address != "" {
		return &RedisServer{t: t, Address: address}
	}
	r := newRedis(t)
	r.args = append(r.args, "--port", port(r.Address))
	r.Start()
	return r
}

// SecureRedis starts a Redis that speaks TLS alone and wants a password. It is
// always a private one.
func SecureRedis(t testing.TB) *RedisServer {
	t.Helper()
	r := newRedis(t)
	made, err := newCertificate(r.room.dir)
	if err != nil {
		t.Fatal(err)
	}
	r.Password, r.CAFile = rand.Text(), made.cert
	r.args = append(r.args, "--port", "0", "--tls-port", port(r.Address), "--tls-cert-file", made.cert,
		"--tls-key-file", made.key, "--tls-ca-cert-file", made.cert, "--tls-auth-clients", "no", "--requirepass", r.Password)
	r.Start()
	return r
}

func newRedis(t testing.TB) *RedisServer {
	t.Helper()
	path, found := program("redis-server")
	if !found {
		notRun(t, "no Redis: redis-server is not installed and WARDGATE_TEST_REDIS is not set")
	}
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	room, err := newRoom("redis")
	if err != nil {
		t.Fatal(err)
	}
	r := &RedisServer{t: t, Address: address, room: room, args: []string{
		path, "--bind", "127.0.0.1", "--dir", room.dir, "--save", "", "--appendonly", "no", "--daemonize", "no",
	}}
	t.Cleanup(r.end)
	return r
}

func (r *RedisServer) end() {
	if err := r.p.stop(); err != nil {
		r.t.Error(err)
	}
}

// Start starts the server again, at the same address, empty. The test does not
// run on when there is no private server to start.
func (r *RedisServer) Start() {
	r.t.Helper()
	r.private()
	if r.p.running() {
		return
	}
	var err error
	if r.p, err = launch("redis", exec.Command(r.args[0], r.args[1:]...), r.room.path("log"), syscall.SIGKILL, nil); err == nil {
		err = r.p.await(r.ping)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// Stop ends the server.
func (r *RedisServer) Stop() {
	r.t.Helper()
	r.private()
	if err := r.p.stop(); err != nil {
		r.t.Fatal(err)
	}
}

// Restart ends the server and starts it again, empty.
func (r *RedisServer) Restart() {
	r.t.Helper()
	r.Stop()
	r.Start()
}

func (r *RedisServer) private() {
	r.t.Helper()
	if r.args == nil {
		notRun(r.t, "no Redis that may be stopped: WARDGATE_TEST_REDIS names somebody's own")
	}
}

// ping speaks just enough of the protocol, so that this package needs no client.
func (r *RedisServer) ping(ctx context.Context) error {
	conn, err := r.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	hello := "PING\r\n"
	if r.Password != "" {
		hello = "AUTH " + r.Password + "\r\n"
	}
	if _, err := conn.Write([]byte(hello)); err != nil {
		return err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, "+") {
		err = errors.New("it answers " + strings.TrimSpace(line))
	}
	return err
}

func (r *RedisServer) dial(ctx context.Context) (net.Conn, error) {
	if r.CAFile == "" {
		return (&net.Dialer{}).DialContext(ctx, "tcp", r.Address)
	}
	raw, err := os.ReadFile(r.CAFile)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(raw)
	d := &tls.Dialer{Config: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	return d.DialContext(ctx, "tcp", r.Address)
}
