package stories_test

import (
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// A nurse has lost the phone: an officer lets her in for the shift, and she adds
// another app; the operator does the same for an officer.
func TestStaffWithoutAFactorGetAPass(t *testing.T) {
	w := rig.New(t, nil)
	officer := w.As("security")
	pass := "/api/admin/users/" + officer.User("nurse").ID + "/pass"
	officer.Post(pass, map[string]string{}).Denied(401, "step_up_required")
	w.As("doctor").Post("/api/passes", map[string]string{"username": "nurse"}).Denied(401, "step_up_required")
	w.As("patient").Post("/api/passes", map[string]string{"username": "nurse"}).Denied(403, "role_forbidden")
	var issued struct {
		Code string `json:"code"`
	}
	officer.SteppedUp().Post(pass, map[string]string{}).Is(200).Into(&issued)
	if !w.HasMail("nurse@demo.hospital.test", "By: security") {
		t.Error("the nurse was not told")
	}
	enter := func(name, code string) *rig.Person {
		t.Helper()
		var c struct{ Challenge string }
		stranger := w.Anonymous()
		stranger.Post("/auth/login", map[string]string{"email": name + "@demo.hospital.test", "password": rig.DemoPassword}).Is(200).Into(&c)
		var tokens struct {
			AccessToken string `json:"access_token"`
		}
		stranger.Post("/auth/login/verify", map[string]string{"challenge": c.Challenge, "code": code}).Is(200).Into(&tokens)
		return &rig.Person{World: w, Name: name, Token: tokens.AccessToken}
	}
	nurse := enter("nurse", issued.Code)
	nurse.Get("/api/patients").Is(200)
	nurse.Post("/api/me/totp", nil).Is(200)
	nurse.Remove("/api/me/totp").Denied(401, "step_up_required")

	code, said := rig.Command("user", "pass", "security", "--data", w.Data)
	if code != 0 {
		t.Fatalf("user pass: %d, %s", code, said)
	}
	printed, _, _ := strings.Cut(said, "\n")
	enter("security", printed).Get("/api/admin/users").Is(200)
	w.HoldsNoSecret(issued.Code, strings.ReplaceAll(issued.Code, "-", ""), printed)
}
