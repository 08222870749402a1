package datafolder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A start needs some room: SQLite makes the files that it works with, and the
// journal says that it was opened. A file keeps that room while the disk is not
// full, so that a full disk stops no start.
const (
	reserveName = "reserve"
	reserveSize = 2 << 20
	refillEvery = time.Minute
)

// giveRoom frees what was kept for a start, when the disk has no room otherwise.
func (d *Folder) giveRoom() error {
	free, err := d.free()
	if err != nil || free >= reserveSize {
		return err
	}
	if err := os.Truncate(d.Path(reserveName), 0); err != nil && !missing(err) {
		return fmt.Errorf("data folder: give room: %w", err)
	}
	return nil
}

// keepRoom takes it back, as far as there is as much again: what is under way
// comes first.
func (d *Folder) keepRoom(spare int64) error {
	f, err := os.OpenFile(d.Path(reserveName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Size() < reserveSize {
		var free int64
		if free, err = d.free(); err == nil {
			if size := min(reserveSize, info.Size()+free-spare); size > info.Size() {
				err = grow(f, info.Size(), size)
			}
		}
	}
	return errors.Join(err, f.Close())
}

// grow takes the room for a longer file, or leaves it as it was.
func grow(f *os.File, from, to int64) error {
	err := unix.Fallocate(int(f.Fd()), 0, from, to-from)
	if errors.Is(err, unix.EOPNOTSUPP) {
		_, err = f.WriteAt(make([]byte, to-from), from)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Truncate(from))
	}
	return nil
}

// free is how much room the disk has for this process.
func (d *Folder) free() (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(d.dir, &s); err != nil {
		return 0, fmt.Errorf("data folder: %w", err)
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

// KeepRoom keeps room for the next start until the context ends. A disk that is
// full is tried again: it stops nothing.
func (d *Folder) KeepRoom(ctx context.Context) {
	ticker := time.NewTicker(refillEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		_ = d.keepRoom(reserveSize) // the journal says that the disk is full
	}
}
