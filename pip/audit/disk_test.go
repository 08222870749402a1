package audit_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/wardgate/wardgate/pip/audit"
)

var errInjected = errors.New("injected fault")

// A faultyDisk is the real disk with faults that can be switched on and off.
type faultyDisk struct {
	syncs, slow atomic.Int64

	mu    sync.Mutex
	stop  sync.RWMutex
	quota int64                                         // bytes that segments may hold in all; none when negative
	used  map[string]int64                              // path -> size
	fault func(op, name string) (short bool, err error) // called before each operation
}

func newFaultyDisk() *faultyDisk {
	return &faultyDisk{quota: -1, used: map[string]int64{}}
}

// stall lets every sync wait until the returned function is called.
func (d *faultyDisk) stall() (release func()) {
	d.stop.Lock()
	return d.stop.Unlock
}

func (d *faultyDisk) setFault(f func(op, name string) (bool, error)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = f
}

func (d *faultyDisk) setQuota(n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.quota = n
}

// fillUp leaves no room beside what is used.
func (d *faultyDisk) fillUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.quota = 0
	for _, size := range d.used {
		d.quota += size
	}
}

func (d *faultyDisk) check(op, path string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fault == nil {
		return false, nil
	}
	return d.fault(op, filepath.Base(path))
}

func (d *faultyDisk) Open(path string, flag int) (audit.File, error) {
	if _, err := d.check("open", path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return &faultyFile{File: f, disk: d}, nil
}

func (d *faultyDisk) Remove(path string) error {
	if _, err := d.check("remove", path); err != nil {
		return err
	}
	d.mu.Lock()
	delete(d.used, path)
	d.mu.Unlock()
	return os.Remove(path)
}

func (d *faultyDisk) SyncDir(dir string) error {
	_, err := d.check("syncdir", dir)
	return err
}

type faultyFile struct {
	*os.File
	disk *faultyDisk
}

// WriteAt writes half of the bytes before a fault that is short, as a full
// disk does.
func (f *faultyFile) WriteAt(b []byte, off int64) (int, error) {
	short, err := f.disk.check("write", f.Name())
	if room, limited := f.disk.room(f.Name(), off); err == nil && limited && room < int64(len(b)) {
		n, _ := f.File.WriteAt(b[:max(0, room)], off)
		return n, &os.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
	}
	if err != nil && short {
		n, _ := f.File.WriteAt(b[:len(b)/2], off)
		return n, err
	}
	if err != nil {
		return 0, err
	}
	f.disk.grow(f.Name(), off+int64(len(b)))
	return f.File.WriteAt(b, off)
}

func (d *faultyDisk) room(path string, off int64) (int64, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.quota < 0 || !counts(path) {
		return 0, false
	}
	left := d.quota - off
	for other, size := range d.used {
		if other != path {
			left -= size
		}
	}
	return left, true
}

// counts tells the files that grow, and so need room, from those that do not.
func counts(path string) bool {
	return strings.HasSuffix(path, ".log") || filepath.Base(path) == "reserve"
}

func (d *faultyDisk) grow(path string, size int64) {
	if counts(path) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.used[path] = size
	}
}

func (f *faultyFile) Truncate(size int64) error {
	if _, err := f.disk.check("truncate", f.Name()); err != nil {
		return err
	}
	f.disk.grow(f.Name(), size)
	return f.File.Truncate(size)
}

func (f *faultyFile) Sync() error {
	f.disk.syncs.Add(1)
	f.disk.stop.RLock()
	defer f.disk.stop.RUnlock()
	time.Sleep(time.Duration(f.disk.slow.Load()))
	_, err := f.disk.check("sync", f.Name())
	return err
}
