// Package renewed holds what was read from files that other programs renew while the
// process runs. It looks when it is asked, and writes nothing.
package renewed

import (
	"os"
	"slices"
	"sync"
	"time"
)

// A Value is what was read from files. Its methods may be called in parallel.
type Value[T any] struct {
	files []string
	read  func() (T, error)

	mu     sync.Mutex
	stamps []stamp
	last   T
}

// A stamp changes when a file does.
type stamp struct {
	at   time.Time
	size int64
}

// Read reads the files, by a function that is called again when they have changed. The
// error is that function's.
func Read[T any](read func() (T, error), files ...string) (*Value[T], error) {
	stamps, _ := stampsOf(files) // before they are read; what is missing the function reports
	last, err := read()
	if err != nil {
		return nil, err
	}
	return &Value[T]{files: files, read: read, stamps: stamps, last: last}, nil
}

// Now is what the files hold. While one is missing, or what they hold is no good, it is what
// they held before, and the next call looks again.
func (v *Value[T]) Now() T {
	now, _ := v.Look()
	return now
}

// Look is Now, and what is wrong with the files as they are.
func (v *Value[T]) Look() (T, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	stamps, err := stampsOf(v.files)
	if err != nil || slices.Equal(stamps, v.stamps) {
		return v.last, err
	}
	now, err := v.read()
	if err == nil {
		v.stamps, v.last = stamps, now
	}
	return v.last, err
}

func stampsOf(files []string) ([]stamp, error) {
	stamps := make([]stamp, 0, len(files))
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			return nil, err
		}
		stamps = append(stamps, stamp{info.ModTime(), info.Size()})
	}
	return stamps, nil
}
