package audit_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/verify"
)

// FuzzJournal: whatever is put in a segment's place, nothing panics, and
// nothing but the original is called intact.
func FuzzJournal(f *testing.F) {
	dir := filled(f, 2, 0)
	path := segmentPath(dir, 1)
	segment := read(f, path)
	f.Add(uint16(0), uint16(0), []byte{})
	f.Add(uint16(70), uint16(1), []byte("\n"))
	f.Add(uint16(0), uint16(1<<15), []byte("{}"))
	f.Add(uint16(1<<15), uint16(0), bytes.ToUpper(segment))
	f.Fuzz(func(t *testing.T, offset, removed uint16, inserted []byte) {
		from := min(int(offset), len(segment))
		to := min(from+int(removed), len(segment))
		content := slices.Concat(segment[:from], inserted, segment[to:])
		write(t, path, content)
		report, err := verify.Folder(dir)
		if err != nil {
			t.Fatal(err)
		}
		if report.OK() != bytes.Equal(content, segment) {
			t.Errorf("OK is %v", report.OK())
		}
		for _, err := range reader.Read(context.Background(), dir, 0) {
			if err != nil {
				break
			}
		}
	})
}
