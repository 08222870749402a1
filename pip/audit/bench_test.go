package audit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/chain"
)

func benchEvent() pip.Event {
	e := event("0195f3a0-0000-7000-8000-000000000001")
	e.Role, e.Session, e.Method, e.Path = "doctor", "0195f3a0-0000-7000-8000-000000000002", "GET", "/api/patients/p-1"
	e.Address, e.Reasons, e.Revision = "10.1.2.3", []string{"care_relation"}, strings.Repeat("ab", 32)
	e.Ages = map[string]int64{"revocation": 120, "identity": 5000, "care": 900, "device": 0}
	e.Input = json.RawMessage(`{"subject":{"id":"u-osei","role":"doctor"},"pad":"` + strings.Repeat("x", 700) + `"}`)
	return e
}

func BenchmarkEncode(b *testing.B) {
	for _, withInput := range []bool{false, true} {
		b.Run(fmt.Sprintf("input=%v", withInput), func(b *testing.B) {
			e := benchEvent()
			if !withInput {
				e.Input = nil
			}
			b.ReportAllocs()
			var buffer []byte
			for b.Loop() {
				var err error
				if buffer, err = chain.AppendEvent(append(buffer[:0], '{'), &e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("encoding/json", func(b *testing.B) {
		e := benchEvent()
		for b.Loop() {
			if _, err := json.Marshal(e); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// unsyncedDisk shows what the journal costs besides waiting for the disk.
type unsyncedDisk struct{}

type unsyncedFile struct{ *os.File }

func (unsyncedDisk) Open(path string, flag int) (audit.File, error) {
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return unsyncedFile{f}, nil
}

func (unsyncedDisk) Remove(path string) error { return os.Remove(path) }
func (unsyncedDisk) SyncDir(string) error     { return nil }
func (unsyncedFile) Sync() error              { return nil }

func BenchmarkAppend(b *testing.B) {
	for _, disk := range []struct {
		name string
		disk audit.Disk
	}{{"durable", nil}, {"unsynced", unsyncedDisk{}}} {
		for _, callers := range []int{1, 32, 256} {
			b.Run(fmt.Sprintf("%s/callers=%d", disk.name, callers), func(b *testing.B) {
				j := open(b, audit.Config{Dir: b.TempDir(), Disk: disk.disk})
				e := benchEvent()
				b.ReportAllocs()
				b.ResetTimer()
				var left atomic.Int64
				left.Store(int64(b.N))
				var wg sync.WaitGroup
				for range callers {
					wg.Go(func() {
						for left.Add(-1) >= 0 {
							if err := j.Append(context.Background(), e); err != nil {
								b.Error(err)
							}
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "appends/s")
				closeJournal(b, j)
			})
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	dir := b.TempDir()
	j := open(b, audit.Config{Dir: dir, Disk: unsyncedDisk{}})
	e := benchEvent()
	for range 10_000 {
		if err := j.Append(context.Background(), e); err != nil {
			b.Fatal(err)
		}
	}
	closeJournal(b, j)
	for b.Loop() {
		wantIntact(b, dir)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/record")
}
