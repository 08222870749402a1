package audit

import (
	"path/filepath"

	"github.com/wardgate/wardgate/internal/durable"
)

// writeWhole makes a file appear under its name with all of its contents,
// durably, or not at all.
func writeWhole(dir, name string, content []byte) error {
	return durable.WriteFile(filepath.Join(dir, name), content, 0o600)
}
