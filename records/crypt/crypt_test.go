package crypt_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/wardgate/wardgate/records/crypt"
)

var place = crypt.Place{Table: "patients", Row: "p-1", Column: "name"}

func open(t *testing.T, dir string) *crypt.Cipher {
	t.Helper()
	c, err := crypt.Open(dir)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return c
}

func seal(t *testing.T, c *crypt.Cipher, p crypt.Place, plain string) string {
	t.Helper()
	sealed, err := c.Seal(p, plain)
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	return sealed
}

func TestSealedValueOpensOnlyWhereItBelongs(t *testing.T) {
	c := open(t, t.TempDir())
	sealed := seal(t, c, place, "Mockbert")
	empty := seal(t, c, place, "")
	other := open(t, t.TempDir())
	tests := []struct {
		name   string
		cipher *crypt.Cipher
		place  crypt.Place
		sealed string
		want   string
		err    error
	}{
		{"its own place", c, place, sealed, "Mockbert", nil},
		{"an empty text", c, place, empty, "", nil},
		{"another row", c, crypt.Place{Table: "patients", Row: "p-2", Column: "name"}, sealed, "", crypt.ErrSealed},
		{"another column", c, crypt.Place{Table: "patients", Row: "p-1", Column: "contact"}, sealed, "", crypt.ErrSealed},
		{"another table", c, crypt.Place{Table: "services", Row: "p-1", Column: "name"}, sealed, "", crypt.ErrSealed},
		{"another key", other, place, sealed, "", crypt.ErrSealed},
		{"erased", c, place, "", "", crypt.ErrSealed},
		{"not base64", c, place, "%%%", "", crypt.ErrSealed},
		{"plain text", c, place, "Mockbert", "", crypt.ErrSealed},
		{"cut off", c, place, sealed[:len(sealed)-4], "", crypt.ErrSealed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.cipher.Open(tt.place, tt.sealed)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Fatalf("got %q, %v, want %q, %v", got, err, tt.want, tt.err)
			}
			if err != nil && strings.Contains(err.Error(), "Mockbert") {
				t.Fatalf("the error shows the value: %v", err)
			}
		})
	}
}

func TestIncompletePlaceIsRefused(t *testing.T) {
	c := open(t, t.TempDir())
	for _, p := range []crypt.Place{{}, {Table: "t", Row: "r"}, {Table: "t", Column: "c"}, {Table: "t", Row: "a\x00b", Column: "c"}} {
		if _, err := c.Seal(p, "x"); err == nil {
			t.Errorf("sealed at %q", p)
		}
		if _, err := c.Open(p, "x"); err == nil {
			t.Errorf("opened at %q", p)
		}
	}
}

func TestKeyFileIsForItsOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	c := open(t, dir)
	folder, err := os.Stat(dir)
	if err != nil || folder.Mode().Perm() != 0o700 {
		t.Fatalf("folder: got %v, %v, want 0700", folder.Mode(), err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("got %d files, %v, want 1", len(files), err)
	}
	path := filepath.Join(dir, files[0].Name())
	if file, err := os.Stat(path); err != nil || file.Mode().Perm() != 0o600 {
		t.Fatalf("file: got %v, %v, want 0600", file.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := crypt.Open(dir); err == nil {
		t.Fatal("a key file that others may read was accepted")
	}
	if got := fmt.Sprint(c); got != "redacted" {
		t.Fatalf("got %q, want redacted", got)
	}
}

func TestDamagedKeyFileIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	files, _ := os.ReadDir(dir)
	path := filepath.Join(dir, files[0].Name())
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := crypt.Open(dir); err == nil {
		t.Fatal("a damaged key file was accepted")
	}
	if data, _ := os.ReadFile(path); string(data) != "{" {
		t.Fatal("the damaged key file was overwritten")
	}
}

func TestRotationKeepsOldValuesReadable(t *testing.T) {
	dir := t.TempDir()
	c := open(t, dir)
	twin := open(t, dir)
	old := seal(t, c, place, "old")
	if err := c.Rotate(); err != nil {
		t.Fatalf("rotate: %v", err)
	}
	fresh := seal(t, c, place, "fresh")
	if _, err := twin.Open(place, fresh); !errors.Is(err, crypt.ErrSealed) {
		t.Fatalf("before reload: got %v, want ErrSealed", err)
	}
	if err := twin.Reload(); err != nil {
		t.Fatalf("reload: %v", err)
	}
	for _, reader := range []*crypt.Cipher{c, twin, open(t, dir)} {
		for sealed, want := range map[string]string{old: "old", fresh: "fresh"} {
			if got, err := reader.Open(place, sealed); err != nil || got != want {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
		}
	}
	if old[:6] == fresh[:6] {
		t.Error("the same key sealed before and after the rotation")
	}
}

func TestParallelFirstUseAgreesOnOneKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	ciphers := make([]*crypt.Cipher, 8)
	var wg sync.WaitGroup
	for i := range ciphers {
		wg.Go(func() { ciphers[i], _ = crypt.Open(dir) })
	}
	wg.Wait()
	sealed := seal(t, ciphers[0], place, "x")
	for i, c := range ciphers {
		if c == nil {
			t.Fatalf("opener %d failed", i)
		}
		if got, err := c.Open(place, sealed); err != nil || got != "x" {
			t.Errorf("opener %d: got %q, %v", i, got, err)
		}
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("got %d files in the key folder, want 1", len(files))
	}
}
