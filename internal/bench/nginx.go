package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/wardgate/wardgate/policies"
)

// nginxConfig asks OPA about every request with auth_request, and passes it on
// when OPA agrees. Connections are kept open both ways.
const nginxConfig = `
daemon off;
worker_processes 2;
pid %[1]s/nginx.pid;
error_log %[1]s/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path %[1]s/body;
  proxy_temp_path %[1]s/proxy;
  fastcgi_temp_path %[1]s/fastcgi;
  uwsgi_temp_path %[1]s/uwsgi;
  scgi_temp_path %[1]s/scgi;
  upstream backend { server %[2]s; keepalive 64; }
  upstream opa { server %[3]s; keepalive 64; }
  server {
    listen %[4]s;
    keepalive_requests 1000000;
    location / {
      auth_request /decide;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass http://backend;
    }
    location = /decide {
      internal;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
      proxy_set_header X-Input '%[5]s';
      proxy_pass_request_body off;
      proxy_pass http://opa/health;
    }
  }
}
`

// gate lets OPA itself answer 200 or 401: nginx understands nothing else. The
// question is the same document that Wardgate's engine is asked.
const gate = `package system.authz

default allow := false

allow if data.authz.answer.decision with input as json.unmarshal(input.headers["X-Input"][0])
`

// startNginx starts nginx and an OPA server on the same rule book, or says why
// it cannot.
func startNginx(w *ward, dir string) *contestant {
	c := &contestant{name: "nginx auth_request + opa run --server"}
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		c.absent = "nginx is not installed"
		return c
	}
	stop, url, err := w.startPair(nginx, dir)
	if err != nil {
		c.absent = err.Error()
		return c
	}
	c.url, c.started = url, stop
	return c
}

func (w *ward) startPair(nginx, dir string) (func(), string, error) {
	opa := filepath.Join(dir, "opa")
	if out, err := exec.Command("go", "build", "-o", opa, "github.com/open-policy-agent/opa").CombinedOutput(); err != nil {
		return nil, "", fmt.Errorf("opa was not built: %s", out)
	}
	book := filepath.Join(dir, "book")
	if err := os.CopyFS(book, policies.FS); err != nil {
		return nil, "", err
	}
	if err := os.MkdirAll(filepath.Join(book, "system", "authz"), 0o700); err != nil {
		return nil, "", err
	}
	if err := os.WriteFile(filepath.Join(book, "system", "authz", "authz.rego"), []byte(gate), 0o600); err != nil {
		return nil, "", err
	}
	addresses, err := freeAddresses(2)
	if err != nil {
		return nil, "", err
	}
	d, err := w.engine.Decide(context.Background(), w.request())
	if err != nil {
		return nil, "", err
	}
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(nginxConfig, dir, strings.TrimPrefix(w.backend, "http://"), addresses[0], addresses[1], d.Evidence.Input)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, "", err
	}
	return startBoth(
		exec.Command(opa, "run", "--server", "--addr", addresses[0], "--authorization", "basic", "--log-level", "error", "--disable-telemetry", book),
		exec.Command(nginx, "-c", config, "-p", dir, "-e", filepath.Join(dir, "error.log")),
		"http://"+addresses[1])
}

// startBoth starts the programs and waits until the pair answers.
func startBoth(opa, nginx *exec.Cmd, url string) (func(), string, error) {
	var running []*exec.Cmd
	stop := func() {
		for _, c := range running {
			// Nginx ends its workers when it is asked to end, and leaves them
			// behind when it is killed. It may have ended by itself.
			_ = c.Process.Signal(syscall.SIGTERM)
			late := time.AfterFunc(3*time.Second, func() { _ = c.Process.Kill() })
			_ = c.Wait()
			late.Stop()
		}
	}
	for _, c := range []*exec.Cmd{opa, nginx} {
		if err := c.Start(); err != nil {
			stop()
			return nil, "", err
		}
		running = append(running, c)
	}
	for range 100 {
		res, err := http.Get(url + "/api/patients/" + patientID)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return stop, url, nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	return nil, "", fmt.Errorf("nginx with OPA did not answer 200 within ten seconds")
}

func freeAddresses(n int) ([]string, error) {
	var addresses []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, l.Addr().String())
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	return addresses, nil
}
