package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/bundle"

	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// A Bundle is a rule book whose signature holds.
type Bundle struct {
	Files    rulebook.Files
	Digest   string    // SHA-256 of the packed bytes, hex
	Version  time.Time // how new it is, by its signed manifest
	Revision string    // what the manifest calls it
	Roots    []string
	Key      string // id of the key that signed it
	Scope    string
	Packed   []byte
	Proof    *prove.Statement // as the signer states it; nil when the book was not proved
}

// Read verifies a packed bundle, and returns what is in it: every file is
// covered by a signature that t trusts, and nothing that was signed is missing.
func (t *Trust) Read(packed []byte) (*Bundle, error) {
	files, err := unpack(packed)
	if err != nil {
		return nil, err
	}
	signature, err := readSignature(files)
	if err != nil {
		return nil, err
	}
	if err := checkAmbiguity(files); err != nil {
		return nil, err
	}
	if err := t.verify(files); err != nil {
		return nil, err
	}
	read, err := t.read(packed)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(packed)
	b := &Bundle{
		Files: rulebook.Files{}, Digest: hex.EncodeToString(sum[:]), Packed: packed,
		Revision: read.Manifest.Revision, Key: signature.key, Scope: t.scope,
	}
	if read.Manifest.Roots != nil {
		b.Roots = *read.Manifest.Roots
	}
	for _, m := range read.Modules {
		b.Files[strings.TrimPrefix(m.Path, "/")] = m.Raw
	}
	if b.Version, err = versionOf(&read.Manifest); err != nil {
		return nil, err
	}
	b.Proof, err = proofOf(&read.Manifest)
	return b, err
}

// verify holds the signature, its scope and the digest of each file against
// what is there.
func (t *Trust) verify(files map[string][]byte) error {
	if t == nil || len(t.keys) == 0 {
		return fmt.Errorf("%w: no verification key is known", ErrSignature)
	}
	var config opa.SignaturesConfig
	if err := json.Unmarshal(files[signaturesName], &config); err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	signed, err := opa.VerifyBundleSignature(config, t.config())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSignature, err)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == signaturesName {
			continue
		}
		if err := opa.VerifyBundleFile(name, *bytes.NewBuffer(files[name]), signed); err != nil {
			return fmt.Errorf("%w: %w", ErrSignature, err)
		}
	}
	if len(signed) > 0 {
		return fmt.Errorf("%w: %s is signed and not found in it", ErrSignature, slices.Sorted(maps.Keys(signed))[0])
	}
	return nil
}

func (t *Trust) config() *opa.VerificationConfig {
	return opa.NewVerificationConfig(t.keys, "", t.scope, nil)
}

// read lets OPA's own reader make a bundle of it, which verifies once more and
// holds every package against the manifest's roots.
func (t *Trust) read(packed []byte) (*opa.Bundle, error) {
	capabilities := ast.CapabilitiesForThisVersion(ast.CapabilitiesRegoVersion(ast.RegoV1))
	capabilities.AllowNet = []string{}
	read, err := opa.NewCustomReader(opa.NewTarballLoader(bytes.NewReader(packed)).WithSizeLimitBytes(maxUnpacked)).
		WithSizeLimitBytes(maxUnpacked).
		WithRegoVersion(ast.RegoV1).
		WithCapabilities(capabilities).
		WithBundleVerificationConfig(t.config()).
		Read()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	case read.Type() != opa.SnapshotBundleType:
		return nil, fmt.Errorf("%w: it is no whole bundle", ErrMalformed)
	case len(read.Data) > 0:
		return nil, fmt.Errorf("%w: %s holds data; tables are written in Rego", ErrMalformed, dataName)
	case len(read.Manifest.FileRegoVersions) > 0 || read.Manifest.RegoVersion != nil && *read.Manifest.RegoVersion != 1:
		return nil, fmt.Errorf("%w: its manifest names another version of Rego than 1", ErrMalformed)
	case len(read.Manifest.WasmResolvers) > 0:
		return nil, fmt.Errorf("%w: its manifest names WebAssembly", ErrMalformed)
	}
	return &read, nil
}

// A signature is what a bundle says about its own signing, before that is
// believed.
type signature struct{ key string }

// readSignature finds the one token of the default kind, and refuses digests
// that could be made to collide.
func readSignature(files map[string][]byte) (signature, error) {
	text, ok := files[signaturesName]
	if !ok {
		return signature{}, fmt.Errorf("%w: %s is missing", ErrUnsigned, signaturesName)
	}
	var config opa.SignaturesConfig
	if err := json.Unmarshal(text, &config); err != nil || len(config.Signatures) != 1 ||
		config.Plugin != "" && config.Plugin != "_default" {
		return signature{}, fmt.Errorf("%w: expected one token of the default kind in %s", ErrSignature, signaturesName)
	}
	parts := strings.Split(config.Signatures[0], ".")
	var header struct{ Kid string }
	var payload opa.DecodedSignature
	if len(parts) != 3 || decodePart(parts[0], &header) != nil || decodePart(parts[1], &payload) != nil {
		return signature{}, fmt.Errorf("%w: the token in %s is not readable", ErrSignature, signaturesName)
	}
	strong := []opa.HashingAlgorithm{opa.SHA256, opa.SHA384, opa.SHA512}
	for _, f := range payload.Files {
		if !slices.Contains(strong, opa.HashingAlgorithm(f.Algorithm)) {
			return signature{}, fmt.Errorf("%w: %s is covered by %q; SHA-256 is the least", ErrSignature, f.Name, f.Algorithm)
		}
	}
	if header.Kid == "" {
		header.Kid = payload.KeyID
	}
	return signature{header.Kid}, nil
}

func decodePart(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// versionOf reads the manifest's own place for Wardgate.
func versionOf(m *opa.Manifest) (time.Time, error) {
	own, _ := m.Metadata[metadataKey].(map[string]any)
	text, _ := own["version"].(string)
	version, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || version.IsZero() {
		return time.Time{}, fmt.Errorf("%w: expected a time (RFC 3339) in its manifest under metadata.%s.version", ErrVersion, metadataKey)
	}
	return version.UTC().Truncate(time.Microsecond), nil
}

// proofOf reads what the manifest states of a proof; nil when it states none.
func proofOf(m *opa.Manifest) (*prove.Statement, error) {
	own, _ := m.Metadata[metadataKey].(map[string]any)
	stated, there := own["proof"]
	if !there {
		return nil, nil
	}
	text, err := json.Marshal(stated)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	var proof *prove.Statement
	if err := json.Unmarshal(text, &proof); err != nil || proof == nil {
		return nil, fmt.Errorf("%w: its manifest's metadata.%s.proof is not readable", ErrMalformed, metadataKey)
	}
	return proof, nil
}
