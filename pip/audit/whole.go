package audit

import (
	"os"
	"path/filepath"
)

// writeWhole makes a file appear under its name with all of its contents,
// durably, or not at all.
func writeWhole(dir, name string, content []byte) error {
	path := filepath.Join(dir, name)
	if err := writeDurably(path+".tmp", content); err != nil {
		return err
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return err
	}
	return osDisk{}.SyncDir(dir)
}

func writeDurably(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}
