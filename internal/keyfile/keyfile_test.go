package keyfile_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"

	"github.com/wardgate/wardgate/internal/keyfile"
)

func counted(n int, step byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) * step
	}
	return b
}

func TestWhatNobodyDrewByChanceIsNoKey(t *testing.T) {
	for name, tt := range map[string]struct {
		secret []byte
		want   error
	}{
		"nothing":       {nil, keyfile.ErrEmpty},
		"zero bytes":    {make([]byte, 32), keyfile.ErrWeak},
		"ones":          {bytes.Repeat([]byte{0xff}, 32), keyfile.ErrWeak},
		"two in turn":   {bytes.Repeat([]byte{1, 2}, 16), keyfile.ErrWeak},
		"half twice":    {bytes.Repeat(counted(16, 7), 2), keyfile.ErrWeak},
		"a word again":  {[]byte(strings.Repeat("changeme12", 4)), keyfile.ErrWeak},
		"counted":       {counted(32, 1), keyfile.ErrWeak},
		"counted by 3":  {counted(32, 3), keyfile.ErrWeak},
		"a zeroed tail": {append([]byte{1, 2, 3, 4, 5}, make([]byte, 27)...), keyfile.ErrWeak},
	} {
		if err := keyfile.Check(tt.secret); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
	for range 10_000 {
		b := make([]byte, 32)
		if _, err := rand.Read(b); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(keyfile.Check(b), keyfile.Check([]byte(hex.EncodeToString(b))), keyfile.Check([]byte(rand.Text()))); err != nil {
			t.Fatalf("%x: got %v", b, err)
		}
	}
}

func TestAKeyFileIsRefusedByName(t *testing.T) {
	good := []byte(rand.Text() + rand.Text())
	for name, tt := range map[string]struct {
		content []byte
		mode    fs.FileMode
		want    error
	}{
		"empty":                    {nil, 0o600, keyfile.ErrEmpty},
		"zero bytes":               {make([]byte, 32), 0o600, keyfile.ErrWeak},
		"readable by others":       {good, 0o644, keyfile.ErrLoose},
		"readable by a group":      {good, 0o640, keyfile.ErrLoose},
		"writable by others alone": {good, 0o602, keyfile.ErrLoose},
	} {
		path := filepath.Join(t.TempDir(), "some.key")
		if err := os.WriteFile(path, tt.content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, tt.mode); err != nil {
			t.Fatal(err)
		}
		_, err := keyfile.ReadOrMake(path, func() ([]byte, error) { return good, nil })
		if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), "some.key") {
			t.Errorf("%s: got %v, want %v and the file's name", name, err, tt.want)
		}
		if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, tt.content) {
			t.Errorf("%s: the file was changed", name)
		}
	}
}

func TestOfManyOneMakesTheKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "some.key")
	var all sync.WaitGroup
	got := make([]string, 20)
	for i := range got {
		all.Go(func() {
			b, err := keyfile.ReadOrMake(path, func() ([]byte, error) { return []byte(rand.Text()), nil })
			if err != nil {
				t.Error(err)
			}
			got[i] = string(b)
		})
	}
	all.Wait()
	for _, one := range got {
		if one == "" || one != got[0] {
			t.Fatalf("got different keys")
		}
	}
}

func TestAKeysetOfZerosIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	made, err := keyfile.OpenKeyset(path, aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	again, err := keyfile.OpenKeyset(path, mac.HMACSHA256Tag256KeyTemplate())
	if err != nil || made.String() != again.String() {
		t.Fatalf("got %v, %v, want the same keyset", again, err)
	}
	material := insecurecleartextkeyset.KeysetMaterial(made)
	value := material.GetKey()[0].GetKeyData().GetValue()
	clear(value[len(value)-32:])
	var b bytes.Buffer
	if err := keyset.NewJSONWriter(&b).Write(material); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"zero key": b.Bytes(), "half": b.Bytes()[:b.Len()/2], "no keyset": []byte(`{"abcdefgh":1}`)} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := keyfile.OpenKeyset(path, aead.AES256GCMKeyTemplate())
		if err == nil || !strings.Contains(err.Error(), "keys.json") || !strings.Contains(err.Error(), "backup") {
			t.Errorf("%s: got %v, want it refused by name", name, err)
		}
	}
	if _, err := keyfile.ReadKeyset(path + ".none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want fs.ErrNotExist", err)
	}
}
