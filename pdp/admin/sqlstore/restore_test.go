package sqlstore_test

import (
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqldbtest"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/admin/sqlstore"
	"github.com/wardgate/wardgate/pip"
)

// What an older copy of sessions says ends, what was ordered holds, and every list asks
// for all of it.
func TestRestoredSessions(t *testing.T) {
	ctx := t.Context()
	s, err := sqlstore.New(ctx, sqldbtest.New(t)())
	if err != nil {
		t.Fatal(err)
	}
	const id = "01951234-0000-7000-8000-000000000001"
	live := admin.Session{ID: id, Account: "u-1", Created: noon, IdleUntil: noon.Add(time.Hour), Until: noon.Add(time.Hour)}
	if err := s.Begin(ctx, live, admin.Refresh{Hash: "h", Session: id, Issued: noon}); err != nil {
		t.Fatal(err)
	}
	if err := s.Ban(ctx, admin.Ban{Account: "u-2", Until: noon.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := s.AddMachineKey(ctx, "u-3", "k", noon); err != nil {
		t.Fatal(err)
	}
	before, err := s.Revoked(ctx, pip.Mark{}, noon, noon)
	if err != nil {
		t.Fatal(err)
	}
	r := admin.Restoration{
		Over: noon, Bans: []admin.Ban{{Account: "u-1", Reason: "r", By: "b", Created: noon, Until: noon.Add(time.Hour)}},
		Lifted: []string{"u-2"}, Machines: map[string]time.Time{"u-3": noon},
	}
	for range 2 { // as often as it takes
		if err := s.Restore(ctx, r, noon); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := s.Session(ctx, id); err != nil || v.Live(noon) {
		t.Errorf("the session lives on: %+v %v", v, err)
	}
	after, err := s.Revoked(ctx, before.Mark, noon, noon)
	if err != nil || after.Since != (pip.Mark{}) || len(after.Bans) != 1 || after.Bans[0].Account != "u-1" || len(after.Ended) != 1 {
		t.Errorf("got %+v %v, want all of it anew", after, err)
	}
	if _, err := s.MachineOf(ctx, "k"); err == nil {
		t.Error("a machine's key that was taken away is good again")
	}
}
