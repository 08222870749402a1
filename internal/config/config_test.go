package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
)

// anyPort is a configuration of the demo on free ports.
func anyPort(data string) config.Config {
	c := config.Default()
	c.Data = data
	c.Demo = true
	c.PEP.Listen, c.PDP.Listen, c.Operations.Listen = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.ExtAuth.Listen = "127.0.0.1:0"
	return c
}

// readsAs reads a configuration as the command does, and wants part of the
// fault, or none for "".
func readsAs(t *testing.T, yaml string, environ []string, demo bool, want string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "wardgate.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Read(file, environ)
	if err == nil {
		c.Demo = demo
		err = c.Check()
	}
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("got %v, want %q", err, want)
	}
}
