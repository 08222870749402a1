package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
)

const aLab = "applications:\n  - {name: lab, upstreams: [https://lab.test]}\n"

func open(t *testing.T, yaml string, environ ...string) (s *config.Source, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "wardgate.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _, err := config.Open(file, environ, func(c *config.Config) { c.Data = "elsewhere" })
	if err != nil {
		t.Fatal(err)
	}
	return s, file
}

// A file is read again as it was at the start: the same faults, environment and command line.
func TestASourceIsReadAgainAsAtTheStart(t *testing.T) {
	s, _ := open(t, aLab, "WARDGATE_LOG_LEVEL=error")
	c, err := s.Again([]byte("log: {level: debug}\n" + aLab))
	if err != nil || c.Log.Level != "error" || c.Data != "elsewhere" || len(c.Applications) != 1 {
		t.Errorf("got %+v, %v", c, err)
	}
	if changed := s.Changed(&c); len(changed) > 0 {
		t.Errorf("changed %v: the environment says otherwise", changed)
	}
	_, err = s.Again([]byte("mail: {smtp: {port: -1}}\napplications:\n  - {name: lab, upstreams: [ftp://lab.test], firstbyte: 3s}\n  - {name: lab}\n"))
	for _, want := range []string{"wardgate.yaml:3: applications: lab: unknown member", "wardgate.yaml:3: applications: lab: upstreams", "wardgate.yaml:4: applications: lab: name"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for _, empty := range []string{"", "\n\n", "# soon\n", "---\n", "{}\n"} {
		if _, err := s.Again([]byte(empty)); !errors.Is(err, config.ErrEmpty) {
			t.Errorf("%q: got %v", empty, err)
		}
	}
}

// What needs a restart is every key that says otherwise, and no application.
func TestASourceNamesWhatElseChanged(t *testing.T) {
	s, _ := open(t, "pep: {hosts: [a.test]}\n"+aLab)
	for yaml, want := range map[string][]string{
		"pep: {hosts: [a.test]}\n":                                                     nil,
		"pep: {hosts: [a.test]}\n" + aLab + aPacs:                                      nil,
		"pep: {hosts: [a.test, b.test]}\n" + aLab:                                      {"pep.hosts"},
		"limits: {connections: 9}\nlog: {format: json}\npep: {assertion_issuer: me}\n": {"limits.connections", "log.format", "pep.assertion_issuer", "pep.hosts"},
	} {
		c, err := s.Again([]byte(yaml))
		if got := s.Changed(&c); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %v, %v, want %v", yaml, got, err, want)
		}
	}
}

const aPacs = "  - {name: pacs}\n"

// What is no file is not waited for.
func TestASourceLooksAtFilesAlone(t *testing.T) {
	s, file := open(t, aLab)
	if raw, err := s.Look(); string(raw) != aLab || err != nil || !s.Follows() {
		t.Errorf("got %q, %v", raw, err)
	}
	for _, replace := range []func() error{
		func() error { return syscall.Mkfifo(file, 0o600) },
		func() error { return os.Mkdir(file, 0o700) },
		func() error { return os.Symlink(file, file) },
		func() error { return nil },
	} {
		if err := os.RemoveAll(file); err != nil {
			t.Fatal(err)
		}
		if err := replace(); err != nil {
			t.Fatal(err)
		}
		if raw, err := s.Look(); err == nil {
			t.Errorf("got %q", raw)
		}
	}
}
