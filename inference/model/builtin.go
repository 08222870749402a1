package model

import (
	"embed"
	"fmt"
)

//go:embed trained/*.json
var trained embed.FS

// Builtin returns the models that are compiled in, each checked against
// BuiltinManifest.
func Builtin() ([]*Model, error) {
	manifest, err := BuiltinManifest()
	if err != nil {
		return nil, err
	}
	var out []*Model
	for _, e := range manifest.Models {
		raw, err := trained.ReadFile("trained/" + e.File)
		if err != nil {
			return nil, fmt.Errorf("built-in models: %w", err)
		}
		m, err := Load(raw, manifest)
		if err != nil {
			return nil, fmt.Errorf("built-in models: %w", err)
		}
		out = append(out, m)
	}
	return out, nil
}

// BuiltinManifest pins the models that are compiled in. It is compiled in
// beside them and not signed: trust in the program is trust in it.
func BuiltinManifest() (Manifest, error) {
	raw, err := trained.ReadFile("trained/" + ManifestFile)
	if err != nil {
		return Manifest{}, fmt.Errorf("built-in manifest: %w", err)
	}
	return ParseManifest(raw)
}
