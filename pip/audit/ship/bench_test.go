package ship_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/ship"
)

// nowhere takes everything and keeps nothing.
type nowhere struct{}

func (nowhere) Send(context.Context, []ship.Document) ([]ship.Refusal, error) { return nil, nil }

// BenchmarkShip is one record from the journal to a sink that costs nothing;
// BenchmarkRead is the same journal merely read and checked, to compare with.
func BenchmarkShip(b *testing.B) {
	dir := benchJournal(b, b.N)
	s := newShipper(b, dir, nowhere{}, ship.Config{})
	b.ReportAllocs()
	b.ResetTimer()
	run(b, s)
	await(b, "everything is shipped", func() bool { return s.Position().Seq >= uint64(b.N) })
}

func BenchmarkRead(b *testing.B) {
	dir := benchJournal(b, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for _, err := range reader.Read(context.Background(), filepath.Join(dir, "journal"), 0) {
		if err != nil {
			b.Fatal(err)
		}
	}
}

func benchJournal(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	j, err := audit.Open(audit.Config{Dir: filepath.Join(dir, "journal")})
	if err != nil {
		b.Fatal(err)
	}
	put(b, j, 0, n)
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	return dir
}
