package e2e_test

import (
	"net/http"
	"testing"

	"github.com/wardgate/wardgate/pip"
)

// Whoever asks for a header is judged as if for the whole, and the journal has
// whose record it was.
func TestHeadIsJudgedAsGet(t *testing.T) {
	w := newWorld(t, nil)
	doctor, other, nurse := w.as("doctor"), w.as("doctor2"), w.as("nurse")
	path := "/api/patients/" + doctor.items("/api/patients")[0].ID
	whole := doctor.get(path).is(http.StatusOK)
	for _, tt := range []struct {
		who    *person
		path   string
		status int
	}{
		{doctor, path, http.StatusOK},
		{other, path, http.StatusForbidden},
		{doctor, path + "/bills", http.StatusForbidden},
		{w.stranger(), path, http.StatusUnauthorized},
		{doctor, "/api/nothing", http.StatusNotFound},
		{doctor, "/auth/logout", http.StatusNotFound},
	} {
		a := tt.who.do("HEAD", tt.path, nil).is(tt.status)
		if len(a.body) > 0 || tt.status == http.StatusOK && a.header.Get("Content-Length") != whole.header.Get("Content-Length") {
			t.Errorf("HEAD %s: got %q, length %s, want the header of %d bytes", tt.path, a.body, a.header.Get("Content-Length"), len(whole.body))
		}
	}
	reads := events(t, w.data, func(e *pip.Event) bool {
		return e.Kind == pip.KindOutcome && e.Action == "patient.read" && e.Status == http.StatusOK && len(e.Patients) == 1
	})
	if len(reads) != 2 {
		t.Errorf("got %d outcomes of the patient's record, want one of GET and one of HEAD", len(reads))
	}

	for _, s := range nurse.items(path + "/services") {
		if nurse.post("/api/services/"+s.ID+"/done", []byte(`{}`)).status == http.StatusOK {
			return
		}
	}
	t.Error("no planned service was done with an empty object")
}
