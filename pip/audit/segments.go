package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A segment is one file of a journal as it was found.
type segment struct {
	number int
	path   string
	size   int64
}

func segmentName(number int) string { return fmt.Sprintf("journal-%08d.log", number) }

// segmentNumber reads a segment's number from its name, and only from the one
// spelling that segmentName gives it.
func segmentNumber(name string) (int, bool) {
	digits, found := strings.CutPrefix(name, "journal-")
	digits, ended := strings.CutSuffix(digits, ".log")
	if !found || !ended {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil && n > 0 && name == segmentName(n)
}

// listSegments returns the segments of a folder in order. Whatever bears a
// segment's name without being a regular file is an error: reading it could
// block or lead elsewhere.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list journal: %w", err)
	}
	var out []segment
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
		out = append(out, segment{number, filepath.Join(dir, e.Name()), info.Size()})
	}
	slices.SortFunc(out, func(a, b segment) int { return a.number - b.number })
	return out, nil
}
