package remote_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/control"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

func TestASessionThatEndsAtOneDoorHasEndedAtAll(t *testing.T) {
	h := rig.NewSplit(t)
	doors := h.StartMany()
	doctor := doors[0].As("doctor")
	for _, door := range doors {
		doctor.Through(door).Get("/api/me").Is(200)
	}
	doctor.Post("/auth/logout", nil).Is(204)
	for _, door := range doors {
		rig.Until(t, "the session has ended at every door", func() bool {
			return doctor.Through(door).Get("/api/me").Status == http.StatusUnauthorized
		})
		doctor.Through(door).Get("/api/me").Denied(401, "session_revoked")
	}
}

// Keys rotate while everybody works: nobody is sent away who may stay, and who
// holds a token of a key that was taken away is.
func TestKeysRotateUnderLoad(t *testing.T) {
	h := rig.NewSplit(t)
	doors := h.StartMany()
	doctor := doors[0].As("doctor")
	first := h.KeyFiles()

	var asked, sentAway atomic.Int64
	working, enough := context.WithCancel(context.Background())
	defer enough()
	var group sync.WaitGroup
	for _, door := range doors {
		group.Go(func() {
			for ; working.Err() == nil; time.Sleep(10 * time.Millisecond) { // at full speed it would be a flood
				asked.Add(1)
				if doctor.Through(door).Get("/api/me").Status == http.StatusUnauthorized {
					sentAway.Add(1)
				}
			}
		})
	}
	var newest *rig.Person
	for i, pdp := range []string{"pdp1", "pdp2", "pdp1"} {
		if err := control.NewClient(h.Parts[pdp].Data).RotateKeys(context.Background()); err != nil {
			t.Fatal(err)
		}
		// Whoever logs in now has a token of the old or of the new key: every
		// door takes it at once.
		newest = doors[i].As([]string{"nurse", "doctor2", "security"}[i])
		for _, door := range doors {
			newest.Through(door).Get("/api/me").Is(200)
		}
	}
	enough()
	group.Wait()
	if n := sentAway.Load(); n > 0 || asked.Load() < 10 {
		t.Errorf("%d of %d requests with a good token were sent away", n, asked.Load())
	}

	rig.Until(t, "a token of a newer key", func() bool {
		newest.LogIn()
		return !signedBy(t, newest.Token, first)
	})
	for _, file := range first {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	for _, door := range doors {
		rig.Until(t, "the key that was taken away is refused", func() bool {
			return doctor.Through(door).Get("/api/me").Status == http.StatusUnauthorized
		})
		newest.Through(door).Get("/api/me").Is(200)
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
	h := rig.NewSplit(t)
	h.StartAll()
	doctor := h.At("pep", "pdp").As("doctor")
	h.Parts["pep"].Stop()
	const cycles = 6
	var served atomic.Int64
	for range cycles {
		h.StartPEP("pep", "pdp", nil)
		door := h.At("pep", "pdp")
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
					res, err := http.DefaultTransport.RoundTrip(doctor.Through(door).Request("GET", "/api/me", nil))
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
		h.Parts["pep"].Stop()
		group.Wait()
	}
	data := filepath.Join(h.Dir, "pep")
	if code, said := rig.Command("audit", "verify", "--data", data); code != 0 {
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
	h := rig.NewSplit(t)
	inside := rig.Port(t)
	again := func() { h.StartPDP("pdp", func(c *config.Config) { c.PDP.ListenInternal = inside }) }
	h.StartRecords()
	h.StartInference()
	again()
	h.StartPEP("pep", "pdp", nil)
	door := h.At("pep", "pdp")
	doctor := door.As("doctor")
	h.Parts["pdp"].Stop()
	// That no decision comes is what is wanted here: none of these is sent again and counted as late.
	reads := func() *rig.Answer { return doctor.SendOnce(doctor.Request("GET", "/api/me", nil)) }
	reads().Denied(503, "decision_unavailable")
	stranger := door.Anonymous()
	stranger.SendOnce(stranger.Request("POST", "/auth/login", map[string]string{"email": "doctor@demo.hospital.test", "password": "Wardgate-demo-2026"})).
		Denied(503, "decision_unavailable")
	rig.Until(t, "the door says that it can allow nothing", func() bool {
		status, r := door.Ready()
		return status == 503 && r.Status == "decision_point_unavailable"
	})
	again()
	rig.Until(t, "the session goes on", func() bool { return reads().Status == 200 })
	rig.Until(t, "the door is ready", func() bool { status, r := door.Ready(); return status == 200 && len(r.Degraded) == 0 })
}
