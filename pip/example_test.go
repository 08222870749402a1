package pip_test

import (
	"fmt"
	"net/netip"

	"github.com/wardgate/wardgate/pip"
)

// What is not known is unknown: it never means "low" or "none".
func ExampleReading() {
	var r pip.Reading
	fmt.Println(r.State)
	r = pip.Reading{Source: "care", State: pip.Fresh}
	fmt.Println(r.Source, r.State)
	// Output:
	// unknown
	// care fresh
}

// A role without a row is nobody's.
func ExampleRoles() {
	roles := pip.Roles{
		"doctor":   {Kind: pip.RoleStaff, SignUp: true, Record: pip.RecordStaff},
		"security": {Kind: pip.RoleOfficer, Record: pip.RecordNone},
	}
	fmt.Println(roles.SignUp(), roles["docter"].SignUp)
	// Output: [doctor] false
}

// An IPv6 client owns its whole /64, and is barred with it.
func ExampleBarredAddress() {
	one, other := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	fmt.Println(pip.BarredAddress(one) == pip.BarredAddress(other))
	fmt.Println(pip.RestrictionOf(pip.BarredAddress(netip.MustParseAddr("192.0.2.7"))))
	// Output:
	// true
	// address 192.0.2.7
}
