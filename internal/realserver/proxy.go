package realserver

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A Proxy is a reverse proxy, for one test.
type Proxy struct{ Address string } // host:port

// StartProxy starts caddy, traefik, envoy or nginx. files are its configuration, by
// name, in which ADDRESS is where it is to listen, PORT its port, and DIR the folder
// that holds them; args may say the same. The program is the installed one, or was
// fetched by .ci/proxies.
func StartProxy(t testing.TB, name string, files map[string]string, args ...string) *Proxy {
	t.Helper()
	path, found := proxyProgram(name)
	if !found {
		notRun(t, "no %s: it is not installed, and .ci/proxies and .ci/pebble fetch it", name)
	}
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	room, err := newRoom(name)
	if err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("ADDRESS", address, "PORT", port(address), "DIR", room.dir)
	for file, text := range files {
		if err := os.WriteFile(room.path(file), []byte(fill.Replace(text)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command(path)
	for _, arg := range args {
		command.Args = append(command.Args, fill.Replace(arg))
	}
	command.Dir = room.dir
	command.Env = append(os.Environ(), "HOME="+room.dir, "XDG_DATA_HOME="+room.dir, "XDG_CONFIG_HOME="+room.dir)
	p, err := launch(name, command, room.path("log"), syscall.SIGKILL, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
		_ = room.held.Close() // the folder goes
	})
	if err := p.await(func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}); err != nil {
		t.Fatal(err)
	}
	return &Proxy{Address: address}
}

// proxyProgram finds a proxy that is installed, or was fetched.
func proxyProgram(name string) (string, bool) {
	if path, found := program(name); found {
		return path, true
	}
	for _, dir := range caches() {
		found, err := filepath.Glob(filepath.Join(dir, "*", "bin", name))
		if err == nil && len(found) > 0 {
			return found[len(found)-1], true
		}
	}
	return "", false
}

// caches are the folders into which .ci fetches servers.
func caches() []string {
	folders := []string{"/var/cache/wardgate-ci"}
	if cache, err := os.UserCacheDir(); err == nil {
		folders = append(folders, filepath.Join(cache, "wardgate-ci"))
	}
	return folders
}
