//go:build integration

package elastic_test

import (
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/ship"
	"github.com/wardgate/wardgate/pip/audit/ship/elastic"
)

// BenchmarkShip is one record from the journal to Elasticsearch.
func BenchmarkShip(b *testing.B) {
	s := realserver.Elasticsearch(b)
	stream := prepare(b, s)
	dir := b.TempDir()
	j, err := audit.Open(audit.Config{Dir: filepath.Join(dir, "journal")})
	if err != nil {
		b.Fatal(err)
	}
	put(b, j, 0, b.N)
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
	client, err := elastic.Connect(elastic.Server{Addresses: []string{s.URL}})
	if err != nil {
		b.Fatal(err)
	}
	shipper, err := ship.New(ship.Parts{
		Name: "elasticsearch", Journal: filepath.Join(dir, "journal"), State: filepath.Join(dir, "ship"),
		Sink: elastic.New(client, stream), Encode: encode,
	}, ship.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	stop := run(b, shipper)
	await(b, "everything is shipped", shipper, func(st ship.Status) bool { return st.Shipped >= uint64(b.N) })
	b.StopTimer()
	stop()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
