package revocation

import (
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
)

func TestStaleForIsMeasuredByTheRolesOwnRow(t *testing.T) {
	own := wording{"doctor": 5}
	for _, tt := range []struct {
		name  string
		state pip.State
		age   time.Duration
		role  string
		want  string
	}{
		{"fresh", pip.Fresh, time.Second, "doctor", ""},
		{"no word yet", pip.Unknown, 0, "doctor", ""},
		{"stale for a moment", pip.Stale, 2 * time.Second, "doctor", "short"},
		{"to the minute", pip.Stale, 5 * time.Minute, "doctor", "short"},
		{"over", pip.Stale, 5*time.Minute + 1, "doctor", "long"},
		{"a role without a row", pip.Stale, 2 * time.Second, "nurse", "long"},
		{"no role", pip.Stale, 2 * time.Second, "", "long"},
		{"an age that cannot be", pip.Stale, -1, "doctor", "long"},
	} {
		if got := own.staleFor(tt.state, tt.age, tt.role); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestStaleRowsThatMakeNoSenseAreRefused(t *testing.T) {
	if faults := staleFaults(map[string]int{"doctor": 1, "nurse": 60}); len(faults) != 0 {
		t.Errorf("got %v", faults)
	}
	faults := staleFaults(map[string]int{"doctor": 0, "nurse": 61, "": 5})
	if len(faults) != 3 || !strings.Contains(faults[1].Error(), "stale_revocation_reads.doctor: expected") {
		t.Errorf("got %v", faults)
	}
}
