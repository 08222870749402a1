package operations_test

import (
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/process"
)

// What the data folder holds is not forgotten because a server is named.
func TestServerBesideAFileIsRefused(t *testing.T) {
	c := rig.Config(filepath.Join(t.TempDir(), "var"))
	rig.New(t, func(to *config.Config) { *to = c }).Stop()
	c.Stores.Sessions.DSN = "u:hunter2@tcp(127.0.0.1:1)/x"
	_, err := process.New(t.Context(), c, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err == nil || !strings.Contains(err.Error(), "sessions.db is there") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want a refusal that names the file", err)
	}
}
