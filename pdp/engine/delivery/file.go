package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/wardgate/wardgate/pdp/engine/bundle"
)

// lookEvery is how often a file is read. What is read must be the same twice,
// so that a copy that is still being written is not taken for a bundle.
const lookEvery = 200 * time.Millisecond

var _ Source = (*File)(nil)

// A File is a bundle on disk that may be replaced: by another file, in
// place, or through a symbolic link. Its content is compared, because
// notifications miss bind mounts and exchanged links.
type File struct{ path string }

// NewFile returns a source that reads path.
func NewFile(path string) *File { return &File{path} }

// Name is the path.
func (f *File) Name() string { return f.path }

// Fetch returns the file once its content is another than tag's, twice the
// same.
func (f *File) Fetch(ctx context.Context, tag string) (Arrival, error) {
	first, err := f.read()
	if err != nil {
		return Arrival{}, err
	}
	for {
		wait(ctx, lookEvery)
		if ctx.Err() != nil {
			return Arrival{}, ctx.Err()
		}
		second, err := f.read()
		if err != nil {
			return Arrival{}, err
		}
		if second.Tag != tag && second.Tag == first.Tag {
			return second, nil
		}
		if second.Tag == tag && first.Tag == tag {
			return Arrival{Tag: tag}, nil
		}
		first = second
	}
}

func (f *File) read() (Arrival, error) {
	file, err := os.Open(f.path)
	if err != nil {
		return Arrival{}, err
	}
	packed, err := io.ReadAll(io.LimitReader(file, bundle.MaxPacked+1))
	if err = errors.Join(err, file.Close()); err != nil {
		return Arrival{}, fmt.Errorf("read bundle: %w", err)
	}
	sum := sha256.Sum256(packed)
	return Arrival{Packed: packed, Tag: hex.EncodeToString(sum[:])}, nil
}
