package required_test

import (
	"testing"

	"github.com/wardgate/wardgate/internal/required"
)

func TestParts(t *testing.T) {
	if err := required.Parts("shipper", map[string]bool{"Sink": true, "Journal": true}); err != nil {
		t.Errorf("got %v, want nil", err)
	}
	err := required.Parts("shipper", map[string]bool{"Sink": false, "Journal": true, "Encode": false})
	if want := "shipper: required and not given: Encode, Sink"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
