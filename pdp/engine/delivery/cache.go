package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
)

const (
	markName   = "mark.json"
	markFormat = 1
	kept       = 10 // bundles that a rollback can name
)

// A Delivered is one bundle that was in force.
type Delivered struct {
	Version  time.Time `json:"version"`  // by its signed manifest
	Revision string    `json:"revision"` // what the manifest calls it
	Rules    string    `json:"rules"`    // the revision that decisions bear
	Digest   string    `json:"digest"`   // SHA-256 of the packed bundle
}

// is reports whether b holds these rules in this version.
func (d *Delivered) is(b *bundle.Bundle) bool {
	return d.Version.Equal(b.Version) && d.Rules == b.Files.Revision()
}

// A Hold says that an operator went back to an older bundle. It ends when a
// bundle newer than all before arrives.
type Hold struct {
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"`
}

// highWater is the high-water mark, which must survive every restart: a bundle
// that is older than the newest that was ever in force would bring back what a
// hospital forbade since.
type highWater struct {
	Format int         `json:"format"`
	Newest Delivered   `json:"newest"`
	Active Delivered   `json:"active"`
	Held   *Hold       `json:"held,omitempty"`
	Known  []Delivered `json:"known"` // the newest last
}

// A cache holds the high-water mark and the bundles that were in force, in a folder.
type cache struct {
	dir  string
	mark highWater
}

// openCache reads the folder; there may be none yet. A folder that holds
// bundles and no mark has lost it, and is refused.
func openCache(dir string) (*cache, error) {
	c := &cache{dir: dir}
	raw, err := os.ReadFile(filepath.Join(dir, markName))
	switch {
	case errors.Is(err, os.ErrNotExist):
		bundles, err := filepath.Glob(c.path("*"))
		if err == nil && len(bundles) > 0 {
			err = fmt.Errorf("policy folder %s has lost %s, which says how new the newest rule book was; restore it from a backup", dir, markName)
		}
		return c, err
	case err != nil:
		return nil, fmt.Errorf("policy folder: %w", err)
	}
	if err := json.Unmarshal(raw, &c.mark); err != nil || c.mark.Format != markFormat || c.mark.Newest.Version.IsZero() {
		return nil, fmt.Errorf("policy folder %s: %s is not readable; restore it from a backup", dir, markName)
	}
	return c, nil
}

// make makes the folder, durably.
func (c *cache) make() error {
	if err := durable.MkdirAll(c.dir, 0o700); err != nil {
		return fmt.Errorf("policy folder: %w", err)
	}
	return nil
}

// empty reports whether no bundle was ever in force.
func (c *cache) empty() bool { return c.mark.Format == 0 }

func (c *cache) path(digest string) string {
	return filepath.Join(c.dir, "bundle-"+digest+".tar.gz")
}

// packed returns the bytes of a bundle in the cache.
func (c *cache) packed(d Delivered) ([]byte, error) {
	raw, err := os.ReadFile(c.path(d.Digest))
	if err != nil {
		return nil, fmt.Errorf("policy folder: %w", err)
	}
	return raw, nil
}

// put makes durable that b is about to be in force: first its bytes, then the
// mark. With an error the cache is as before, save for a file that nothing names.
func (c *cache) put(b *bundle.Bundle, held *Hold) error {
	d := Delivered{b.Version, b.Revision, b.Files.Revision(), b.Digest}
	if err := durable.WriteFile(c.path(d.Digest), b.Packed, 0o600); err != nil {
		return fmt.Errorf("keep the bundle: %w", err)
	}
	next := highWater{Format: markFormat, Newest: c.mark.Newest, Active: d, Held: held}
	if d.Version.After(next.Newest.Version) {
		next.Newest = d
	}
	next.Known = append(slices.DeleteFunc(slices.Clone(c.mark.Known), func(k Delivered) bool { return k.Digest == d.Digest }), d)
	forgotten := next.Known[:max(0, len(next.Known)-kept)]
	next.Known = next.Known[len(forgotten):]
	raw, err := json.MarshalIndent(next, "", "  ")
	if err == nil {
		err = durable.WriteFile(filepath.Join(c.dir, markName), append(raw, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("keep the mark: %w", err)
	}
	c.mark = next
	for _, old := range forgotten {
		_ = os.Remove(c.path(old.Digest)) // a copy too many does no harm
	}
	return nil
}
