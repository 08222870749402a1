package operations_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip"
)

// listed are the names on the manifest of a data folder.
func listed(t *testing.T, data string) (names []string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(data, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := bytes.Cut(raw, []byte("\n"))
	var m struct{ Files []struct{ Name, Rule string } }
	if err := json.Unmarshal(line, &m); err != nil {
		t.Fatal(err)
	}
	for _, f := range m.Files {
		names = append(names, f.Name)
	}
	return names
}

// spoil changes a file, or all files of a pattern, and returns what undoes that.
func spoil(t *testing.T, pattern string, how func(path string, content []byte) error) (undo func()) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v, %v", pattern, files, err)
	}
	before := map[string][]byte{}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		before[f] = content
		if err := how(f, content); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		for f, content := range before {
			os.Remove(f)
			if err := os.WriteFile(f, content, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
}

func remove(path string, _ []byte) error { return os.Remove(path) }
func empty(path string, _ []byte) error  { return os.Truncate(path, 0) }
func zeros(path string, content []byte) error {
	return os.WriteFile(path, make([]byte, len(content)), 0o600)
}

// other puts as many other bytes in the place of a file.
func other(path string, content []byte) error {
	b := make([]byte, len(content))
	if _, err := rand.Read(b); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}
func loosen(path string, _ []byte) error { return os.Chmod(path, 0o644) }

func start(c config.Config) error {
	p, err := process.New(context.Background(), c, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		return err
	}
	return p.Close()
}

// What must be there is never silently made anew, whatever happened to it.
func TestEveryListedFileIsRefusedByNameWhenItIsSpoilt(t *testing.T) {
	w := rig.New(t, nil)
	w.Stop()
	verify := func() error {
		c := rig.Config(w.Data)
		return process.VerifyData(&c)
	}
	if err := verify(); err != nil {
		t.Fatalf("a whole folder: got %v", err)
	}
	names := listed(t, w.Data)
	for _, name := range []string{
		"keys/assertion.key", "keys/footprint.json", "keys/sessions.json", "keys/cookies.key", "keys/records/records.keyset.json",
		"keys/identity/identity-seal.json", "keys/identity/identity-index.json", "keys/tokens/*.pem", "keys/applications/*.pem",
		"certs/ca.pem", "certs/ca.key", "pdp.token", "identity.db", "sessions.db", "records.db", "journal/head", "journal/journal-*.log",
	} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is not on the manifest", name)
		}
	}
	changing := []string{"keys/records/records.keyset.json", "journal/head"}
	for _, name := range append(names, "manifest.json", "keys/manifest.key") {
		hows := map[string]func(string, []byte) error{"removed": remove}
		several := strings.Contains(name, "*")
		secret := strings.HasPrefix(name, "keys/") || name == "certs/ca.key" || name == "pdp.token"
		if !several || secret {
			hows["empty"], hows["zeros"] = empty, zeros
		}
		if !several && !slices.Contains(changing, name) {
			hows["other"] = other
		}
		if secret {
			hows["loose"] = loosen
		}
		for how, f := range hows {
			undo := spoil(t, filepath.Join(w.Data, name), f)
			if err := verify(); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s %s: got %v, want it refused by name", name, how, err)
			} else if !strings.Contains(err.Error(), "restore") && how != "loose" {
				t.Errorf("%s %s: got %v, and no remedy", name, how, err)
			}
			undo()
		}
	}
	if err := verify(); err != nil {
		t.Fatalf("put back: got %v", err)
	}
	// A start looks at the same.
	for _, name := range []string{"keys/identity/identity-index.json", "keys/assertion.key"} {
		for _, f := range []func(string, []byte) error{remove, zeros} {
			undo := spoil(t, filepath.Join(w.Data, name), f)
			if err := start(rig.Config(w.Data)); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: a start got %v", name, err)
			}
			undo()
		}
	}
	if err := start(rig.Config(w.Data)); err != nil {
		t.Errorf("put back: a start got %v", err)
	}
}

// Keys of another installation, on the manifest or not, are not taken for the own.
func TestKeysOfAnotherInstallationDoNotOpenTheAccounts(t *testing.T) {
	w := rig.New(t, nil)
	w.Stop()
	twin := rig.New(t, nil)
	twin.Stop()
	for _, name := range []string{"identity-index.json", "identity-seal.json"} {
		theirs, err := os.ReadFile(filepath.Join(twin.Data, "keys", "identity", name))
		if err != nil {
			t.Fatal(err)
		}
		// A folder that was made before there were manifests.
		marker := spoil(t, filepath.Join(w.Data, "wardgate.json"), func(path string, _ []byte) error {
			return os.WriteFile(path, []byte(`{"format":1,"demo":true}`), 0o600)
		})
		manifest := spoil(t, filepath.Join(w.Data, "manifest.json"), remove)
		undo := spoil(t, filepath.Join(w.Data, "keys", "identity", name), func(path string, _ []byte) error {
			return os.WriteFile(path, theirs, 0o600)
		})
		if err := start(rig.Config(w.Data)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s of another: got %v, want it refused by name", name, err)
		}
		undo()
		manifest()
		marker()
	}
}

