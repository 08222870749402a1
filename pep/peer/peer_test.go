package peer_test

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pep/peer"
)

func proxies(t testing.TB, networks ...string) peer.Proxies {
	t.Helper()
	var p peer.Proxies
	for _, n := range networks {
		p = append(p, netip.MustParsePrefix(n))
	}
	return p
}

func TestTheClientIsTheFirstHopFromTheRightThatIsNoProxy(t *testing.T) {
	const unknown, ambiguous = "", "ambiguous"
	p := proxies(t, "10.0.0.0/24", "2001:db8:1::/64")
	for _, tt := range []struct {
		name, remote string
		lists        []string // X-Forwarded-For
		forwarded    []string
		want         string
	}{
		{"no proxy", "192.0.2.1:1", nil, nil, "192.0.2.1"},
		{"no proxy, and its claims", "192.0.2.1:1", []string{"10.1.1.1"}, []string{"for=10.1.1.1"}, "192.0.2.1"},
		{"no proxy, and garbage", "192.0.2.1:1", []string{"x, \x01"}, []string{"="}, "192.0.2.1"},
		{"one hop", "10.0.0.1:1", []string{"192.0.2.1"}, nil, "192.0.2.1"},
		{"a forged one before it", "10.0.0.1:1", []string{"172.16.0.1, 192.0.2.1"}, nil, "192.0.2.1"},
		{"through two proxies", "10.0.0.1:1", []string{"172.16.0.1,192.0.2.1 , 10.0.0.2"}, nil, "192.0.2.1"},
		{"in two lines", "10.0.0.1:1", []string{"172.16.0.1, 192.0.2.1", "10.0.0.2"}, nil, "192.0.2.1"},
		{"the proxy's own address in IPv6", "[2001:db8:1::1]:1", []string{"2001:db8::7"}, nil, "2001:db8::7"},
		{"an IPv4 address in IPv6", "[::ffff:10.0.0.1]:1", []string{"::ffff:192.0.2.1"}, nil, "192.0.2.1"},
		{"ports", "10.0.0.1:1", []string{"192.0.2.9:80, [2001:db8::7]:443"}, nil, "2001:db8::7"},
		{"nobody is named", "10.0.0.1:1", nil, nil, unknown},
		{"proxies alone are named", "10.0.0.1:1", []string{"10.0.0.7, 10.0.0.2"}, nil, unknown},
		{"unknown", "10.0.0.1:1", []string{"172.16.0.1, unknown"}, nil, unknown},
		{"unknown, left of the client", "10.0.0.1:1", []string{"unknown, 192.0.2.1"}, nil, "192.0.2.1"},
		{"nothing", "10.0.0.1:1", []string{""}, nil, ambiguous},
		{"an empty item", "10.0.0.1:1", []string{"192.0.2.1,"}, nil, ambiguous},
		{"a name", "10.0.0.1:1", []string{"client.test"}, nil, ambiguous},
		{"garbage left of the client", "10.0.0.1:1", []string{"<b>, 192.0.2.1"}, nil, ambiguous},
		{"a zone", "10.0.0.1:1", []string{"fe80::1%eth0"}, nil, ambiguous},
		{"nobody's address", "10.0.0.1:1", []string{"0.0.0.0"}, nil, ambiguous},
		{"everybody's address", "10.0.0.1:1", []string{"224.0.0.1"}, nil, ambiguous},
		{"no port", "10.0.0.1:1", []string{"192.0.2.1:"}, nil, ambiguous},
		{"a port of letters", "10.0.0.1:1", []string{"192.0.2.1:http"}, nil, ambiguous},
		{"too many hops", "10.0.0.1:1", []string{strings.TrimSuffix(strings.Repeat("192.0.2.1, ", 17), ", ")}, nil, ambiguous},
		{"as many as may be", "10.0.0.1:1", []string{strings.TrimSuffix(strings.Repeat("192.0.2.1, ", 16), ", ")}, nil, "192.0.2.1"},
		{"too many in many lines", "10.0.0.1:1", slices.Repeat([]string{"192.0.2.1"}, 17), nil, ambiguous},
		{"too long", "10.0.0.1:1", []string{strings.Repeat(" ", 2<<10) + "192.0.2.1"}, nil, ambiguous},

		{"Forwarded", "10.0.0.1:1", nil, []string{"for=192.0.2.1"}, "192.0.2.1"},
		{"Forwarded with more", "10.0.0.1:1", nil, []string{`for=172.16.0.1, by=_x;For="192.0.2.1:443";proto=https; host="a,b;c"`}, "192.0.2.1"},
		{"Forwarded, IPv6", "10.0.0.1:1", nil, []string{`for="[2001:db8::7]:4711"`}, "2001:db8::7"},
		{"Forwarded through two proxies", "10.0.0.1:1", nil, []string{"for=192.0.2.1", "for=10.0.0.2"}, "192.0.2.1"},
		{"Forwarded, hidden", "10.0.0.1:1", nil, []string{"for=_gazonk"}, unknown},
		{"Forwarded, unknown", "10.0.0.1:1", nil, []string{"for=172.16.0.1, for=unknown"}, unknown},
		{"Forwarded without for", "10.0.0.1:1", nil, []string{"for=172.16.0.1, proto=https"}, unknown},
		{"Forwarded, for twice", "10.0.0.1:1", nil, []string{"for=192.0.2.1;for=192.0.2.2"}, ambiguous},
		{"Forwarded, IPv6 without brackets", "10.0.0.1:1", nil, []string{`for="2001:db8::7"`}, ambiguous},
		{"Forwarded, a quote that stays open", "10.0.0.1:1", nil, []string{`for="192.0.2.1`}, ambiguous},
		{"Forwarded, an escape", "10.0.0.1:1", nil, []string{`for="192.0.2.\1"`}, ambiguous},
		{"Forwarded, text behind a value", "10.0.0.1:1", nil, []string{`for="192.0.2.1"x`}, ambiguous},
		{"Forwarded, nothing", "10.0.0.1:1", nil, []string{""}, ambiguous},
		{"Forwarded, an empty element", "10.0.0.1:1", nil, []string{"for=192.0.2.1,"}, ambiguous},
		{"Forwarded, an empty pair", "10.0.0.1:1", nil, []string{"for=192.0.2.1;"}, ambiguous},
		{"Forwarded, a bare address", "10.0.0.1:1", nil, []string{"192.0.2.1"}, ambiguous},

		{"both agree", "10.0.0.1:1", []string{"172.16.0.1, 192.0.2.1"}, []string{"for=192.0.2.1"}, "192.0.2.1"},
		{"both disagree", "10.0.0.1:1", []string{"192.0.2.1"}, []string{"for=172.16.0.1"}, ambiguous},
		{"one knows, the other does not", "10.0.0.1:1", []string{"192.0.2.1"}, []string{"for=unknown"}, ambiguous},
		{"one is sound, the other is not", "10.0.0.1:1", []string{"192.0.2.1"}, []string{"for"}, ambiguous},
		{"no address at all", "@", []string{"172.16.0.1"}, nil, unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{}}
			if tt.lists != nil {
				r.Header["X-Forwarded-For"] = tt.lists
			}
			if tt.forwarded != nil {
				r.Header["Forwarded"] = tt.forwarded
			}
			got, one := p.Client(r)
			var want netip.Addr
			if tt.want != unknown && tt.want != ambiguous {
				want = netip.MustParseAddr(tt.want)
			}
			if got != want && tt.want != ambiguous || one != (tt.want != ambiguous) {
				t.Errorf("got %v, %t; want %q", got, one, tt.want)
			}
		})
	}
}

