package audit_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip/audit"
)

// Old segments go only as far as everybody has read them, and what is left
// verifies from a signed beginning.
func TestPrune(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	var anchor memoryAnchor
	cfg := audit.Config{Dir: dir, SegmentBytes: 1500}
	j := open(t, cfg)
	for i := range 40 {
		put(t, j, fmt.Sprintf("d-%d", i))
	}
	later := time.Now().Add(time.Hour)
	for _, tt := range []struct {
		name   string
		before time.Time
		upTo   uint64
	}{
		{"too young", time.Now().Add(-time.Hour), 1000},
		{"not read by everybody", later, 1},
	} {
		if n, err := j.Prune(ctx, tt.before, tt.upTo); n != 0 || err != nil {
			t.Errorf("%s: removed %d, %v", tt.name, n, err)
		}
	}
	n, err := j.Prune(ctx, later, 20)
	if n == 0 || err != nil {
		t.Fatalf("removed %d, %v", n, err)
	}
	anchor.keep(t, j)
	again, err := j.Prune(ctx, later, 30)
	if again == 0 || err != nil {
		t.Fatalf("removed %d more, %v", again, err)
	}
	report := wantIntact(t, dir)
	if report.Removed == 0 || report.Removed > 30 {
		t.Errorf("got records removed up to %d", report.Removed)
	}
	left := decisions(t, dir)
	if len(left) == 0 || len(left) >= 40 || left[len(left)-1] != "d-39" {
		t.Errorf("got decisions %v", left)
	}
	closeJournal(t, j)
	cfg.Anchored = anchor.anchored(t)
	closeJournal(t, open(t, cfg))
	wantIntact(t, dir)
	content := files(t, dir)

	path := filepath.Join(dir, "base")
	for name, spoil := range map[string]func(){
		"base gone":          func() { remove(t, path) },
		"base changed":       func() { b := content["base"]; write(t, path, append([]byte(" "), b[:len(b)-3]...)) },
		"head taken as base": func() { write(t, path, content["head"][:512]) },
		"one more gone":      func() { remove(t, segmentPath(dir, n+again+1)) },
	} {
		t.Run(name, func(t *testing.T) {
			restore(t, dir, content)
			spoil()
			if verified(t, dir).OK() {
				t.Error("nothing was found")
			}
		})
	}
}
