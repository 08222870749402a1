package pdp_test

import (
	"net/netip"
	"testing"

	"github.com/wardgate/wardgate/pdp"
)

func TestOnSite(t *testing.T) {
	tables := pdp.Tables{Networks: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}}
	for address, want := range map[string]bool{
		"192.0.2.7": true, "::ffff:192.0.2.7": true, "2001:db8::1": true, "198.51.100.1": false, "2001:db9::1": false,
	} {
		if got := tables.OnSite(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: got %t, want %t", address, got, want)
		}
	}
	if tables.OnSite(netip.Addr{}) || new(pdp.Tables).OnSite(netip.MustParseAddr("192.0.2.7")) {
		t.Error("an address that is not known, or without networks, is on-site")
	}
}
