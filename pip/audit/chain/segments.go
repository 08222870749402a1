package chain

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Segment is one file of a journal as it was found.
type Segment struct {
	Number int
	Path   string
	Size   int64
}

func SegmentName(number int) string { return fmt.Sprintf("journal-%08d.log", number) }

// segmentNumber reads a segment's number from its name, and only from the one
// spelling that segmentName gives it.
func segmentNumber(name string) (int, bool) {
	digits, found := strings.CutPrefix(name, "journal-")
	digits, ended := strings.CutSuffix(digits, ".log")
	if !found || !ended {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n > 0 && name == SegmentName(n)
}

// Segments returns the segments of a folder in order. Anything that bears a
// segment's name without being a regular file is an error: reading it could
// block, or lead out of the folder.
func Segments(dir string) ([]Segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list journal: %w", err)
	}
	var out []Segment
	for _, e := range entries {
		number, ok := segmentNumber(e.Name())
		if !ok {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, fmt.Errorf("list journal: %w", err)
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%w: %s is not a regular file", ErrBroken, e.Name())
		}
		out = append(out, Segment{number, filepath.Join(dir, e.Name()), info.Size()})
	}
	slices.SortFunc(out, func(a, b Segment) int { return a.Number - b.Number })
	return out, nil
}

// firstLine reads a segment's header.
func ReadHeader(s Segment) (Header, error) {
	f, err := os.Open(s.Path)
	if err != nil {
		return Header{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	line, _, err := NewScanner(f, 0).Next()
	if err != nil {
		return Header{}, fmt.Errorf("%s: %w", SegmentName(s.Number), err)
	}
	_, h, err := ParseHeader(line)
	if err != nil {
		return Header{}, fmt.Errorf("%w: %s: %w", ErrBroken, SegmentName(s.Number), err)
	}
	return h, nil
}
