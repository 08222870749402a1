package ship

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/wardgate/wardgate/internal/durable"
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
	if err := durable.WriteFile(c.path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("save cursor: %w", err)
	}
	return nil
}

// appendDurably adds to the end of a file, and syncs it.
func appendDurably(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
