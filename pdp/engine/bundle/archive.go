package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// The files of a bundle that are not Rego.
const (
	manifestName   = ".manifest"
	signaturesName = ".signatures.json"
	dataName       = "data.json"
)

// unpack returns the files of an archive by path. It refuses everything that
// two readers could read differently: names that are not clean, names that
// occur twice, links, devices, bytes behind the end, and more bytes than a rule
// book can have.
func unpack(packed []byte) (map[string][]byte, error) {
	if len(packed) > MaxPacked {
		return nil, fmt.Errorf("%w: it exceeds %d bytes", ErrMalformed, MaxPacked)
	}
	from := bytes.NewReader(packed)
	unzipped, err := gzip.NewReader(from)
	if err != nil {
		return nil, fmt.Errorf("%w: it is not compressed by gzip", ErrMalformed)
	}
	unzipped.Multistream(false)
	bounded := &io.LimitedReader{R: unzipped, N: maxUnpacked + 1}
	files, err := untar(bounded)
	if err == nil {
		_, err = io.Copy(io.Discard, bounded)
	}
	switch {
	case bounded.N <= 0:
		return nil, fmt.Errorf("%w: it unpacks to more than %d bytes", ErrMalformed, maxUnpacked)
	case errors.Is(err, ErrMalformed):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: it cannot be unpacked: %w", ErrMalformed, err)
	case from.Len() > 0:
		return nil, fmt.Errorf("%w: bytes follow its end", ErrMalformed)
	}
	return files, nil
}

func untar(r io.Reader) (map[string][]byte, error) {
	files := map[string][]byte{}
	archive := tar.NewReader(r)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if header.Typeflag == tar.TypeDir {
			continue
		}
		name, err := cleanName(header)
		if err != nil {
			return nil, err
		}
		if _, twice := files[name]; twice {
			return nil, fmt.Errorf("%w: %q is in it twice", ErrMalformed, name)
		}
		if len(files) == maxFiles {
			return nil, fmt.Errorf("%w: it holds more than %d files", ErrMalformed, maxFiles)
		}
		if files[name], err = io.ReadAll(archive); err != nil {
			return nil, err
		}
	}
}

// cleanName is a file's path, or an error: OPA begins paths with one slash,
// others with none.
func cleanName(h *tar.Header) (string, error) {
	name := strings.TrimPrefix(h.Name, "/")
	switch {
	case h.Typeflag != tar.TypeReg:
		return "", fmt.Errorf("%w: %q is not a regular file", ErrMalformed, h.Name)
	case !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00"):
		return "", fmt.Errorf("%w: %q is no path within it", ErrMalformed, h.Name)
	case name == manifestName, name == signaturesName, name == dataName:
		return name, nil
	case path.Ext(name) != ".rego":
		return "", fmt.Errorf("%w: %q is no Rego file; tables are written in Rego", ErrMalformed, h.Name)
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return "", fmt.Errorf("%w: %q is hidden, and would not be read", ErrMalformed, h.Name)
		}
	}
	return name, nil
}

// pack writes files in the given order. Equal input gives equal bytes: no
// clock, no owner, no mode of the machine is in them.
func pack(names []string, files map[string][]byte) ([]byte, error) {
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	for _, name := range names {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: "/" + name, Mode: 0o600, Size: int64(len(files[name]))}
		if err := archive.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
		if _, err := archive.Write(files[name]); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return packed.Bytes(), nil
}
