package cli

import (
	"io"
	"os"
)

// IsTerminal reports whether a person reads w as it is written: only then are
// progress and prompts shown.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
