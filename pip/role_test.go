package pip_test

import (
	"slices"
	"testing"

	"github.com/wardgate/wardgate/pip"
)

func TestRoles(t *testing.T) {
	roles := pip.Roles{
		"nurse": {Kind: pip.RoleStaff, SignUp: true, Record: pip.RecordStaff},
		"siem":  {Kind: pip.RoleMachine, Record: pip.RecordNone},
		"clerk": {Kind: pip.RoleStaff, SignUp: true, Record: pip.RecordStaff},
	}
	if got := roles.Names(); !slices.Equal(got, []string{"clerk", "nurse", "siem"}) {
		t.Errorf("names: got %q", got)
	}
	if got := roles.SignUp(); !slices.Equal(got, []string{"clerk", "nurse"}) {
		t.Errorf("sign-up: got %q", got)
	}
	if got := roles.Of(pip.RoleMachine); !slices.Equal(got, []string{"siem"}) {
		t.Errorf("machines: got %q", got)
	}
	if got := roles["porter"]; got != (pip.Role{}) || got.SignUp || slices.Contains(pip.RoleKinds(), got.Kind) || slices.Contains(pip.Records(), got.Record) {
		t.Errorf("a role without a row: got %+v", got)
	}
	if got := pip.Roles(nil); got.Names() != nil || got["nurse"] != (pip.Role{}) {
		t.Error("the zero Roles know a role")
	}
}
