package sqlstore_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/sqlstore"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// twoProcesses are two stores over one database.
func twoProcesses(t *testing.T) [2]admin.OrderStore {
	t.Helper()
	db := sqldbtest.New(t)
	var both [2]admin.OrderStore
	for i := range both {
		s, err := sqlstore.New(t.Context(), db())
		if err != nil {
			t.Fatal(err)
		}
		both[i] = s
	}
	return both
}

// claims asks at noon and so long after, for an order that holds a minute.
func claims(t *testing.T, s admin.OrderStore, name string, after time.Duration) bool {
	t.Helper()
	now := noon.Add(after)
	mine, err := s.ClaimOrder(t.Context(), name, now, now.Add(time.Minute), now.Add(-10*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return mine
}

func TestOrdersAreClaimedOnceByAllProcesses(t *testing.T) {
	both := twoProcesses(t)
	const orders, each = 6, 8
	var claimed [orders]atomic.Int32
	var all sync.WaitGroup
	for i := range orders * each * len(both) {
		all.Go(func() {
			s, order := both[i%len(both)], i/len(both)%orders
			mine, err := s.ClaimOrder(context.Background(), fmt.Sprintf("flood u-%d", order), noon, noon.Add(time.Minute), noon.Add(-time.Second))
			if err != nil {
				t.Error(err)
			}
			if mine {
				claimed[order].Add(1)
			}
		})
	}
	all.Wait()
	for order := range claimed {
		if got := claimed[order].Load(); got != 1 {
			t.Errorf("order %d was claimed %d times, want once", order, got)
		}
	}
}

// An order is somebody else's to carry out when its time is over, when whoever
// began it has not finished it in time, or has given it back.
func TestOrdersEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		then func(context.Context, admin.OrderStore) error
		// whether the other process gets it after 1, 11 and 61 seconds
		want [3]bool
	}{
		"finished":              {func(ctx context.Context, s admin.OrderStore) error { return s.FinishOrder(ctx, "flood u-1") }, [3]bool{false, false, true}},
		"begun, and then death": {func(context.Context, admin.OrderStore) error { return nil }, [3]bool{false, true, true}},
		"given back":            {func(ctx context.Context, s admin.OrderStore) error { return s.DropOrder(ctx, "flood u-1") }, [3]bool{true, true, true}},
		"finished, then dropped": {func(ctx context.Context, s admin.OrderStore) error {
			if err := s.FinishOrder(ctx, "flood u-1"); err != nil {
				return err
			}
			return s.DropOrder(ctx, "flood u-1")
		}, [3]bool{false, false, true}},
	} {
		for i, after := range []time.Duration{time.Second, 11 * time.Second, 61 * time.Second} {
			t.Run(fmt.Sprint(name, ", after ", after), func(t *testing.T) {
				both := twoProcesses(t)
				if !claims(t, both[0], "flood u-1", 0) {
					t.Fatal("the first claim is refused")
				}
				if err := tt.then(t.Context(), both[0]); err != nil {
					t.Fatal(err)
				}
				if got := claims(t, both[1], "flood u-1", after); got != tt.want[i] {
					t.Errorf("got %t, want %t", got, tt.want[i])
				}
				if !claims(t, both[1], "flood u-2", after) {
					t.Error("an order about somebody else is refused")
				}
			})
		}
	}
}
