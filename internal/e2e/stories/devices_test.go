package stories_test

import (
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"
)

type knownDevices struct {
	Items []struct {
		ID      string
		Current bool
	}
}

// Who has lost a device forgets it, with a fresh factor; another person's is out of reach, and
// the owner reads what was done.
func TestDevicesAreForgottenByTheirOwnerAlone(t *testing.T) {
	w := rig.New(t, nil)
	lost, nurse, doctor := w.As("nurse"), w.As("nurse"), w.As("doctor")
	var mine, theirs knownDevices
	nurse.Get("/api/me/devices").Is(200).Into(&mine)
	doctor.Get("/api/me/devices").Is(200).Into(&theirs)
	if len(mine.Items) != 2 || len(theirs.Items) != 1 || !theirs.Items[0].Current {
		t.Fatalf("got %+v and %+v", mine, theirs)
	}
	var id string
	for _, d := range mine.Items {
		if !d.Current {
			id = d.ID
		}
	}
	nurse.Remove("/api/me/devices/"+id).Denied(401, "step_up_required")
	nurse.Post("/api/me/devices/forget-others", nil).Denied(401, "step_up_required")
	w.Anonymous().Get("/api/me/devices").Denied(401, "session_missing")
	w.Anonymous().Remove("/api/me/devices/"+id).Denied(401, "session_missing")

	fresh := nurse.SteppedUp()
	fresh.Remove("/api/me/devices/" + theirs.Items[0].ID).Is(404)
	doctor.Get("/api/me").Is(200)
	lost.Get("/api/me").Is(200)
	fresh.Remove("/api/me/devices/" + id).Is(204)
	rig.Until(t, "the session on the lost device to end", func() bool { return lost.Get("/api/me").Status == 401 })
	nurse.Get("/api/me").Is(200)
	fresh.Remove("/api/me/devices/" + id).Is(404)

	said := string(nurse.Get("/api/me/notices").Is(200).Body)
	if strings.Count(said, `"kind":"device"`) != 2 || strings.Count(said, `"kind":"device_forgotten"`) != 1 {
		t.Errorf("got %s", said)
	}
	if said := string(doctor.Get("/api/me/notices").Is(200).Body); strings.Contains(said, "forgotten") {
		t.Errorf("another owner is told %s", said)
	}
}
