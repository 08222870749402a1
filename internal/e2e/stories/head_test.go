package stories_test

import (
	"net/http"
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
)

// Whoever asks for a header is judged as if for the whole, and the journal has
// whose record it was.
func TestHeadIsJudgedAsGet(t *testing.T) {
	w := rig.New(t, nil)
	doctor, other, nurse := w.As("doctor"), w.As("doctor2"), w.As("nurse")
	path := "/api/patients/" + doctor.Items("/api/patients")[0].ID
	whole := doctor.Get(path).Is(http.StatusOK)
	for _, tt := range []struct {
		who    *rig.Person
		path   string
		status int
	}{
		{doctor, path, http.StatusOK},
		{other, path, http.StatusForbidden},
		{doctor, path + "/bills", http.StatusForbidden},
		{w.Anonymous(), path, http.StatusUnauthorized},
		{doctor, "/api/nothing", http.StatusNotFound},
		{doctor, "/auth/logout", http.StatusNotFound},
	} {
		a := tt.who.Do("HEAD", tt.path, nil).Is(tt.status)
		if len(a.Body) > 0 || tt.status == http.StatusOK && a.Header.Get("Content-Length") != whole.Header.Get("Content-Length") {
			t.Errorf("HEAD %s: got %q, length %s, want the header of %d bytes", tt.path, a.Body, a.Header.Get("Content-Length"), len(whole.Body))
		}
	}
	reads := rig.Events(t, w.Data, func(e *pip.Event) bool {
		return e.Kind == pip.KindOutcome && e.Action == "patient.read" && e.Status == http.StatusOK && len(e.Patients) == 1
	})
	if len(reads) != 2 {
		t.Errorf("got %d outcomes of the patient's record, want one of GET and one of HEAD", len(reads))
	}

	for _, s := range nurse.Items(path + "/services") {
		if nurse.Post("/api/services/"+s.ID+"/done", []byte(`{}`)).Status == http.StatusOK {
			return
		}
	}
	t.Error("no planned service was done with an empty object")
}
