package signals_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
)

// TestLedgerCountsAsTheMemoryDoes: whatever arrives, late or early, and however
// often it is asked, what was taken back leaves what adding everything up gives.
func TestLedgerCountsAsTheMemoryDoes(t *testing.T) {
	for seed := range uint64(20) {
		draw := rand.New(rand.NewPCG(seed, 1))
		var ledger signals.Ledger
		var memory signals.Memory
		when := noon
		for step := range uint64(200) {
			when = when.Add(time.Duration(draw.IntN(60_000)) * time.Millisecond)
			b := signals.Batch{Origin: "a", Number: step + 1}
			for range draw.IntN(4) {
				b.Tallies = append(b.Tallies, drawn(draw, when))
			}
			for i := range b.Tallies {
				ledger.Add(&b.Tallies[i])
			}
			if err := memory.Add(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			want, err := memory.Counts(t.Context(), when)
			if err != nil {
				t.Fatal(err)
			}
			if got, whole := ledger.Counts(when); !whole || !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, step %d: got %+v, %t, want %+v", seed, step, got, whole, want)
			}
		}
		if _, whole := ledger.Counts(when.Add(-time.Hour)); whole {
			t.Error("a window that was taken back is called whole")
		}
	}
}

func drawn(draw *rand.Rand, when time.Time) signals.Tally {
	t := signals.Tally{
		Who:  []signals.Who{{Subject: "u-1"}, {Subject: "u-2"}, {Address: "192.0.2.7"}}[draw.IntN(3)],
		Slot: when.Add(-time.Duration(draw.IntN(720)-20) * time.Second).Truncate(signals.Slot),
	}
	n := func() int { return draw.IntN(3) }
	right, other := n(), n()
	t.Counts = signals.Counts{
		Requests: n(), Denials: right + other, DenialsByKind: pip.DenialKinds{Right: right, Other: other}, Predictions: n(), OffHours: n(),
		FailedLogIns: n(), Nameless: n(), NewDevice: n(), NewCountry: n(), ImpossibleTravel: n(),
	}
	for range n() {
		t.Patients = append(t.Patients, fmt.Sprint("p-", draw.IntN(5)))
		t.Accounts = append(t.Accounts, fmt.Sprint("u-", draw.IntN(5)))
	}
	if n() == 0 {
		t.External = map[string]int{"malware": 1, "failed_log_in": 1 + n()}
	}
	return t
}

func TestFiguresAndBack(t *testing.T) {
	var f signals.Figures
	for i := range f {
		f[i] = int32(i + 1)
	}
	c := f.Counts()
	if got := c.Figures(); got != f {
		t.Errorf("got %v, want %v", got, f)
	}
}
