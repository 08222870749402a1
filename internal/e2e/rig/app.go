package rig

import (
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

const (
	appStep = 30 * time.Second
	// appRoom is what is left of a step in which a code of the step before is typed.
	appRoom = 10 * time.Second
)

// AppCode is what an authenticator app shows so many steps from now: -1, 0 or 1. A code of
// the step before is good until this one ends: near its end AppCode waits for the next.
func AppCode(t testing.TB, secret string, steps int) string {
	t.Helper()
	now := time.Now()
	if left := now.Truncate(appStep).Add(appStep).Sub(now); steps < 0 && left < appRoom {
		time.Sleep(left)
		now = time.Now()
	}
	code, err := totp.GenerateCode(secret, now.Add(time.Duration(steps)*appStep))
	if err != nil {
		t.Fatal(err)
	}
	return code
}
