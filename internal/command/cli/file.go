package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// ReadAtMost reads a file, and refuses one that is not smaller than most.
func ReadAtMost(file string, most int64) ([]byte, error) {
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
