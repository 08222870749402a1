package store_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/records/crypt"
	"github.com/wardgate/wardgate/records/demo"
	"github.com/wardgate/wardgate/records/store"
)

func TestFileShowsNoPlainText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "records.db")
	house := fill(t, path)
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d files, %v", len(files), err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range house.Patients {
			for _, secret := range []string{p.Name, p.Contact, p.NationalID, p.DateOfBirth, p.Diagnoses, p.PurposeOfVisit} {
				if bytes.Contains(data, []byte(secret)) {
					t.Fatalf("%s holds %q in plain text", filepath.Base(name), secret)
				}
			}
		}
		if bytes.Contains(data, []byte("amoxicillin")) || bytes.Contains(data, []byte("consultation")) {
			t.Fatalf("%s holds clinical text or a bill's in plain", filepath.Base(name))
		}
		if info, _ := os.Stat(name); info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got mode %v, want 0600", filepath.Base(name), info.Mode())
		}
	}
}

// fill puts the invented hospital into a SQLite file, and leaves it open, as a
// thief of a running machine's disk would find it.
func fill(t *testing.T, path string) demo.Dataset {
	t.Helper()
	cipher, err := crypt.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), path, cipher)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	house := trimmed(demo.Hospital(1), patients)
	if err := s.Fill(context.Background(), house.Dataset); err != nil {
		t.Fatal(err)
	}
	return house
}
