package acmecert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/crypto/acme/autocert"

	"github.com/wardgate/wardgate/internal/durable"
)

// A cache keeps the account's key, certificates and their keys in a folder. What the disk
// does not take is kept for as long as the process runs: what was issued is not
// ordered again for it.
type cache struct {
	folder string

	mu    sync.Mutex
	kept  map[string][]byte // that the folder has not
	fault error             // of the last that the folder did not take
}

// Get reads what was put under a name.
func (c *cache) Get(_ context.Context, name string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if held, ok := c.kept[name]; ok {
		return bytes.Clone(held), nil
	}
	raw, err := os.ReadFile(filepath.Join(c.folder, filepath.Base(name)))
	if errors.Is(err, os.ErrNotExist) || err == nil && len(raw) == 0 {
		return nil, autocert.ErrCacheMiss
	}
	return raw, err
}

// Put keeps something under a name.
func (c *cache) Put(_ context.Context, name string, data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.kept, name)
	if err := c.write(name, data); err != nil {
		c.fault = err
		if c.kept == nil {
			c.kept = map[string][]byte{}
		}
		c.kept[name] = bytes.Clone(data)
	}
	return nil
}

func (c *cache) write(name string, data []byte) error {
	if err := durable.MkdirAll(c.folder, 0o700); err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(c.folder, filepath.Base(name)), data, 0o600)
}

// Delete forgets what was put under a name.
func (c *cache) Delete(_ context.Context, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.kept, name)
	err := durable.Remove(filepath.Join(c.folder, filepath.Base(name)))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// standing is why what was issued would be gone after a restart; nil where it would not.
func (c *cache) standing() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) == 0 {
		return nil
	}
	return fmt.Errorf("what was issued is not kept: %w", c.fault)
}
