package sqlstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/sqlstore"
)

// However many devices an account signs in from, the newest fifty are known.
func TestDevicesGiveWayToNewOnes(t *testing.T) {
	ctx := t.Context()
	s, err := sqlstore.New(ctx, sqldbtest.New(t)())
	if err != nil {
		t.Fatal(err)
	}
	familiar := func(device string) admin.Known {
		t.Helper()
		known, err := s.Familiar(ctx, "u-1", device, "n", time.Time{}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return known
	}
	if got := familiar("d-0"); got != (admin.Known{}) {
		t.Errorf("before the first: got %+v", got)
	}
	for i := range 52 {
		at := noon.Add(time.Duration(i) * time.Minute)
		from := admin.Sighting{Account: "u-1", Device: fmt.Sprint("d-", i), New: true, Crowded: familiar("").Crowded, Network: "n", Place: "p", At: at}
		if err := s.Sight(ctx, from); err != nil {
			t.Fatal(err)
		}
		want := admin.Known{Device: true, Network: true, Crowded: i >= 49, Last: admin.Arrival{Place: "p", At: at}}
		if got := familiar(from.Device); got != want {
			t.Errorf("device %d: got %+v, want %+v", i, got, want)
		}
	}
	for device, want := range map[string]bool{"d-1": false, "d-2": true, "d-51": true} {
		if got := familiar(device).Device; got != want {
			t.Errorf("%s: known %t, want %t", device, got, want)
		}
	}
	again := admin.Sighting{Account: "u-1", Device: "d-2", Crowded: true, Network: "n", At: noon.Add(24 * time.Hour)}
	if err := s.Sight(ctx, again); err != nil || !familiar("d-3").Device {
		t.Errorf("a known device that comes again drove another one out, or %v", err)
	}
}
