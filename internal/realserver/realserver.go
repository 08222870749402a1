// Package realserver starts private Redis, MariaDB and Elasticsearch servers, and
// reverse proxies, from what is installed or was fetched by .ci, for tests with the build tag "integration". It owns
// their processes, ports and folders: each server listens on loopback, keeps
// its data below the temporary folder, and ends with the test binary, however
// that ends. It never touches a server that it did not start, except to use
// one whose address the environment names:
//
//	WARDGATE_TEST_REDIS          host:port
//	WARDGATE_TEST_MARIADB        user:password@tcp(host:port)/, of a user who may create databases
//	WARDGATE_TEST_ELASTICSEARCH  http://host:port
//
// Such a server cannot be stopped; tests that need to stop one do not run then.
// A server that is neither installed nor named skips the test with a text that
// begins with NOT RUN, which `make integration` repeats at its end.
package realserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

const (
	// patience is how long a server may take to answer. A loaded machine takes
	// most of it for Elasticsearch.
	patience = 3 * time.Minute
	// ending is how long a server may take to stop before it is killed.
	ending = 20 * time.Second
)

// notRun skips a test for want of something, in the words that are looked for.
func notRun(t testing.TB, format string, args ...any) {
	t.Helper()
	t.Skipf("NOT RUN: "+format, args...)
}

// A process is a server that was started here.
type process struct {
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
}

// launch starts a server, its output in the file log. The kernel ends it with
// the signal last when the thread that started it ends; that thread is kept for
// the server's whole life.
func launch(name string, cmd *exec.Cmd, log string, last syscall.Signal, as *syscall.Credential) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = dieWithMe(last)
	cmd.SysProcAttr.Credential = as
	p := &process{name: name, cmd: cmd, log: log, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with this goroutine
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// running reports whether the process has not ended.
func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stop ends the process, at first politely.
func (p *process) stop() error {
	if !p.running() {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.name, err)
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(ending):
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	<-p.done
	return nil
}

// await asks until the server answers, has ended, or took too long.
func (p *process) await(answers func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		one, stop := context.WithTimeout(ctx, 2*time.Second)
		err := answers(one)
		stop()
		switch {
		case err == nil:
			return nil
		case !p.running():
			return fmt.Errorf("%s ended instead of serving; its last words:\n%s", p.name, p.lastWords())
		case ctx.Err() != nil:
			return fmt.Errorf("%s did not answer: %w; its last words:\n%s", p.name, err, p.lastWords())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// lastWords is the end of the process's log.
func (p *process) lastWords() string {
	const enough = 3000
	raw, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-enough):])
}

// A room is a folder that is removed once this process is gone, also when it is
// killed: a shell waits for the end of a pipe that only this process holds. The
// pipe ends, too, when the room is no longer referred to, so that it is kept
// with the server.
type room struct {
	dir  string
	held io.Closer
}

func newRoom(name string) (*room, error) {
	dir, err := os.MkdirTemp("", "wardgate-"+name+"-")
	if err != nil {
		return nil, fmt.Errorf("folder for %s: %w", name, err)
	}
	// A server that still ends writes files anew: they go with a later round.
	janitor := exec.Command("sh", "-c", `read -r _; for round in 1 2 3 4 5 6 7 8 9 10; do sleep 3; rm -rf -- "$1"; done`, "janitor", dir)
	janitor.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	held, err := janitor.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("folder for %s: %w", name, err)
	}
	if err := janitor.Start(); err != nil {
		return nil, fmt.Errorf("folder for %s: %w", name, err)
	}
	return &room{dir: dir, held: held}, nil
}

// freeAddress is a loopback address that was free just now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// path is a file in the room.
func (r *room) path(name string) string { return filepath.Join(r.dir, name) }

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}

// program finds a program, also in the folders that only root's path has.
func program(names ...string) (string, bool) {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
		for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/libexec"} {
			path := filepath.Join(dir, name)
			if info, err := os.Stat(path); err == nil && info.Mode()&0o111 != 0 {
				return path, true
			}
		}
	}
	return "", false
}