// A folder from before there were manifests gets one.
func TestAnOlderFolderIsTakenUp(t *testing.T) {
	w := rig.New(t, nil)
	w.Stop()
	if err := os.WriteFile(filepath.Join(w.Data, "wardgate.json"), []byte(`{"format":1,"demo":true}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"manifest.json", "keys/manifest.key"} {
		if err := os.Remove(filepath.Join(w.Data, name)); err != nil {
			t.Fatal(err)
		}
	}
	undo := spoil(t, filepath.Join(w.Data, "keys/identity/identity-index.json"), remove)
	if err := start(rig.Config(w.Data)); err == nil || !strings.Contains(err.Error(), "identity-index.json") {
		t.Errorf("without its index key: got %v", err)
	}
	undo()
	for range 2 {
		if err := start(rig.Config(w.Data)); err != nil {
			t.Fatal(err)
		}
	}
	if len(listed(t, w.Data)) == 0 {
		t.Error("it has no manifest")
	}
}

func TestKeysInAFolderOfTheirOwnStartAgainAndAgain(t *testing.T) {
	data, keys := t.TempDir(), t.TempDir()
	c := rig.Config(filepath.Join(data, "var"))
	c.Keys.Folder = filepath.Join(keys, "keys")
	for i := range 3 {
		if err := start(c); err != nil {
			t.Fatalf("start %d: %v", i+1, err)
		}
	}
	if err := os.Remove(filepath.Join(keys, "keys", "assertion.key")); err != nil {
		t.Fatal(err)
	}
	if err := start(c); err == nil || !strings.Contains(err.Error(), "keys/assertion.key is lost") {
		t.Errorf("got %v", err)
	}
}

// Somebody answers for what is made anew; what cannot be made anew is no matter
// of consent.
func TestALossIsAcceptedByNameAndJournalled(t *testing.T) {
	w := rig.New(t, nil)
	w.Stop()
	accept := func() (int, string) {
		return rig.Command("data", "accept-loss", "--data", w.Data, "--reason", "the disk was replaced")
	}
	if code, out := accept(); code != 1 || !strings.Contains(out, "nothing is lost") {
		t.Errorf("a whole folder: got %d %s", code, out)
	}
	undo := spoil(t, filepath.Join(w.Data, "keys/identity/identity-index.json"), remove)
	if code, out := accept(); code != 1 || !strings.Contains(out, "keys/identity/identity-index.json is lost") {
		t.Errorf("a key that seals: got %d %s", code, out)
	}
	undo()
	for _, name := range []string{"keys/assertion.key", "keys/tokens/*.pem", "certs/ca.key", "manifest.json", "keys/manifest.key"} {
		spoil(t, filepath.Join(w.Data, name), remove)
	}
	if code, out := rig.Command("data", "verify", "--data", w.Data); code != 1 || !strings.Contains(out, "certs/ca.key") {
		t.Errorf("verify: got %d %s", code, out)
	}
	if err := start(rig.Config(w.Data)); err == nil {
		t.Error("it starts without consent")
	}
	if code, out := accept(); code != 0 || !strings.Contains(out, "keys/assertion.key is lost") {
		t.Fatalf("got %d %s", code, out)
	}
	for range 2 {
		if err := start(rig.Config(w.Data)); err != nil {
			t.Fatal(err)
		}
	}
	said := rig.Events(t, w.Data, func(e *pip.Event) bool { return e.Action == "data.accept_loss" })
	if len(said) != 1 || !strings.Contains(said[0].Detail, "the disk was replaced") || !strings.Contains(said[0].Detail, "keys/assertion.key") {
		t.Errorf("journalled: got %v", said)
	}
	if code, out := rig.Command("data", "verify", "--data", w.Data); code != 0 {
		t.Errorf("verify: got %d %s", code, out)
	}
}

// Tables that a newer program has changed are left alone.
func TestANewerSchemaIsRefusedWithItsVersions(t *testing.T) {
	w := rig.New(t, nil)
	w.Stop()
	for _, tt := range []struct{ file, versions string }{
		{"identity.db", "identity_version"}, {"sessions.db", "admin_version"}, {"sessions.db", "journal_version"},
		{"records.db", "goose_db_version"}, {"signals.db", "signals_version"},
	} {
		w.Execute(tt.file, "INSERT INTO "+tt.versions+" (version_id, is_applied) VALUES (9007, 1)")
		err := start(rig.Config(w.Data))
		var newer *sqldb.NewerError
		if !errors.As(err, &newer) || newer.Found != 9007 || newer.Known < 1 || !strings.Contains(err.Error(), tt.file) {
			t.Errorf("%s of %s: got %v, want it refused with its versions", tt.versions, tt.file, err)
		}
		w.Execute(tt.file, "DELETE FROM "+tt.versions+" WHERE version_id = 9007")
	}
	if err := start(rig.Config(w.Data)); err != nil {
		t.Errorf("put back: got %v", err)
	}
}

// Where a lock keeps a database from being changed, requests are answered, and
// the process is not ready until it goes on.
func TestALockedDatabaseIsNotReadyAndIsAgain(t *testing.T) {
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	for _, name := range []string{"records", "identity", "sessions"} {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(w.Data, name+".db")+"?_txlock=exclusive")
		if err != nil {
			t.Fatal(err)
		}
		lock, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		part := "stores." + name
		rig.Until(t, part+" is not ready", func() bool {
			status, r := w.Ready()
			return status == 503 && r.Status == "store_unavailable" && r.Detail[part].State == "locked"
		})
		if name == "records" {
			doctor.Post("/api/patients", map[string]string{"name": "Nova Inventedson"}).Denied(503, "unavailable")
		}
		if err := errors.Join(lock.Rollback(), db.Close()); err != nil {
			t.Fatal(err)
		}
		rig.Until(t, part+" is ready", func() bool { status, _ := w.Ready(); return status == 200 })
	}
	doctor.Post("/api/patients", map[string]string{"name": "Nova Inventedson"}).Is(201)
}
