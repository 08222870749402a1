package admin_test

import (
	"net/netip"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

func roles() pip.Roles {
	return pip.Roles{
		"doctor":   {Kind: pip.RoleStaff, SignUp: true, Record: pip.RecordStaff},
		"nurse":    {Kind: pip.RoleStaff, SignUp: true, Record: pip.RecordStaff},
		"patient":  {Kind: pip.RolePatient, SignUp: true, Record: pip.RecordPatient},
		"security": {Kind: pip.RoleOfficer, Record: pip.RecordNone},
		"machine":  {Kind: pip.RoleMachine, Record: pip.RecordNone},
	}
}

func tables() *pdp.Tables {
	return &pdp.Tables{Revision: "r1", Roles: roles(), Reasons: pdp.Reasons{
		"identity_unknown":   {Class: pdp.ClassUnavailable, Status: 503},
		"revocation_unknown": {Class: pdp.ClassUnavailable, Status: 503},
		"location_drifted":   {Class: pdp.ClassPlace, Status: 403, Alarm: true},
	}, Rows: map[string]pip.Networks{
		"hospital": {netip.MustParsePrefix("127.0.0.1/32")}, "labs": {netip.MustParsePrefix("10.1.0.0/16")},
	}}
}
