package model_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/inference/model"
)

func committed(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("trained", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// pinned is the built-in manifest with the digest of raw for the model name,
// so that only what Load itself checks stands between raw and a model.
func pinned(t testing.TB, name string, raw []byte) model.Manifest {
	t.Helper()
	m, err := model.BuiltinManifest()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	for i := range m.Models {
		if m.Models[i].Name == name {
			m.Models[i].SHA256 = hex.EncodeToString(sum[:])
		}
	}
	return m
}

func TestBuiltinModels(t *testing.T) {
	all, err := model.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 {
		t.Fatalf("got %d models, want 2", len(all))
	}
	for _, m := range all {
		raw, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(raw); m.SHA256() != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: the digest is not that of its file", m.Name())
		}
	}
}

// Every fault but the first is in a file whose digest is pinned: the digest
// alone does not make a broken file acceptable.
func TestLoadRefuses(t *testing.T) {
	tests := []struct {
		name, model, old, new string
	}{
		{"unknown member", model.BloodPressure, `"name": "blood-pressure"`, `"name": "blood-pressure", "run": "x"`},
		{"repeated member", model.BloodPressure, `"version": "1"`, `"version": "1", "version": "1"`},
		{"member in capitals", model.BloodPressure, `"version"`, `"VERSION"`},
		{"other format", model.BloodPressure, `"wardgate-model/1"`, `"wardgate-model/2"`},
		{"other version", model.BloodPressure, `"version": "1"`, `"version": "2"`},
		{"other name", model.BloodPressure, `"name": "blood-pressure"`, `"name": "blood-sugar"`},
		{"other kind", model.BloodPressure, `"kind": "ridge"`, `"kind": "forest"`},
		{"classes turned round", model.BreastCancer, "\"benign\",\n    \"malignant\"", "\"malignant\",\n    \"benign\""},
		{"renamed feature", model.BreastCancer, `"name": "mean_radius"`, `"name": "mean_diameter"`},
		{"number too large", model.BloodPressure, `"l2": 100`, `"l2": 1e400`},
		{"not a number", model.BloodPressure, `"l2": 100`, `"l2": NaN`},
		{"no training data", model.BloodPressure, `"data": "heart_cleveland.csv"`, `"data": ""`},
		{"not measured", model.BloodPressure, `"splits": 200`, `"splits": 0`},
		{"never fragile", model.BloodPressure, `"fragile_below": 0.1`, `"fragile_below": -1`},
		{"column of another feature", model.BloodPressure, `"feature": 0,`, `"feature": 1,`},
		{"anything after the end", model.BloodPressure, "}\n]", "}\n]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := bytes.Replace(committed(t, tt.model), []byte(tt.old), []byte(tt.new), 1)
			if tt.name == "anything after the end" {
				raw = append(raw, "{}\n"...)
			} else if bytes.Equal(raw, committed(t, tt.model)) {
				t.Fatalf("the fixture does not contain %q", tt.old)
			}
			if m, err := model.Load(raw, pinned(t, tt.model, raw)); err == nil {
				t.Errorf("got the model %s, want an error", m.Name())
			}
		})
	}
}

func TestLoadNeedsTheDigest(t *testing.T) {
	raw := committed(t, model.BloodPressure)
	manifest, err := model.BuiltinManifest()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := model.Load(raw, manifest); err != nil {
		t.Errorf("the committed file: %v", err)
	}
	if _, err := model.Load(raw, model.Manifest{}); err == nil {
		t.Error("the zero manifest allowed a model")
	}
	for _, at := range []int{0, len(raw) / 2, len(raw) - 1} {
		changed := bytes.Clone(raw)
		changed[at] ^= 1
		if _, err := model.Load(changed, manifest); err == nil {
			t.Errorf("a file with byte %d changed was loaded", at)
		}
	}
}

func keys(t testing.TB) (ed25519.PublicKey, ed25519.PrivateKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return public, private
}

