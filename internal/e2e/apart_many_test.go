package e2e_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// startMany runs two decision points on one database, and three enforcement
// points that ask them.
func (h *house) startMany() []*world {
	h.t.Helper()
	h.startRecords()
	h.startInference()
	h.startPDP("pdp1", nil)
	h.startPDP("pdp2", nil)
	var doors []*world
	for pep, pdp := range map[string]string{"pep1": "pdp1", "pep2": "pdp2", "pep3": "pdp1"} {
		h.startPEP(pep, pdp, nil)
		doors = append(doors, h.at(pep, pdp))
	}
	return doors
}

// through is the same person at another enforcement point.
func (p *person) through(w *world) *person { return &person{w: w, name: p.name, token: p.token} }

func TestASessionThatEndsAtOneDoorHasEndedAtAll(t *testing.T) {
	h := newHouse(t)
	doors := h.startMany()
	doctor := doors[0].as("doctor")
	for _, door := range doors {
		doctor.through(door).get("/api/me").is(200)
	}
	doctor.post("/auth/logout", nil).is(204)
	for _, door := range doors {
		until(t, "the session has ended at every door", func() bool {
			return doctor.through(door).get("/api/me").status == http.StatusUnauthorized
		})
		doctor.through(door).get("/api/me").denied(401, "session_revoked")
	}
}

// keyFiles are the files of the signing keys that decision points share.
func (h *house) keyFiles() []string {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.dir, "keys", "tokens", "*.pem"))
	if err != nil {
		h.t.Fatal(err)
	}
	return files
}

// Keys rotate while everybody works: nobody is sent away who may stay, and who
// holds a token of a key that was taken away is.
func TestKeysRotateUnderLoad(t *testing.T) {
	h := newHouse(t)
	doors := h.startMany()
	doctor := doors[0].as("doctor")
	first := h.keyFiles()

	var asked, sentAway atomic.Int64
	working, enough := context.WithCancel(context.Background())
	defer enough()
	var group sync.WaitGroup
	for _, door := range doors {
		group.Go(func() {
			for working.Err() == nil {
				asked.Add(1)
				if doctor.through(door).get("/api/me").status == http.StatusUnauthorized {
					sentAway.Add(1)
				}
			}
		})
	}
	var newest *person
	for i, pdp := range []string{"pdp1", "pdp2", "pdp1"} {
		if err := control.NewClient(h.parts[pdp].data).RotateKeys(context.Background()); err != nil {
			t.Fatal(err)
		}
		// Whoever logs in now has a token of the old or of the new key: every
		// door takes it at once.
		newest = doors[i].as([]string{"nurse", "doctor2", "security"}[i])
		for _, door := range doors {
			newest.through(door).get("/api/me").is(200)
		}
	}
	enough()
	group.Wait()
	if n := sentAway.Load(); n > 0 || asked.Load() < 10 {
		t.Errorf("%d of %d requests with a good token were sent away", n, asked.Load())
	}

	until(t, "a token of a newer key", func() bool {
		newest.logIn()
		return !signedBy(t, newest.token, first)
	})
	for _, file := range first {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	for _, door := range doors {
		until(t, "the key that was taken away is refused", func() bool {
			return doctor.through(door).get("/api/me").status == http.StatusUnauthorized
		})
		newest.through(door).get("/api/me").is(200)
	}
}

// signedBy reports whether one of the key files signed the token. A file is
// named after its key.
func signedBy(t *testing.T, token string, files []string) bool {
	t.Helper()
	id := keyID(t, token)
	return slices.ContainsFunc(files, func(f string) bool { return filepath.Base(f) == id+".pem" })
}

// The enforcement point stops and starts while people work. What it answered it
// can prove, and what it can prove is whole.
func TestAnEnforcementPointStopsAndStartsUnderLoad(t *testing.T) {
	h := newHouse(t)
	h.startAll()
	doctor := h.at("pep", "pdp").as("doctor")
	h.parts["pep"].stop()
	const cycles = 6
	var served atomic.Int64
	for range cycles {
		h.startPEP("pep", "pdp", nil)
		door := h.at("pep", "pdp")
		busy := make(chan struct{}, 1)
		say := func() {
			select {
			case busy <- struct{}{}:
			default:
			}
		}
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				defer say()
				for n := 0; ; n++ {
					if n == 3 {
						say()
					}
					res, err := http.DefaultTransport.RoundTrip(doctor.through(door).request("GET", "/api/me", nil))
					if err != nil {
						return // nobody listens any more
					}
					_ = res.Body.Close()
					switch res.StatusCode {
					case http.StatusOK:
						served.Add(1)
					case http.StatusServiceUnavailable:
					default:
						t.Errorf("got %d while the enforcement point stops", res.StatusCode)
						return
					}
				}
			})
		}
		<-busy
		h.parts["pep"].stop()
		group.Wait()
	}
	data := filepath.Join(h.dir, "pep")
	if code, said := wardgate("audit", "verify", "--data", data); code != 0 {
		t.Fatal(said)
	}
	var proved int64
	for r, err := range reader.Query(context.Background(), filepath.Join(data, "journal"), reader.Filter{Kind: pip.KindOutcome}) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Event.Action == "account.read" && r.Event.Status == http.StatusOK {
			proved++
		}
	}
	if proved < served.Load() || served.Load() < cycles {
		t.Errorf("%d answers were given, %d are in the journal", served.Load(), proved)
	}
}

// While nobody decides, nothing is allowed; afterwards all is as before.
func TestWithoutADecisionPointNothingIsAllowed(t *testing.T) {
	h := newHouse(t)
	h.startAll()
	door := h.at("pep", "pdp")
	doctor := door.as("doctor")
	address := h.parts["pdp"].app.Inside("pdp")
	h.parts["pdp"].stop()
	doctor.get("/api/me").denied(503, "decision_unavailable")
	door.stranger().post("/auth/login", map[string]string{"email": "doctor@demo.hospital.test", "password": "Wardgate-demo-2026"}).
		denied(503, "decision_unavailable")
	until(t, "the door says that it can allow nothing", func() bool {
		status, r := door.ready()
		return status == 503 && r.Status == "decision_point_unavailable"
	})
	h.startPDP("pdp", func(c *config.Config) { c.PDP.ListenInternal = address[len("https://"):] })
	until(t, "the session goes on", func() bool { return doctor.get("/api/me").status == 200 })
	until(t, "the door is ready", func() bool { status, r := door.ready(); return status == 200 && len(r.Degraded) == 0 })
}
