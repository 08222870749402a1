package bundle

import (
	"path"

	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// Unverified returns what stands in a bundle, signed by any key or by none. It is for
// looking at two rule books side by side; what decides is read by Trust.Read.
func Unverified(packed []byte) (rulebook.Files, error) {
	files, err := unpack(packed)
	if err != nil {
		return nil, err
	}
	if err := checkAmbiguity(files); err != nil {
		return nil, err
	}
	rules := rulebook.Files{}
	for name, content := range files {
		if path.Ext(name) == ".rego" {
			rules[name] = content
		}
	}
	return rules, nil
}
