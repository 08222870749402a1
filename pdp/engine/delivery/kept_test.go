package delivery_test

import (
	"bytes"
	"testing"

	"github.com/wardgate/wardgate/pdp/engine/delivery"
)

// Bundles that were in force are found by the revision that decisions bear, while the
// follower runs; another is not, and nothing is made where there is no folder.
func TestKeptBundlesAreFound(t *testing.T) {
	p := newPress(t)
	source := newBelt(p.edition(1))
	w := newWard(t, p, source)
	source.put(p.edition(2), nil)
	w.untilEdition(2)
	for n := 1; n <= 2; n++ {
		packed, known, err := delivery.Kept(w.dir, p.rules(n).Revision())
		if err != nil || len(known) != 2 || !bytes.Equal(packed, p.edition(n)) {
			t.Errorf("edition %d: %d bytes, %d known, %v", n, len(packed), len(known), err)
		}
	}
	if packed, known, err := delivery.Kept(w.dir, p.rules(3).Revision()); packed != nil || len(known) != 2 || err != nil {
		t.Errorf("edition 3: %d bytes, %v", len(packed), err)
	}
	if packed, known, err := delivery.Kept(t.TempDir(), "any"); packed != nil || known != nil || err != nil {
		t.Errorf("an empty folder: %d bytes, %v, %v", len(packed), known, err)
	}
}
