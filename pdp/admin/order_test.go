package admin_test

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pip"
)

// TestOneOfManyCarriesAnOrderOut.
func TestOneOfManyCarriesAnOrderOut(t *testing.T) {
	w := newWorld(t)
	o := admin.Order{Verdict: "spraying", Do: pdp.ActionBar, Address: netip.MustParseAddr("192.0.2.7"), Life: time.Minute}
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
	did, err := w.admin.CarryOut(t.Context(), admin.Order{Verdict: "flood", Do: pdp.ActionBan, Subject: w.account.ID, Life: time.Minute})
	bans, read := w.admin.Bans(t.Context())
	if err != nil || read != nil || !did || len(bans) != 1 || bans[0].Reason != "theft" {
		t.Errorf("got %t, %v and %+v, want the longer ban kept", did, err, bans)
	}
}

func TestAnOrderThatMakesNoSenseIsRefused(t *testing.T) {
	w := newWorld(t)
	for name, o := range map[string]admin.Order{
		"nobody":              {Verdict: "x", Do: pdp.ActionBan, Life: time.Minute},
		"no life":             {Verdict: "x", Do: pdp.ActionBan, Subject: w.account.ID},
		"no verdict":          {Do: pdp.ActionBan, Subject: w.account.ID, Life: time.Minute},
		"no action":           {Verdict: "x", Subject: w.account.ID, Life: time.Minute},
		"a ban of an address": {Verdict: "x", Do: pdp.ActionBan, Address: netip.MustParseAddr("192.0.2.7"), Life: time.Minute},
		"a bar of a subject":  {Verdict: "x", Do: pdp.ActionBar, Subject: w.account.ID, Life: time.Minute},
	} {
		if did, err := w.admin.CarryOut(t.Context(), o); did || err == nil {
			t.Errorf("%s: got %t, %v, want an error", name, did, err)
		}
	}
	// What was refused holds nothing: a proper order is carried out.
	if did, err := w.admin.CarryOut(t.Context(), admin.Order{Verdict: "x", Do: pdp.ActionStepUp, Subject: w.account.ID, Life: time.Minute}); !did || err != nil {
		t.Errorf("got %t, %v, want it carried out", did, err)
	}
}

// A bar is lifted for the whole network that it keeps out, after the evidence,
// and nothing else is.
func TestABarIsLifted(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	for _, o := range []admin.Order{
		{Verdict: "spraying", Do: pdp.ActionBar, Address: netip.MustParseAddr("2001:db8::7"), Life: time.Minute},
		{Verdict: "spraying", Do: pdp.ActionBar, Address: netip.MustParseAddr("192.0.2.7"), Life: time.Minute},
		{Verdict: "odd", Do: pdp.ActionStepUp, Subject: w.account.ID, Life: time.Minute},
	} {
		if did, err := w.admin.CarryOut(ctx, o); !did || err != nil {
			t.Fatalf("%+v: %t, %v", o, did, err)
		}
	}
	var kinds []string
	for after := ""; ; {
		held, next, err := w.admin.Restrictions(ctx, after, 1)
		if err != nil || len(held) != 1 {
			t.Fatalf("got %+v, %v, want one a page", held, err)
		}
		kind, who := pip.RestrictionOf(held[0].Account)
		kinds = append(kinds, kind+" "+who)
		if after = next; next == "" {
			break
		}
	}
	want := []string{"address 192.0.2.7", "address 2001:db8::", "step_up " + w.account.ID}
	if !slices.Equal(kinds, want) {
		t.Errorf("got %q, want %q", kinds, want)
	}
	lift := func(address string) error {
		return w.admin.LiftBar(ctx, admin.Client{}, "u-security", netip.MustParseAddr(address))
	}
	w.journal.err = errors.New("the disk is full")
	if err := lift("192.0.2.7"); !errors.Is(err, w.journal.err) {
		t.Errorf("without evidence: got %v", err)
	}
	w.journal.err = nil
	if err := errors.Join(lift("2001:db8::1:2"), lift("::ffff:192.0.2.7")); err != nil {
		t.Error(err)
	}
	for _, again := range []string{"2001:db8::7", "192.0.2.8", "2001:db8:0:1::7"} {
		if err := lift(again); err == nil {
			t.Errorf("%s: lifted, and was not barred", again)
		}
	}
	held, _, err := w.admin.Restrictions(ctx, "", 10)
	if err != nil || len(held) != 1 || held[0].Account != pip.OwesStepUp(w.account.ID) {
		t.Errorf("got %+v, %v, want the step-up alone", held, err)
	}
}

// What people are to be told and could not be journalled is told the next time, once.
func TestAnAlertThatIsNotJournalledIsRaisedAgain(t *testing.T) {
	w := newCheapWorld(t, sqldbtest.New(t))
	token := w.login().text("refresh_token")
	w.policy.goesOn.Obligations = []pdp.Obligation{{ID: "alert", Type: "alert", Properties: []byte(`{"seconds":3600,"reason":"claimed_drift"}`)}}
	w.clock.Pass(2 * time.Minute)
	client := admin.Client{UserAgent: laptop, Retry: "k-1"}
	w.journal.err = errors.New("the disk is full")
	if _, err := w.admin.Refresh(t.Context(), client, token); err == nil {
		t.Error("a refresh without a record")
	}
	w.journal.err = nil
	for range 2 {
		if _, err := w.admin.Refresh(t.Context(), client, token); err != nil {
			t.Fatal(err)
		}
	}
	raised := 0
	for _, e := range w.journal.events {
		if e.Action == "session.alert" && e.Alarm {
			raised++
		}
	}
	if raised != 1 {
		t.Errorf("raised %d times, want once", raised)
	}
}
