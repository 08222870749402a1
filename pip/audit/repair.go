package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/durable"
)

// Set-aside bytes keep the suffix pending until a record tells of them. A
// crash in between thus leads to the record later, never to none.
const (
	tornPattern   = "torn-*.pending"
	pendingSuffix = ".pending"
	tornTime      = "20060102T150405.000000000Z"
)

// setAside copies the torn tail to a file of its own, durably, and only then
// cuts it off the segment.
func (w *writer) setAside(r resumption) error {
	if len(r.tail) > 0 {
		if err := dropCopies(w.dir, r.tail); err != nil {
			return err
		}
		name := "torn-" + time.Now().UTC().Format(tornTime) + pendingSuffix
		if err := writeWhole(w.dir, name, r.tail); err != nil {
			return err
		}
		if err := w.disk.SyncDir(w.dir); err != nil {
			return err
		}
		w.log.Warn("unacknowledged bytes after the journal's end are set aside",
			"segment", r.torn.Number, "bytes", len(r.tail))
	}
	if !r.drop {
		return nil // opening the segment cuts it to its end
	}
	if err := w.disk.Remove(r.torn.Path); err != nil {
		return err
	}
	return w.disk.SyncDir(w.dir)
}

// dropCopies removes what an interrupted attempt to set the same tail aside
// left behind.
func dropCopies(dir string, tail []byte) error {
	names, err := filepath.Glob(filepath.Join(escapeGlob(dir), tornPattern))
	if err != nil {
		return err
	}
	for _, name := range names {
		have, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(tail, have) {
			continue
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// repairEntries returns a record for each file of set-aside bytes that no
// record tells of yet, and the files' names.
func repairEntries(dir string) ([]*entry, []string, error) {
	names, err := filepath.Glob(filepath.Join(escapeGlob(dir), tornPattern))
	if err != nil {
		return nil, nil, err
	}
	var entries []*entry
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, nil, err
		}
		sum := sha256.Sum256(content)
		en, err := systemEntry(actionRepair, "torn_tail", repairFacts{
			File:   filepath.Base(settledName(name)),
			Bytes:  len(content),
			SHA256: hex.EncodeToString(sum[:]),
		})
		if err != nil {
			return nil, nil, err
		}
		entries = append(entries, en)
	}
	return entries, names, nil
}

func settledName(pending string) string {
	return strings.TrimSuffix(pending, pendingSuffix) + ".bin"
}

func (w *writer) settleRepairs(names []string) error {
	for _, name := range names {
		if err := durable.Rename(name, settledName(name)); err != nil {
			return fmt.Errorf("settle repair: %w", err)
		}
	}
	return nil
}

// escapeGlob keeps a folder's own name from being read as a pattern.
func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}
