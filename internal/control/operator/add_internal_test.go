package operator

import (
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/pip"
)

// An operator's accounts are no weaker than those that people open: nothing is
// journalled or stored of one that is.
func TestAddChecksAsSignUpDoes(t *testing.T) {
	good := control.NewUser{Username: "chief", Email: "chief@hospital.test", Password: "a lamp on the third stair", Role: "doctor"}
	cases := []struct {
		name   string
		change func(*control.NewUser)
		want   string
	}{
		{"common password", func(u *control.NewUser) { u.Password = "Password12345" }, "password: expected a password that is not a common one"},
		{"short password", func(u *control.NewUser) { u.Password = "a lamp" }, "password: expected at least 10"},
		{"long password", func(u *control.NewUser) { u.Password = strings.Repeat("a lamp ", 11) }, "password: expected at least 10"},
		{"no address", func(u *control.NewUser) { u.Email = "chief" }, "email: expected"},
		{"address with a name", func(u *control.NewUser) { u.Email = "Chief <chief@hospital.test>" }, "email: expected"},
		{"odd username", func(u *control.NewUser) { u.Username = "chief/../../x" }, "username: expected"},
		{"no role", func(u *control.NewUser) { u.Role = "surgeon" }, "role is none of"},
	}
	o := &Operator{roles: func() pip.Roles { return pip.Roles{"doctor": {Kind: "staff"}} }}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			u := good
			c.change(&u)
			if _, err := o.Add(t.Context(), u); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
