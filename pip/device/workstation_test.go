package device_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/device"
	"github.com/wardgate/wardgate/pip/piptest"
)

// A workstation is one in its own row of the table of networks, and a tap counts there for
// as long as the table says.
func TestWorkstation(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	networks := map[string]any{"ward": []string{"10.7.0.0/24"}, "labs": []string{"10.8.0.0/24"}}
	tables := map[string]any{"networks": networks, "thresholds": map[string]any{"tap_seconds": 300}}
	never := map[string]any{"networks": networks, "thresholds": map[string]any{}}
	station := func(network string, tapped time.Time) *pip.Workstation {
		return &pip.Workstation{ID: "w-1", Network: network, Tapped: tapped}
	}
	for _, tt := range []struct {
		name    string
		at      *pip.Workstation
		address string
		tables  map[string]any
		want    [2]string
	}{
		{"none", nil, "10.7.0.9", tables, [2]string{"none", ""}},
		{"in its row", station("ward", time.Time{}), "10.7.0.9", tables, [2]string{"registered", "none"}},
		{"IPv4 in IPv6", station("ward", time.Time{}), "::ffff:10.7.0.9", tables, [2]string{"registered", "none"}},
		{"in another row", station("ward", time.Time{}), "10.8.0.9", tables, [2]string{"elsewhere", ""}},
		{"a row that is gone", station("attic", time.Time{}), "10.7.0.9", tables, [2]string{"elsewhere", ""}},
		{"no row", station("", time.Time{}), "10.7.0.9", tables, [2]string{"elsewhere", ""}},
		{"no address", station("ward", time.Time{}), "", tables, [2]string{"elsewhere", ""}},
		{"just tapped", station("ward", now), "10.7.0.9", tables, [2]string{"registered", "fresh"}},
		{"tapped on a clock ahead", station("ward", now.Add(20*time.Second)), "10.7.0.9", tables, [2]string{"registered", "fresh"}},
		{"tapped tomorrow", station("ward", now.Add(24*time.Hour)), "10.7.0.9", tables, [2]string{"registered", "expired"}},
		{"tapped a while ago", station("ward", now.Add(-300*time.Second)), "10.7.0.9", tables, [2]string{"registered", "expired"}},
		{"tapped elsewhere", station("ward", now), "10.8.0.9", tables, [2]string{"elsewhere", ""}},
		{"where no tap counts", station("ward", now), "10.7.0.9", never, [2]string{"registered", "expired"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSource(t)
			seen := s.Observe(firefox, netip.Addr{})
			seen.Workstation = tt.at
			sealed, err := s.Seal("t-1", seen)
			if err != nil {
				t.Fatal(err)
			}
			q := pip.Query{Now: now, Session: "x", TokenID: "t-1", Footprint: sealed, UserAgent: firefox}
			if tt.address != "" {
				q.Address = netip.MustParseAddr(tt.address)
			}
			for range 2 { // opened, and remembered
				w := piptest.For(t, device.Section(), tt.tables)
				if err := s.Gather(context.Background(), &q, &pip.Facts{}, w); err != nil {
					t.Fatal(err)
				}
				if got := [2]string{w.Text("workstation"), w.Text("tap")}; got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
			}
		})
	}
}

// What is not known is no "none".
func TestWorkstationOfAForgedTokenIsNotKnown(t *testing.T) {
	w := piptest.For(t, device.Section(), nil)
	q := pip.Query{Session: "x", TokenID: "t-1", Footprint: "forged"}
	if err := newSource(t).Gather(context.Background(), &q, &pip.Facts{}, w); err == nil {
		t.Error("a forged footprint was taken")
	}
	if w.Text("workstation") != "" || w.Text("tap") != "" {
		t.Errorf("got %v", w.Said)
	}
}
