package stories_test

import (
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// An officer disables, links and changes accounts after a fresh factor; the
// operator does on the machine, without one.
func TestAccountsAreManagedFromBothSides(t *testing.T) {
	w := rig.New(t, nil)
	doctor, other := w.As("doctor"), w.As("doctor2")
	officer := w.As("security")
	path := func(name string) string { return "/api/admin/users/" + officer.User(name).ID }
	id := path("doctor")
	for _, what := range []string{"/disable", "/enable", "/unlink"} {
		officer.Post(id+what, map[string]string{}).Denied(401, "step_up_required")
		doctor.Post(path("doctor2")+what, map[string]string{}) // ends the doctor's session
		doctor = w.As("doctor")
	}
	officer.Do("PATCH", id, map[string]string{"username": "x2"}).Denied(401, "step_up_required")
	elevated := officer.SteppedUp()

	staff := staffOf(other)
	elevated.Post(id+"/link", map[string]string{"staff_id": staff}).Denied(409, "staff_taken")
	elevated.Post(path("security")+"/disable", map[string]string{}).Denied(403, "own_account")
	elevated.Do("PATCH", id, map[string]string{"email": "osei@demo.hospital.test"}).Is(204)
	for _, to := range []string{"doctor@demo.hospital.test", "osei@demo.hospital.test"} {
		if !w.HasMail(to, "By: security") {
			t.Errorf("%s was not told", to)
		}
	}
	elevated.Post(id+"/disable", map[string]string{}).Is(204)
	rig.Until(t, "the end of a disabled account's session", func() bool { return doctor.Get("/api/me").Status != 200 })
	doctor.Get("/api/me").Denied(401, "session_revoked")
	w.Anonymous().Post("/auth/login", map[string]string{"email": "osei@demo.hospital.test", "password": rig.DemoPassword}).Denied(401, "credentials_invalid")

	command := func(code int, args ...string) string {
		t.Helper()
		got, said := rig.Command(append(append([]string{"user"}, args...), "--data", w.Data)...)
		if got != code {
			t.Errorf("user %v: got %d, %s", args, got, said)
		}
		return said
	}
	command(0, "enable", "doctor")
	command(0, "change", "doctor", "--username", "osei")
	command(1, "disable", "security")
	command(1, "link", "osei", "--staff", staff)
	command(1, "change", "osei", "--role", "nurse")
	command(0, "unlink", "osei")
	command(0, "change", "osei", "--role", "nurse")
	command(0, "remove-app", "osei")
	// What stands behind an account is remembered for a second, and longer while it is read slowly.
	osei := w.From("osei", "")
	rig.Until(t, "the account is let in again", func() bool {
		session, a := osei.SignIn("", nil)
		if osei.Token = session.Access; a.Status != 200 {
			a.Denied(403, "account_inactive")
		}
		return a.Status == 200
	})
	osei.Get("/api/me").Is(200)
}

// staffOf is the id of somebody's own staff record.
func staffOf(p *rig.Person) string {
	var me struct {
		Staff string `json:"staff_id"`
	}
	p.Get("/api/me").Is(200).Into(&me)
	return me.Staff
}
