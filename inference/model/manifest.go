package model

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
)

const manifestFormat = "wardgate-model-manifest/1"

// A Manifest lists the model files that may be loaded. The zero Manifest
// allows none.
type Manifest struct {
	Format string  `json:"format"`
	Models []Entry `json:"models"`
}

// An Entry pins one model file.
type Entry struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	File       string `json:"file"` // beside the manifest
	SHA256     string `json:"sha256"`
	DataSHA256 string `json:"data_sha256"` // of the training data
}

// NewManifest pins models, each in a file that is called after it.
func NewManifest(models ...*Model) (Manifest, error) {
	m := Manifest{Format: manifestFormat}
	for _, v := range models {
		m.Models = append(m.Models, Entry{
			Name: v.Name(), Version: v.Version(), File: v.Name() + ".json",
			SHA256: v.SHA256(), DataSHA256: v.file.Training.SHA256,
		})
	}
	if err := m.check(); err != nil {
		return Manifest{}, fmt.Errorf("new manifest: %w", err)
	}
	return m, nil
}

// ParseManifest reads a manifest in the form that Encode writes. It says
// nothing about who wrote it: see VerifyManifest.
func ParseManifest(raw []byte) (Manifest, error) {
	var m Manifest
	if err := strict(raw, &m); err != nil {
		return Manifest{}, fmt.Errorf("parse manifest: %w", err)
	}
	canonical, err := m.Encode()
	if err != nil {
		return Manifest{}, fmt.Errorf("parse manifest: %w", err)
	}
	if !bytes.Equal(canonical, raw) {
		return Manifest{}, errors.New("parse manifest: it is not in the form in which manifests are written")
	}
	return m, nil
}

// Encode returns the one form in which a manifest is written and signed.
func (m Manifest) Encode() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	return append(raw, '\n'), nil
}

func (m Manifest) check() error {
	if m.Format != manifestFormat {
		return fmt.Errorf("format: expected %s", manifestFormat)
	}
	if len(m.Models) == 0 {
		return errors.New("models: there are none")
	}
	names := map[string]bool{}
	for i, e := range m.Models {
		if e.Name == "" || e.Version == "" || names[e.Name] {
			return fmt.Errorf("model %d: expected a version and a name of its own", i)
		}
		names[e.Name] = true
		if e.File == "" || e.File != filepath.Base(e.File) || !filepath.IsLocal(e.File) || e.File == "." {
			return fmt.Errorf("model %s: expected a file beside the manifest", e.Name)
		}
		for _, digest := range []string{e.SHA256, e.DataSHA256} {
			if raw, err := hex.DecodeString(digest); err != nil || len(raw) != 32 {
				return fmt.Errorf("model %s: expected SHA-256 digests", e.Name)
			}
		}
	}
	return nil
}

func (m Manifest) find(digest string) (Entry, bool) {
	for _, e := range m.Models {
		if e.SHA256 == digest {
			return e, true
		}
	}
	return Entry{}, false
}
