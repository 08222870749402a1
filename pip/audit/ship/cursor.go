package ship

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wardgate/wardgate/pip/audit/reader"
)

// A cursor is a file that holds how far a sink has everything. It is replaced
// whole: a crash leaves the old place or the new one.
type cursor struct{ path string }

// load returns the zero Position where there is no file yet.
func (c cursor) load() (reader.Position, error) {
	text, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return reader.Position{}, nil
	}
	if err != nil {
		return reader.Position{}, fmt.Errorf("read cursor: %w", err)
	}
	var p reader.Position
	if err := json.Unmarshal(text, &p); err != nil || p.Chain == "" || p.Seq == 0 {
		return reader.Position{}, fmt.Errorf("read cursor: %s is damaged; remove it, and everything is shipped again under the same ids", c.path)
	}
	return p, nil
}

func (c cursor) save(p reader.Position) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("save cursor: %w", err)
	}
	if err := replace(c.path, append(text, '\n')); err != nil {
		return fmt.Errorf("save cursor: %w", err)
	}
	return nil
}

// replace makes content durable under path, or leaves what was there.
func replace(path string, content []byte) error {
	if err := appendDurably(path+".tmp", os.O_TRUNC, content); err != nil {
		return err
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// appendDurably writes to a file of the given further flag, and syncs it.
func appendDurably(path string, flag int, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flag, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
