package identity_test

import "github.com/wardgate/wardgate/pip"

func roles() pip.Roles {
	return pip.Roles{
		"doctor":   {Kind: pip.RoleStaff, SignUp: true, Record: pip.RecordStaff},
		"nurse":    {Kind: pip.RoleStaff, SignUp: true, Record: pip.RecordStaff},
		"patient":  {Kind: pip.RolePatient, SignUp: true, Record: pip.RecordPatient},
		"security": {Kind: pip.RoleOfficer, Record: pip.RecordNone},
		"machine":  {Kind: pip.RoleMachine, Record: pip.RecordNone},
	}
}
