package engine

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/points/pointstest"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// TestWhatIsObservedLiveIsObservedFromTheRecord: counts that are made again from
// the journal are those that were made while it was written.
func TestWhatIsObservedLiveIsObservedFromTheRecord(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 27))
	drawn := &pointstest.Facts{}
	e := asking(t, pointstest.Sources(drawn))
	reasons := e.Tables().Reasons
	var night, travelled, unfamiliar int
	denials := map[pip.Denial]int{}
	for range 2000 {
		d, event := happened(t, random, e, drawn)
		live := event.Observation()
		text, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		var record pip.Event
		if err := json.Unmarshal(text, &record); err != nil {
			t.Fatal(err)
		}
		if record.Saw != (pip.Saw{}) {
			t.Fatalf("the record tells what the decision saw apart from its input: %s", text)
		}
		if err := record.Recall(reasons.Denial); err != nil {
			t.Fatal(err)
		}
		if got := record.Observation(); !reflect.DeepEqual(got, live) {
			t.Fatalf("live %+v, from the record %+v, of %s", live, got, text)
		}
		count(&night, live.Saw.Period == pip.PeriodNight)
		count(&travelled, live.Saw.Travel == pip.TravelImpossible)
		count(&unfamiliar, live.Saw.Familiar == pip.FamiliarNone)
		if live.Of == pip.ConductRequest && !d.Allow {
			denials[live.Saw.Denial]++
		}
	}
	if night == 0 || travelled == 0 || unfamiliar == 0 || len(denials) != 5 {
		t.Errorf("drew %d at night, %d travels, %d unfamiliar clients and denials %v: some never", night, travelled, unfamiliar, denials)
	}
}

func count(n *int, is bool) {
	if is {
		*n++
	}
}

// happened draws a request or a log-in, has it decided, and returns its
// evidence.
func happened(t *testing.T, random *rand.Rand, by *Engine, known *pointstest.Facts) (pdp.Decision, pip.Event) {
	t.Helper()
	draw := func(words ...string) string { return words[random.IntN(len(words))] }
	facts := ward()
	facts.Identity.Role = draw("doctor", "doctor", "patient", "security")
	facts.Identity.Patient = "p-9"
	facts.Device.Match = pip.Match(draw("same", "same", "changed"))
	facts.Location.Country = draw("", "DE", "BR")
	facts.Care.Staff = []string{draw(facts.Identity.Staff, "s-other")}
	facts.Care.Department = draw(facts.Identity.Department, "d-other")
	if random.IntN(4) == 0 {
		facts.Signals.State, facts.Care.State = pip.Unknown, pip.Unknown
	}
	r := readsPatient()
	r.Action.Name = draw("patient.read", "patient.edit", "model.predict", "user.list")
	r.Context.Time = time.Date(2026, 3, 2, random.IntN(24), 0, 0, 0, time.UTC)
	r.Context.Address = netip.MustParseAddr(draw("127.0.0.1", "192.0.2.7", "2001:db8::7", "::ffff:192.0.2.9"))
	r.Context.Credential.State = pdp.CredentialState(draw("valid", "valid", "valid", "none", "expired"))
	r.Context.LogIn.Familiar = draw("", pdp.FamiliarDevice, pdp.FamiliarNetwork)
	r.Context.Journey = pip.Journey{Country: draw("", pip.CountrySame, pip.CountryOther, pip.CountryLost), Measured: random.IntN(2) == 0, Kilometres: float64(random.IntN(20000)), Elapsed: time.Duration(1+random.IntN(600)) * time.Minute}
	logIn := random.IntN(3) == 0
	if logIn {
		r.Action.Name, r.Resource = "session.create", pdp.Resource{Type: "session"}
	}
	*known = facts
	d, err := by.Decide(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	trace := pdp.Trace{
		ID: "d-1", Action: r.Action.Name, Subject: draw("", "u-1"), Address: r.Context.Address,
		Client: d.Evidence.Client(), Detail: draw("", "", pdp.DetailChecked, pdp.DetailAsked),
	}
	if !logIn {
		return d, trace.Decided(&d, by.Tables().Reasons, r.Context.Time)
	}
	e := trace.Event(pip.KindSession, r.Context.Time)
	e.Allow = d.Allow
	d.Record(&e, nil)
	return d, e
}
