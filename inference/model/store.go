package model

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/wardgate/wardgate/internal/durable"
)

// The names of a manifest and of its detached signature in a folder of models.
const (
	ManifestFile  = "manifest.json"
	SignatureFile = "manifest.sig"
)

// largestFile is far above any model and keeps a wrong path from being read
// into memory whole.
const largestFile = 16 << 20

// TrainFile trains the named model from the CSV file at data and writes it to
// out, whole or not at all.
func TrainFile(name, version, data, out string) (*Model, error) {
	f, err := os.Open(data)
	if err != nil {
		return nil, fmt.Errorf("train %s: %w", name, err)
	}
	defer f.Close()
	t, err := ReadTable(name, f)
	if err != nil {
		return nil, fmt.Errorf("train %s: %w", name, err)
	}
	m, err := Train(name, version, filepath.Base(data), t)
	if err != nil {
		return nil, err
	}
	raw, err := m.Encode()
	if err != nil {
		return nil, err
	}
	if err := durable.WriteFile(out, raw, 0o644); err != nil {
		return nil, fmt.Errorf("train %s: %w", name, err)
	}
	return m, nil
}

// WriteManifest writes the manifest of models into the folder dir, and its
// signature when key is not nil. Without a key a signature that stood there is
// removed, because it would no longer be genuine.
func WriteManifest(dir string, key ed25519.PrivateKey, models ...*Model) error {
	m, err := NewManifest(models...)
	if err != nil {
		return err
	}
	raw, err := m.Encode()
	if err != nil {
		return err
	}
	signatureFile := filepath.Join(dir, SignatureFile)
	if err := durable.Remove(signatureFile); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if err := durable.WriteFile(filepath.Join(dir, ManifestFile), raw, 0o644); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	if key == nil {
		return nil
	}
	signature, err := SignManifest(key, raw)
	if err != nil {
		return err
	}
	if err := durable.WriteFile(signatureFile, signature, 0o644); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return nil
}

// VerifyFiles returns the models of the folder dir when its manifest bears a
// genuine signature by key, and every file that the manifest lists is there
// and is exactly what it lists.
func VerifyFiles(dir string, key ed25519.PublicKey) ([]*Model, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("verify models: %w", err)
	}
	defer root.Close()
	raw, err := read(root, ManifestFile)
	if err != nil {
		return nil, fmt.Errorf("verify models: %w", err)
	}
	signature, err := read(root, SignatureFile)
	if err != nil {
		return nil, fmt.Errorf("verify models: %w", err)
	}
	manifest, err := VerifyManifest(key, raw, signature)
	if err != nil {
		return nil, fmt.Errorf("verify models: %w", err)
	}
	var out []*Model
	for _, e := range manifest.Models {
		m, err := verifyIn(root, e.File, manifest)
		if err != nil {
			return nil, fmt.Errorf("verify models: %s: %w", e.File, err)
		}
		if m.Name() != e.Name {
			return nil, fmt.Errorf("verify models: %s: it holds the model %s", e.File, m.Name())
		}
		out = append(out, m)
	}
	return out, nil
}

// VerifyFile returns the model in the file at path when manifest lists exactly
// its bytes. The caller vouches for the manifest: it is the built-in one, or
// VerifyManifest returned it.
func VerifyFile(path string, manifest Manifest) (*Model, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("verify model: %w", err)
	}
	defer root.Close()
	m, err := verifyIn(root, filepath.Base(path), manifest)
	if err != nil {
		return nil, fmt.Errorf("verify model %s: %w", path, err)
	}
	return m, nil
}

func verifyIn(root *os.Root, name string, manifest Manifest) (*Model, error) {
	raw, err := read(root, name)
	if err != nil {
		return nil, err
	}
	return Load(raw, manifest)
}

func read(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, largestFile+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > largestFile {
		return nil, fmt.Errorf("%s is larger than any model", name)
	}
	return raw, nil
}
