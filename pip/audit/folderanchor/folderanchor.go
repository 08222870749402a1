// Package folderanchor keeps the newest signed head of each journal, and how far the
// databases beside it had come, in a folder of another file system: what somebody
// who puts journal and databases back together does not put back. It never judges a
// head: its reader verifies the signature.
package folderanchor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/chain"
)

// A Folder keeps one file a chain.
type Folder struct {
	dir   string
	mu    sync.Mutex
	marks func() map[string]pip.Mark // nil until it is told
}

var _ anchor.Anchor = (*Folder)(nil)

// ErrNewer says that a newer head of the chain is kept.
var ErrNewer = errors.New("a newer head of this chain is kept in the anchors' folder")

// kept is a file.
type kept struct {
	Head  chain.Head          `json:"head"`
	Marks map[string]pip.Mark `json:"marks,omitempty"`
}

// Open returns the anchors in a folder, which has to be there: one that is not mounted
// must not look like one that is empty.
func Open(dir string) (*Folder, error) {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	if err != nil {
		return nil, fmt.Errorf("anchors' folder: %w", err)
	}
	return &Folder{dir: dir}, nil
}

// Follow has each head kept with the marks of that moment.
func (f *Folder) Follow(marks func() map[string]pip.Mark) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.marks = marks
}

func (f *Folder) path(name string) string { return filepath.Join(f.dir, name+".anchor") }

func (f *Folder) read(name string) (kept, error) {
	text, err := os.ReadFile(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return kept{}, anchor.ErrNoAnchor
	}
	if err != nil {
		return kept{}, fmt.Errorf("read anchor: %w", err)
	}
	var k kept
	if err := json.Unmarshal(text, &k); err != nil || k.Head.Chain != name {
		return kept{}, fmt.Errorf("read anchor: %s.anchor is misshapen", name)
	}
	return k, nil
}

// Latest returns the head that is kept of a chain, or anchor.ErrNoAnchor.
func (f *Folder) Latest(_ context.Context, name string) (chain.Head, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, err := f.read(name)
	return k.Head, err
}

// Marks are those that are kept with the head of a chain; none when there is no head.
func (f *Folder) Marks(_ context.Context, name string) (map[string]pip.Mark, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, err := f.read(name)
	if errors.Is(err, anchor.ErrNoAnchor) {
		return nil, nil
	}
	return k.Marks, err
}

// Store keeps a head, and returns ErrNewer when one of a later record is kept.
func (f *Folder) Store(_ context.Context, h chain.Head) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	was, err := f.read(h.Chain)
	switch {
	case errors.Is(err, anchor.ErrNoAnchor):
	case err != nil:
		return err
	case was.Head.Seq > h.Seq:
		return ErrNewer
	}
	return f.write(h, was.Marks)
}

// Replace keeps a head in place of any other.
func (f *Folder) Replace(_ context.Context, h chain.Head) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	was, err := f.read(h.Chain)
	if err != nil && !errors.Is(err, anchor.ErrNoAnchor) {
		was = kept{}
	}
	return f.write(h, was.Marks)
}

func (f *Folder) write(h chain.Head, marks map[string]pip.Mark) error {
	if f.marks != nil {
		marks = f.marks()
	}
	text, err := json.Marshal(kept{Head: h, Marks: marks})
	if err != nil {
		return fmt.Errorf("keep anchor: %w", err)
	}
	return durable.WriteFile(f.path(h.Chain), append(text, '\n'), 0o600)
}
