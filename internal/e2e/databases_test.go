package e2e_test

import (
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
)

// What the data folder holds is not forgotten because a server is named.
func TestServerBesideAFileIsRefused(t *testing.T) {
	c := anyPort(filepath.Join(t.TempDir(), "var"))
	newWorld(t, func(to *config.Config) { *to = c }).stop()
	c.Stores.Sessions.DSN = "u:hunter2@tcp(127.0.0.1:1)/x"
	_, err := process.New(t.Context(), c, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err == nil || !strings.Contains(err.Error(), "sessions.db is there") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want a refusal that names the file", err)
	}
}
