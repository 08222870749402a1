package audit_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/wardgate/wardgate/pip/audit"
)

// A volatileDisk knows what a power cut would leave of each file: the
// contents at the last sync, and of what was written since any selection of
// sectors.
type volatileDisk struct {
	mu      sync.Mutex
	durable map[string][]byte // file -> contents at its last sync
}

func (d *volatileDisk) Open(path string, flag int) (audit.File, error) {
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, known := d.durable[path]; !known {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		d.durable[path] = content
	}
	return &volatileFile{f, d}, nil
}

func (d *volatileDisk) Remove(path string) error { return os.Remove(path) }
func (d *volatileDisk) SyncDir(string) error     { return nil }

type volatileFile struct {
	*os.File
	disk *volatileDisk
}

func (f *volatileFile) Sync() error {
	content, err := os.ReadFile(f.Name())
	if err != nil {
		return err
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.disk.durable[f.Name()] = content
	return nil
}

// cut returns what a power cut at this moment leaves of a folder: of each
// file some sectors as they are, the others as they were when last synced.
func (d *volatileDisk) cut(t *testing.T, dir string, rng *rand.Rand) map[string][]byte {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	out := files(t, dir)
	for name, now := range out {
		old, written := d.durable[filepath.Join(dir, name)]
		if !written {
			continue
		}
		size := len(old)
		if len(now) > size {
			size += rng.IntN(len(now) - size + 1)
		}
		left := make([]byte, size)
		copy(left, old)
		for at := 0; at < size; at += 512 {
			if end := min(at+512, size); rng.IntN(2) == 0 && end <= len(now) {
				copy(left[at:end], now[at:end])
			}
		}
		out[name] = left
	}
	return out
}

// A power cut keeps what was acknowledged before it, although the head on the
// disk may be older than that and the last write torn anywhere.
func TestPowerCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	dir := t.TempDir()
	var acknowledged []string
	for round := range 40 {
		if round%3 == 0 { // closed in good order before, so that its head must not outlive the next records
			closeJournal(t, open(t, audit.Config{Dir: dir, SegmentBytes: 6 << 10}))
		}
		disk := &volatileDisk{durable: map[string][]byte{}}
		j, err := audit.Open(audit.Config{Dir: dir, Disk: disk, SegmentBytes: 6 << 10})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		var mu sync.Mutex
		var wg sync.WaitGroup
		var left map[string][]byte
		for g := range 4 {
			wg.Go(func() {
				for i := range 12 {
					got := tryPut(j, fmt.Sprintf("r%d-g%d-%d", round, g, i))
					mu.Lock()
					if left == nil {
						acknowledged = append(acknowledged, got...)
					}
					if left == nil && rng.IntN(24) == 0 {
						left = disk.cut(t, dir, rng)
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if left == nil {
			left = disk.cut(t, dir, rng)
		}
		closeJournal(t, j)
		restore(t, dir, left)
	}
	closeJournal(t, open(t, audit.Config{Dir: dir}))
	wantIntact(t, dir)
	wantAll(t, dir, acknowledged)
	torn := 0
	for name := range files(t, dir) {
		if strings.HasPrefix(name, "torn-") {
			torn++
		}
	}
	if len(acknowledged) < 400 || torn == 0 {
		t.Errorf("the test cut too little: %d records acknowledged, %d tails torn", len(acknowledged), torn)
	}
}