func TestAProxyIsNobodysClient(t *testing.T) {
	p := proxies(t, "10.0.0.0/24")
	if a := netip.MustParseAddr("::ffff:10.0.0.1"); p.Own(a).IsValid() || !p.Has(a) {
		t.Error("a proxy's address counts as a client's")
	}
	if a := netip.MustParseAddr("10.0.1.1"); p.Own(a) != a {
		t.Error("a client's address is lost")
	}
	if p.Has(netip.Addr{}) || peer.Proxies(nil).Has(netip.MustParseAddr("10.0.0.1")) {
		t.Error("what is no address, or without proxies, is a proxy")
	}
}

// FuzzClient holds that no header makes an address of a proxy the client's, and
// that reading ends.
func FuzzClient(f *testing.F) {
	f.Add("192.0.2.1, 10.0.0.2", `for="[2001:db8::7]:4711";by=_x, for=10.0.0.2`)
	p := proxies(f, "10.0.0.0/24")
	f.Fuzz(func(t *testing.T, list, forwarded string) {
		r := &http.Request{RemoteAddr: "10.0.0.1:1", Header: http.Header{"X-Forwarded-For": {list}, "Forwarded": {forwarded}}}
		if a, one := p.Client(r); one && (p.Has(a) || a.Is4In6() || a.Zone() != "") {
			t.Errorf("%q, %q: got %v", list, forwarded, a)
		}
	})
}
