package audit

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// openWriter takes up the chain of a folder whose lock is held.
func openWriter(cfg Config) (*writer, error) {
	segments, err := chain.Segments(cfg.Dir)
	if err != nil {
		return nil, err
	}
	key, err := prepare(cfg, len(segments) > 0)
	if err != nil {
		return nil, err
	}
	head, err := chain.ReadHead(cfg.Dir, key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, refuse(err, "the head does not verify with %s", chain.PublicName)
	}
	if head.Chain != cfg.Chain {
		return nil, refuse(chain.ErrHead, "it belongs to chain %q, not to %q", head.Chain, cfg.Chain)
	}
	found, err := resume(segments, head)
	if err != nil {
		return nil, err
	}
	if err := reachesAnchor(cfg, key.Public().(ed25519.PublicKey), segments, found.end); err != nil {
		return nil, err
	}
	w := &writer{
		dir: cfg.Dir, name: cfg.Chain, limit: cfg.SegmentBytes, disk: cfg.Disk, log: cfg.Log, key: key,
		reserve: reserve{size: cfg.ReserveBytes},
		at:      chain.Cursor{Link: found.end}, turn: head.Turn, synced: time.Now(),
	}
	w.head.Store(&head.Head)
	if err := w.watch.begin(cfg, key.Public().(ed25519.PublicKey), segments, found.end.Segment); err != nil {
		return nil, err
	}
	if err := w.begin(found, head.Damaged); err != nil {
		for _, f := range []File{w.file, w.heads} {
			if f != nil {
				err = errors.Join(err, f.Close())
			}
		}
		return nil, err
	}
	return w, nil
}

// prepare returns the signing key, and gives a folder without a journal its
// key and first head.
func prepare(cfg Config, hasSegments bool) (ed25519.PrivateKey, error) {
	hasHead, err := headExists(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if hasSegments && !hasHead {
		return nil, refuse(chain.ErrHead, "it is missing though there are segments")
	}
	if !hasHead && cfg.Anchored != nil {
		return nil, refuse(ErrRolledBack, "its anchor proves %d records, and the folder holds none", cfg.Anchored.Seq)
	}
	key, err := loadKey(cfg.Dir, !hasHead)
	if err != nil || hasHead {
		return key, err
	}
	return key, createHead(cfg.Dir, cfg.Chain, key)
}

// begin repairs what may be repaired and writes the records that say how the
// journal was found. The head is synced before any other record can follow.
func (w *writer) begin(found resumption, damaged bool) error {
	if err := w.setAside(found); err != nil {
		return fmt.Errorf("set unacknowledged bytes aside: %w", err)
	}
	repairs, names, err := repairEntries(w.dir)
	if err != nil {
		return fmt.Errorf("set unacknowledged bytes aside: %w", err)
	}
	opened, err := systemEntry(actionOpen, "", openFacts{found.adopted, damaged})
	if err != nil {
		return err
	}
	if err := w.openHeads(); err != nil {
		return err
	}
	if err := w.openReserve(w.reserve.size); err != nil {
		return err
	}
	if err := w.reopen(); err != nil {
		return fmt.Errorf("open segment: %w", err)
	}
	if err := w.tryCommit(append(repairs, opened), false); err != nil {
		return err
	}
	if err := w.syncHead(); err != nil {
		return err
	}
	return w.settleRepairs(names)
}

// createHead gives a folder the head of a journal without records. It stands
// before the first segment does, so that a crash between the two cannot be
// mistaken for a head that was taken away.
func createHead(dir, name string, key ed25519.PrivateKey) error {
	content, err := chain.NewHeads(name, key)
	if err != nil {
		return err
	}
	if err := writeWhole(dir, chain.HeadName, content); err != nil {
		return fmt.Errorf("create head: %w", err)
	}
	return nil
}

func headExists(dir string) (bool, error) {
	_, err := os.Stat(filepath.Join(dir, chain.HeadName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
