package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The addresses that requests come from. The edited rule book holds 127.0.0.0/24
// for the hospital; all other addresses of loopback are off-site.
const (
	onSite    = "127.0.0.1"
	offSite   = "127.1.0.1"
	theProxy  = "127.0.0.9" // the trusted one, which asks about requests of its own
	otherSite = "127.2.0.7"
)

// A side is one of the two Wardgates: its process, what a client has learned
// from it, and the names of what is random in its answers.
type side struct {
	label   string // old, new
	binary  string
	folder  string
	process *exec.Cmd
	ended   chan error
	address map[listener]string
	lines   *lines
	journal *tail
	names   *names
	known   map[string]string // symbol -> value, as in "token doctor"
	backend *backend
}

// A listener is what a request is sent to.
type listener string

const (
	pep     listener = "PEP"
	pdp     listener = "PDP"
	ops     listener = "OPERATIONS"
	extauth listener = "EXTAUTH"
)

func newSide(label, binary, folder string) (*side, error) {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	s := &side{
		label: label, binary: binary, folder: folder, ended: make(chan error, 1),
		address: map[listener]string{}, known: map[string]string{}, names: newNames(),
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if err := unpack(binary, folder); err != nil {
		return nil, err
	}
	if s.backend, err = newBackend(); err != nil {
		return nil, err
	}
	return s, s.start()
}

func (s *side) data() string { return filepath.Join(s.folder, "var") }

func (s *side) start() error {
	held := []io.Closer{}
	for _, l := range []listener{pep, pdp, ops, extauth} {
		port, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		s.address[l] = port.Addr().String()
		held = append(held, port)
	}
	for _, port := range held {
		port.Close()
	}
	token := filepath.Join(s.folder, "lab.token")
	if err := os.WriteFile(token, []byte("a-token-of-the-laboratory"), 0o600); err != nil {
		return err
	}
	s.process = exec.Command(s.binary, "up", "--demo", "--data", s.data(), "--policies", filepath.Join(s.folder, "policies"))
	s.process.Env = append(slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "WARDGATE_") }),
		"WARDGATE_PEP_TRUSTED_PROXIES="+theProxy,
		"WARDGATE_PEP_APPLICATIONS=lab="+s.backend.url+" audience=https://lab.hospital.test claims=role+department",
		"WARDGATE_EXTAUTH_APPLICATIONS=imaging",
		"WARDGATE_PDP_CALLERS=lab="+token,
		"WARDGATE_JOURNAL_RESERVE_BYTES=0",
		"WARDGATE_SIGNALS_REPORTS="+`[{name: badges, machine: badges, kind: failed_log_in, when: {event.category: authentication, event.outcome: failure}, about: {email: user.email, address: source.ip}}]`,
	)
	for l, address := range s.address {
		s.process.Env = append(s.process.Env, "WARDGATE_"+string(l)+"_LISTEN="+address)
	}
	log, err := os.Create(filepath.Join(s.folder, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	s.process.Stdout, s.process.Stderr = log, log
	// An interrupt of the terminal is for the harness, which then stops both.
	s.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := s.process.Start(); err != nil {
		return err
	}
	go func() { s.ended <- s.process.Wait() }()
	if err := s.ready(); err != nil {
		return err
	}
	s.lines = newLines()
	s.journal = newTail(filepath.Join(s.data(), "journal"))
	_, err = s.journal.read()
	return err
}

// ready waits until the process serves.
func (s *side) ready() error {
	for range 600 {
		select {
		case err := <-s.ended:
			s.ended <- err
			said, _ := os.ReadFile(filepath.Join(s.folder, "log"))
			return fmt.Errorf("the %s program ended: %w\n%s", s.label, err, said)
		case <-time.After(100 * time.Millisecond):
		}
		if res, err := http.Get("http://" + s.address[ops] + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
	}
	return fmt.Errorf("the %s program is not ready after a minute", s.label)
}

// stop ends the process as an operator would.
func (s *side) stop() error {
	if s.process == nil || s.process.Process == nil {
		return nil
	}
	if s.lines != nil {
		s.lines.close()
	}
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-s.ended:
		s.ended <- err
		return err
	case <-time.After(40 * time.Second):
		return errors.Join(fmt.Errorf("the %s program does not stop", s.label), s.process.Process.Kill())
	}
}

// command runs the program's own command line, and returns what it printed.
func (s *side) command(stdin string, args ...string) (string, error) {
	c := exec.Command(s.binary, args...)
	c.Dir = s.folder
	c.Stdin = strings.NewReader(stdin)
	var out, failed bytes.Buffer
	c.Stdout, c.Stderr = &out, &failed
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("%s: wardgate %s: %w\n%s%s", s.label, strings.Join(args, " "), err, out.String(), failed.String())
	}
	return out.String(), nil
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// code is the one in the newest mail to an address, "" without one.
func (s *side) code(to string) string {
	folder := filepath.Join(s.data(), "outbox")
	mails, err := os.ReadDir(folder) // sorted by name, which begins with the time
	if err != nil {
		return ""
	}
	for _, mail := range slices.Backward(mails) {
		raw, err := os.ReadFile(filepath.Join(folder, mail.Name()))
		if err != nil {
			return ""
		}
		head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
		if strings.Contains(head, "<"+to+">") {
			return sixDigits.FindString(body)
		}
	}
	return ""
}
