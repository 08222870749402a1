package rig

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// Events are the journal's, of a process that may still run.
func Events(t testing.TB, data string, wanted func(*pip.Event) bool) (found []pip.Event) {
	t.Helper()
	for r, err := range reader.Read(context.Background(), filepath.Join(data, "journal"), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if wanted(&r.Event) {
			found = append(found, r.Event)
		}
	}
	return found
}
