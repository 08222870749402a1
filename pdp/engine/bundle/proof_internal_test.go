package bundle

import (
	"encoding/json"
	"errors"
	"testing"

	opa "github.com/open-policy-agent/opa/v1/bundle"
)

// A statement that cannot be read is not taken for none.
func TestUnreadableProofsAreRefused(t *testing.T) {
	for _, text := range []string{`"yes"`, `null`, `{"outcome":7}`, `[]`, `{"proved":"many"}`} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		m := opa.Manifest{Metadata: map[string]any{metadataKey: map[string]any{"proof": v}}}
		if _, err := proofOf(&m); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
