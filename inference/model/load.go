package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Load returns the model in raw when the manifest lists exactly these bytes,
// under the name, version and training data that they state themselves. The
// bytes must be as Encode writes them, which leaves no room for an unknown, a
// repeated or a differently spelled member, or for anything after the end.
func Load(raw []byte, manifest Manifest) (*Model, error) {
	sum := sha256.Sum256(raw)
	digest := hex.EncodeToString(sum[:])
	entry, ok := manifest.find(digest)
	if !ok {
		return nil, fmt.Errorf("load model: no entry of the manifest has the digest %s", digest)
	}
	m, err := decode(raw)
	if err != nil {
		return nil, fmt.Errorf("load model %s: %w", entry.Name, err)
	}
	if m.Name() != entry.Name || m.Version() != entry.Version || m.file.Training.SHA256 != entry.DataSHA256 {
		return nil, fmt.Errorf("load model %s: it is not the name, version or data that the manifest states", entry.Name)
	}
	return m, nil
}

func decode(raw []byte) (*Model, error) {
	m := &Model{}
	if err := strict(raw, &m.file); err != nil {
		return nil, err
	}
	canonical, err := m.file.encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(canonical, raw) {
		return nil, fmt.Errorf("the file is not in the form in which models are written")
	}
	if err := m.file.check(); err != nil {
		return nil, err
	}
	if m.factor, err = factorise(m.file.Trust.Covariance); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	m.sha256 = hex.EncodeToString(sum[:])
	return m, nil
}

func strict(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	return nil
}
