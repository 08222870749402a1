//go:build !linux

package audit

import "os"

// datasync makes a file's contents and length durable.
func datasync(f *os.File) error { return f.Sync() }
