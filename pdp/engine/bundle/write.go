package bundle

import (
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	opa "github.com/open-policy-agent/opa/v1/bundle"

	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// metadataKey is Wardgate's own place in a manifest's metadata.
const metadataKey = "wardgate"

// Write returns the rule book as a signed bundle. Its version is a time: a book
// that should replace another must be newer. proof says that it was proved; nil for a
// book that was not. Equal arguments give equal bytes.
func Write(files rulebook.Files, proof *prove.Statement, version time.Time, by *Signer) ([]byte, error) {
	manifest, err := newManifest(files, proof, version)
	if err != nil {
		return nil, err
	}
	content := maps.Clone(map[string][]byte(files))
	content[manifestName] = manifest
	content[dataName] = []byte("{}\n")
	names := slices.Sorted(maps.Keys(content))
	token, err := by.token(names, content)
	if err != nil {
		return nil, err
	}
	content[signaturesName], err = json.Marshal(opa.SignaturesConfig{Signatures: []string{token}})
	if err != nil {
		return nil, fmt.Errorf("write signature: %w", err)
	}
	return pack(append([]string{signaturesName}, names...), content)
}

func newManifest(files rulebook.Files, proof *prove.Statement, version time.Time) ([]byte, error) {
	roots, err := rootsOf(files)
	if err != nil {
		return nil, err
	}
	own := map[string]any{"version": version.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano)}
	if proof != nil {
		own["proof"] = proof
	}
	m := opa.Manifest{Revision: files.Revision(), Roots: &roots, Metadata: map[string]any{metadataKey: own}}
	m.SetRegoVersion(ast.RegoV1)
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	return text, nil
}

// rootsOf are the first words of all packages: what the bundle owns whole.
func rootsOf(files rulebook.Files) ([]string, error) {
	roots := map[string]bool{}
	for name, content := range files {
		m, err := ast.ParseModuleWithOpts(name, string(content), ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return nil, fmt.Errorf("write bundle: %w", err)
		}
		path, err := m.Package.Path.Ptr()
		if err != nil {
			return nil, fmt.Errorf("write bundle: %s: %w", name, err)
		}
		top, _, _ := strings.Cut(path, "/")
		roots[top] = true
	}
	return slices.Sorted(maps.Keys(roots)), nil
}

// token is the signature as OPA reads it: a compact JWS whose payload names the
// digest of each file.
func (s *Signer) token(names []string, content map[string][]byte) (string, error) {
	files := make([]opa.FileInfo, 0, len(names))
	for _, name := range names {
		digest, err := digestOf(name, content[name])
		if err != nil {
			return "", fmt.Errorf("sign %s: %w", name, err)
		}
		files = append(files, opa.NewFile(name, hex.EncodeToString(digest), opa.SHA256.String()))
	}
	header, err := json.Marshal(map[string]string{"alg": s.algorithm, "kid": s.id, "typ": "JWT"})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(struct {
		Files []opa.FileInfo `json:"files"`
		KeyID string         `json:"keyid"` // read by OPA before 0.20
		Scope string         `json:"scope,omitempty"`
	}{files, s.id, s.scope})
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	message := encode(header) + "." + encode(payload)
	signature, err := s.sign([]byte(message))
	if err != nil {
		return "", err
	}
	return message + "." + encode(signature), nil
}

// digestOf hashes a file as OPA does: JSON by its values, others by their bytes.
func digestOf(name string, content []byte) ([]byte, error) {
	hash, err := opa.NewSignatureHasher(opa.SHA256)
	if err != nil {
		return nil, err
	}
	if !opa.IsStructuredDoc(name) {
		return hash.HashFile(content)
	}
	var value any
	if err := json.Unmarshal(content, &value); err != nil {
		return nil, err
	}
	return hash.HashFile(value)
}

// fixedLength turns the ASN.1 form of a P-256 signature into that of RFC 7518,
// section 3.4.
func fixedLength(signature []byte) ([]byte, error) {
	var parts struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &parts); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	out := make([]byte, 64)
	parts.R.FillBytes(out[:32])
	parts.S.FillBytes(out[32:])
	return out, nil
}