func TestSignedFolder(t *testing.T) {
	public, private := keys(t)
	stranger, strangersKey := keys(t)
	models, err := model.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	write := func(t *testing.T, name string, raw []byte, dir string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name  string
		key   ed25519.PublicKey
		spoil func(t *testing.T, dir string)
		ok    bool
	}{
		{"genuine", public, func(*testing.T, string) {}, true},
		{"other key", stranger, func(*testing.T, string) {}, false},
		{"no key", nil, func(*testing.T, string) {}, false},
		{"signature missing", public, func(t *testing.T, dir string) {
			if err := model.WriteManifest(dir, nil, models...); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"signed by a stranger", public, func(t *testing.T, dir string) {
			if err := model.WriteManifest(dir, strangersKey, models...); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"signature empty", public, func(t *testing.T, dir string) { write(t, model.SignatureFile, nil, dir) }, false},
		{"model exchanged", public, func(t *testing.T, dir string) {
			write(t, "blood-pressure.json", committed(t, model.BreastCancer), dir)
		}, false},
		{"model changed", public, func(t *testing.T, dir string) {
			write(t, "blood-pressure.json", append(committed(t, model.BloodPressure), ' '), dir)
		}, false},
		{"model missing", public, func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "blood-pressure.json")); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"manifest changed", public, func(t *testing.T, dir string) {
			raw, err := os.ReadFile(filepath.Join(dir, model.ManifestFile))
			if err != nil {
				t.Fatal(err)
			}
			write(t, model.ManifestFile, bytes.Replace(raw, []byte(`"1"`), []byte(`"2"`), 1), dir)
		}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, m := range models {
				write(t, m.Name()+".json", committed(t, m.Name()), dir)
			}
			if err := model.WriteManifest(dir, private, models...); err != nil {
				t.Fatal(err)
			}
			tt.spoil(t, dir)
			got, err := model.VerifyFiles(dir, tt.key)
			if (err == nil) != tt.ok || (tt.ok && len(got) != 2) {
				t.Errorf("got %d models and %v, want ok %v", len(got), err, tt.ok)
			}
		})
	}
}

func TestVerifyFile(t *testing.T) {
	manifest, err := model.BuiltinManifest()
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.VerifyFile(filepath.Join("trained", "breast-cancer.json"), manifest)
	if err != nil || m.Name() != model.BreastCancer {
		t.Errorf("got %v, %v", m, err)
	}
	for _, path := range []string{filepath.Join("trained", "manifest.json"), "absent.json", filepath.Join("absent", "x.json")} {
		if _, err := model.VerifyFile(path, manifest); err == nil {
			t.Errorf("%s was accepted", path)
		}
	}
}

func TestManifestRefusesFilesElsewhere(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("trained", "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"../breast-cancer.json", "/etc/passwd", "a/b.json", "", ".", ".."} {
		changed := strings.Replace(string(raw), `"file": "breast-cancer.json"`, `"file": "`+file+`"`, 1)
		if _, err := model.ParseManifest([]byte(changed)); err == nil {
			t.Errorf("a manifest with the file %q was accepted", file)
		}
	}
	if _, err := model.ParseManifest(append(raw, raw...)); err == nil {
		t.Error("a manifest with something after its end was accepted")
	}
}

func TestSignManifestRefuses(t *testing.T) {
	_, private := keys(t)
	if _, err := model.SignManifest(private, []byte("{}")); err == nil {
		t.Error("something that is no manifest was signed")
	}
	if _, err := model.SignManifest(nil, nil); err == nil {
		t.Error("no key signed")
	}
}

func TestParseKeys(t *testing.T) {
	public, private := keys(t)
	publicDER, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	privateDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: publicDER})
	privatePEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: privateDER})
	if got, err := model.ParsePublicKey(publicPEM); err != nil || !got.Equal(public) {
		t.Errorf("public key: got %v", err)
	}
	if got, err := model.ParsePrivateKey(privatePEM); err != nil || !got.Equal(private) {
		t.Errorf("private key: got %v", err)
	}
	if _, err := model.ParsePublicKey(privatePEM); err == nil {
		t.Error("a private key passed as a public one")
	}
	if _, err := model.ParsePrivateKey([]byte("garbage")); err == nil {
		t.Error("garbage passed as a private key")
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(committed(f, model.BloodPressure))
	f.Add([]byte(`{"format":"wardgate-model/1"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := model.Load(raw, pinned(t, model.BloodPressure, raw))
		if err == nil && m.Name() != model.BloodPressure {
			t.Errorf("got the model %s", m.Name())
		}
	})
}
