package revocation_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/revocation"
)

// BenchmarkGather shows that what a decision asks the list costs the same for a
// hundred ended sessions as for a million.
func BenchmarkGather(b *testing.B) {
	for _, n := range []int{100, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l := revocation.New()
			var r pip.Revocations
			until := time.Now().Add(time.Hour)
			for range n {
				r.Sessions = append(r.Sessions, pip.EndedSession{Session: uuid.NewString(), Until: until})
			}
			if err := l.Restore(l.Inquire(), r); err != nil {
				b.Fatal(err)
			}
			q := pip.Query{Now: time.Now(), Subject: "u-1", Session: uuid.NewString()}
			b.ReportAllocs()
			for b.Loop() {
				if r, err := l.Measure(&q); err != nil || r.Session {
					b.Fatal("a session that nobody ended was revoked")
				}
			}
		})
	}
}
