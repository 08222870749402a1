//go:build integration

package operations_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// The same life of a journal with its anchor on a server.
func TestJournalIsKeptWithItsAnchorOnAServer(t *testing.T) {
	s := rig.RealServers(t)
	dir := t.TempDir()
	secret, file := filepath.Join(dir, "dsn"), filepath.Join(dir, "wardgate.yaml")
	for name, text := range map[string]string{
		secret: s.Maria.DSNVia(s.Link.Address, s.Sessions), file: "stores:\n  sessions:\n    dsn_file: " + secret + "\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	retention(t, s.Use, "--config", file)
}
