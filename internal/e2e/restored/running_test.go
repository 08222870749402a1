package restored_test

import (
	"net/http"
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// A fail-over brings up an older replica under a running process: the mark that was
// known is not there, and a ban is gone. It is noticed without an order, the ban is in force
// again, and sessions of before are over, without a restart.
func TestARunningProcessNoticesAnOlderDatabase(t *testing.T) {
	h := newHouse(t, nil)
	bystander := h.As("nurse")
	ban(h)
	h.Execute(sessions, "DELETE FROM admin_bans; UPDATE state_marks SET sequence = 1 WHERE name = 'sessions'")
	rig.Until(t, "it is noticed", func() bool { return h.Condition("databases") == "restored" })
	rig.Until(t, "sessions of before are over", func() bool { return again(h, bystander).Get("/api/me").Status == http.StatusUnauthorized })
	post(h, "/auth/login/verify", challenged(h)).Denied(http.StatusForbidden, "subject_banned")
	h.As("nurse").Get("/api/me").Is(http.StatusOK)
	h.wantSaid()
}
