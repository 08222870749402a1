package command

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// readPrivate reads a file that nobody else may read.
func readPrivate(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others: mode %v, 0600 is needed", file, info.Mode().Perm())
	}
	return os.ReadFile(file)
}

// readAtMost reads a file, and refuses one that is not smaller than most.
func readAtMost(file string, most int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(f, most))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	if int64(len(raw)) == most {
		return nil, fmt.Errorf("%s is too large", file)
	}
	return raw, nil
}
