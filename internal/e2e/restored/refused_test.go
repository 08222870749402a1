package restored_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/process"
)

// refusal is why a process does not start on the house; nil when it does.
func (h *house) refusal() error {
	h.t.Helper()
	p, err := process.New(context.Background(), h.config, slog.New(slog.DiscardHandler))
	if err == nil {
		err = p.Close()
	}
	return err
}

// Accounts and records that are gone, or others, are refused by name, and taken when
// somebody has answered for it.
func TestAnotherDatabaseIsRefused(t *testing.T) {
	for name, tt := range map[string]struct{ file, database, statement string }{
		"accounts emptied": {identity, "identity", "DELETE FROM identity_staff_links; DELETE FROM identity_accounts; DELETE FROM state_marks"},
		"other accounts":   {identity, "identity", "UPDATE state_marks SET id = 'another'"},
		"other records":    {"records.db", "records", "UPDATE state_marks SET id = 'another'"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			h.Stop()
			h.Execute(tt.file, tt.statement)
			for range 2 {
				err := h.refusal()
				if err == nil || !strings.Contains(err.Error(), tt.file) || !strings.Contains(err.Error(), "accept-loss --database "+tt.database) {
					t.Fatalf("got %v, want a refusal of %s that says what to do", err, tt.file)
				}
			}
			code, said := rig.Command("audit", "accept-loss", "--database", tt.database, "--data", h.config.Data, "--reason", "a test")
			if code != 0 {
				t.Fatalf("accept-loss: %d %s", code, said)
			}
			if err := h.refusal(); err != nil {
				t.Fatalf("after somebody has answered: %v", err)
			}
			if got := h.journalled(); !slices.Contains(got, "database.loss") || !slices.Contains(got, "database.restored") {
				t.Errorf("the journal has %v", got)
			}
			if code, said := rig.Command("audit", "accept-loss", "--database", tt.database, "--data", h.config.Data, "--reason", "a test"); code == 0 {
				t.Errorf("what is whole is given up: %s", said)
			}
		})
	}
}

// Journal and databases that are put back together show nothing by themselves: what is
// anchored outside of both does. When a person has answered for it, no account is let in
// who was in then.
func TestAWholeFolderPutBackIsRefused(t *testing.T) {
	outside := t.TempDir()
	h := newHouse(t, func(c *config.Config) { c.Anchors.Folder = outside })
	doctor := h.As("doctor")
	h.Stop()
	early := filepath.Join(t.TempDir(), "early")
	if err := os.CopyFS(early, os.DirFS(h.config.Data)); err != nil {
		t.Fatal(err)
	}
	h.start()
	again(h, doctor).Post("/auth/logout", nil).Is(http.StatusNoContent)
	h.Stop()
	if err := errors.Join(os.RemoveAll(h.config.Data), os.CopyFS(h.config.Data, os.DirFS(early)), keepSecrets(h.config.Data)); err != nil {
		t.Fatal(err)
	}
	if err := h.refusal(); err == nil || !strings.Contains(err.Error(), "anchor") {
		t.Fatalf("got %v, want a refusal by the anchor", err)
	}
	file := filepath.Join(t.TempDir(), "wardgate.yaml")
	if err := os.WriteFile(file, []byte("anchors:\n  folder: "+outside+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := rig.Command("audit", "accept-loss", "--config", file, "--data", h.config.Data, "--reason", "a test"); code != 0 {
		t.Fatalf("accept-loss: %d %s", code, said)
	}
	h.start()
	again(h, doctor).Get("/api/me").Is(http.StatusUnauthorized)
	h.As("doctor").Get("/api/me").Is(http.StatusOK)

	h.Stop()
	h.config.Anchors.Folder = filepath.Join(outside, "unmounted")
	if err := h.refusal(); err == nil || !strings.Contains(err.Error(), "anchors.folder") {
		t.Errorf("without the folder: got %v, want a refusal", err)
	}
}

// A backup that holds the journal and the sessions, and not the accounts, is put back:
// the accounts know how far the journal had come.
func TestJournalAndSessionsPutBackTogetherAreRefused(t *testing.T) {
	h := newHouse(t, nil)
	doctor := h.As("doctor")
	h.Stop()
	early := filepath.Join(t.TempDir(), "journal")
	if err := os.CopyFS(early, os.DirFS(filepath.Join(h.config.Data, "journal"))); err != nil {
		t.Fatal(err)
	}
	before := h.copyOf(sessions)
	h.start()
	again(h, doctor).Post("/auth/logout", nil).Is(http.StatusNoContent)
	h.Stop()
	h.putBack(before)
	journal := filepath.Join(h.config.Data, "journal")
	if err := errors.Join(os.RemoveAll(journal), os.CopyFS(journal, os.DirFS(early)), keepSecrets(h.config.Data)); err != nil {
		t.Fatal(err)
	}
	if err := h.refusal(); err == nil || !strings.Contains(err.Error(), "anchor") {
		t.Fatalf("got %v, want a refusal by the anchor", err)
	}
	if code, said := rig.Command("audit", "accept-loss", "--data", h.config.Data, "--reason", "a test"); code != 0 {
		t.Fatalf("accept-loss: %d %s", code, said)
	}
	h.start()
	again(h, doctor).Get("/api/me").Is(http.StatusUnauthorized)
	h.As("doctor").Get("/api/me").Is(http.StatusOK)
}
