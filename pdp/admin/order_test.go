package admin_test

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

// TestOneOfManyCarriesAnOrderOut.
func TestOneOfManyCarriesAnOrderOut(t *testing.T) {
	w := newWorld(t)
	o := admin.Order{Verdict: "spraying", Do: pdp.DeedBar, Address: netip.MustParseAddr("192.0.2.7"), Life: time.Minute}
	var first atomic.Int32
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			did, err := w.admin.CarryOut(t.Context(), o)
			if err != nil {
				t.Error(err)
			}
			if did {
				first.Add(1)
			}
		})
	}
	all.Wait()
	bans, err := w.admin.Bans(t.Context())
	if err != nil || first.Load() != 1 || len(bans) != 1 || bans[0].Account != pip.BarredAddress(o.Address) || bans[0].By != "sentinel" {
		t.Errorf("got %d first and %+v (%v), want one bar", first.Load(), bans, err)
	}
}

// TestAVerdictShortensNobodysBan.
func TestAVerdictShortensNobodysBan(t *testing.T) {
	w := newWorld(t)
	if err := w.admin.Ban(t.Context(), admin.Client{}, "u-security", w.account.ID, 24*time.Hour, "theft"); err != nil {
		t.Fatal(err)
	}
	did, err := w.admin.CarryOut(t.Context(), admin.Order{Verdict: "flood", Do: pdp.DeedBan, Subject: w.account.ID, Life: time.Minute})
	bans, read := w.admin.Bans(t.Context())
	if err != nil || read != nil || !did || len(bans) != 1 || bans[0].Reason != "theft" {
		t.Errorf("got %t, %v and %+v, want the longer ban kept", did, err, bans)
	}
}

func TestAnOrderThatMakesNoSenseIsRefused(t *testing.T) {
	w := newWorld(t)
	for name, o := range map[string]admin.Order{
		"nobody":              {Verdict: "x", Do: pdp.DeedBan, Life: time.Minute},
		"no life":             {Verdict: "x", Do: pdp.DeedBan, Subject: w.account.ID},
		"no verdict":          {Do: pdp.DeedBan, Subject: w.account.ID, Life: time.Minute},
		"no deed":             {Verdict: "x", Subject: w.account.ID, Life: time.Minute},
		"a ban of an address": {Verdict: "x", Do: pdp.DeedBan, Address: netip.MustParseAddr("192.0.2.7"), Life: time.Minute},
		"a bar of a subject":  {Verdict: "x", Do: pdp.DeedBar, Subject: w.account.ID, Life: time.Minute},
	} {
		if did, err := w.admin.CarryOut(t.Context(), o); did || err == nil {
			t.Errorf("%s: got %t, %v, want an error", name, did, err)
		}
	}
	// What was refused holds nothing: a proper order is carried out.
	if did, err := w.admin.CarryOut(t.Context(), admin.Order{Verdict: "x", Do: pdp.DeedStepUp, Subject: w.account.ID, Life: time.Minute}); !did || err != nil {
		t.Errorf("got %t, %v, want it carried out", did, err)
	}
}
