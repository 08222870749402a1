package obligation_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pep/obligation"
)

// The policy guide names every obligation, and the ways on which it is kept.
func TestThePolicyGuideNamesAllObligations(t *testing.T) {
	page, err := os.ReadFile("../../docs/policy-guide.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if id, ok := strings.CutPrefix(cells[0], "| `"); ok && len(cells) == 4 {
			rows[strings.Trim(id, "`")] = cells[2]
		}
	}
	for _, h := range obligation.All() {
		var kept []string
		for _, way := range append(ways, obligation.Stream, obligation.Upload) {
			if h.Ways.Has(way) {
				kept = append(kept, fmt.Sprint(way))
			}
		}
		if got, want := rows[h.ID], strings.Join(kept, ", "); got != want {
			t.Errorf("%s is kept on %q, the guide says %q", h.ID, want, got)
		}
	}
}
