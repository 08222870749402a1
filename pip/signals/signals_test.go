package signals_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
	"github.com/wardgate/wardgate/pip/signals/signalstest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 35, 0, time.UTC)

func TestMemoryKeepsTheContract(t *testing.T) {
	signalstest.Run(t, func(*testing.T) signals.Store { return &signals.Memory{} })
}

func started(t testing.TB, store signals.Store) *signals.Source {
	t.Helper()
	s := signals.New(store, slog.New(slog.DiscardHandler))
	refresh(t, s, noon)
	return s
}

func refresh(t testing.TB, s *signals.Source, at time.Time) {
	t.Helper()
	if err := s.Refresh(context.Background(), at); err != nil {
		t.Fatal(err)
	}
}

// seen is what is counted of an event, as from its record.
func seen(e *pip.Event) *pip.Observation {
	err := e.Recall(func(codes []string) pip.Denial {
		switch {
		case slices.Contains(codes, "session_missing"):
			return pip.DenialCredential
		case slices.Contains(codes, "not_your_patient"):
			return pip.DenialRelationship
		case slices.Contains(codes, "care_unknown"):
			return pip.DenialUndecided
		default:
			return pip.DenialOther
		}
	})
	if err != nil {
		panic(err)
	}
	o := e.Observation()
	return &o
}

func decision(subject string, allow bool, at time.Time, reasons ...string) *pip.Event {
	return &pip.Event{Kind: pip.KindDecision, Subject: subject, Address: "192.0.2.1", Allow: allow, Time: at, Reasons: reasons}
}

func ask(t testing.TB, s *signals.Source, subject string, at time.Time) pip.Signals {
	t.Helper()
	return s.Measure(&pip.Query{Now: at, Subject: subject, Address: netip.MustParseAddr("192.0.2.1")})
}

// both asks before the store knows and after, and wants the same.
func both(t *testing.T, s *signals.Source, subject string, check func(pip.Signals) bool, want string) {
	t.Helper()
	for _, when := range []string{"at once", "from the store", "from the store again"} {
		if got := ask(t, s, subject, noon); !check(got) {
			t.Errorf("%s: got %+v, want %s", when, got, want)
		}
		refresh(t, s, noon)
	}
}

func TestCounts(t *testing.T) {
	s := started(t, &signals.Memory{})
	for i := range 30 {
		s.Observe(seen(decision("u-1", i%3 != 0, noon, "not_your_patient")))
		s.Observe(seen(decision("u-2", true, noon)))
	}
	s.Observe(seen(&pip.Event{Kind: pip.KindOutcome, Subject: "u-1", Time: noon}))
	both(t, s, "u-1", func(c pip.Signals) bool {
		return c.Requests == 30 && c.Denials == 10 && c.DenialsByKind.Relationship == 10 && c.State == pip.Fresh
	}, "30 requests and 10 denials")
	both(t, s, "u-3", func(c pip.Signals) bool { return c.Requests == 0 && c.State == pip.Fresh }, "nothing")
}

// What Wardgate could not decide is held against no person: a page that asks again and again
// while a database is out would make its clinician owe a step-up.
func TestAnOutageIsNoBehaviour(t *testing.T) {
	s := started(t, &signals.Memory{})
	for range 100 {
		s.Observe(seen(decision("u-1", false, noon, "care_unknown")))
	}
	s.Observe(seen(decision("u-1", false, noon, "not_your_patient", "care_unknown"))) // a no beside it is a no
	both(t, s, "u-1", func(c pip.Signals) bool {
		return c.Requests == 101 && c.Denials == 1 && c.DenialsByKind == pip.DenialKinds{Relationship: 1}
	}, "101 requests and one denial")
}

func TestPatientsAreDistinct(t *testing.T) {
	s := started(t, &signals.Memory{})
	read := func(ids ...string) {
		s.Observe(seen(&pip.Event{Kind: pip.KindOutcome, Subject: "u-1", Patients: ids, Time: noon, Allow: true}))
	}
	read("p-1", "p-2")
	read("p-2")
	both(t, s, "u-1", func(c pip.Signals) bool { return c.Patients == 2 }, "2 patients")
	read("p-2", "p-3") // one of them the store knows already
	both(t, s, "u-1", func(c pip.Signals) bool { return c.Patients == 3 }, "3 patients")
}

func logIn(subject string, allow bool, words map[string]string, reasons ...string) *pip.Event {
	input, _ := json.Marshal(map[string]any{"context": map[string]any{
		"location": map[string]string{"country": words["country"], "travel": words["travel"]},
		"log_in":   map[string]string{"familiar": words["familiar"]},
	}})
	return &pip.Event{
		Kind: pip.KindSession, Action: "session.create", Subject: subject, Address: "192.0.2.1", Allow: allow,
		Time: noon, Input: input, Reasons: reasons,
	}
}

func TestFailedLogInsCountForTheAddress(t *testing.T) {
	s := started(t, &signals.Memory{})
	for i := range 12 {
		s.Observe(seen(logIn(fmt.Sprint("u-", i%6), false, nil, "credentials_invalid")))
	}
	s.Observe(seen(logIn("", false, nil, "credentials_invalid")))
	for _, who := range []string{"", "u-9"} {
		both(t, s, who, func(c pip.Signals) bool { return c.FailedLogIns == 13 && c.SprayedAccounts == 7 }, "13 failures over 7 accounts")
	}
	other := signals.Who{Subject: "u-1"}
	if got := s.Active(noon)[other]; got.FailedLogIns+got.Denials != 0 {
		t.Errorf("got %+v: a stranger's failures are not the account's behaviour", got)
	}
}

// What an image viewer asks of its own application is no flood here, and what a
// quota refused is no behaviour at all.
func TestRequestsForOtherApplicationsAreNoFlood(t *testing.T) {
	s := started(t, &signals.Memory{})
	request := func(change func(*pip.Event)) {
		e := &pip.Event{Kind: pip.KindDecision, Action: "image.read", Subject: "u-1", Revision: "r-1", Allow: true, Time: noon}
		change(e)
		o := e.Observation()
		s.Observe(&o)
	}
	for range 6000 {
		request(func(e *pip.Event) { e.Saw.Elsewhere = true })
		request(func(e *pip.Event) { e.Allow, e.Revision, e.Reasons = false, "", []string{"quota_exceeded"} })
	}
	both(t, s, "u-1", func(c pip.Signals) bool { return c.Requests == 0 && c.Denials == 0 }, "nothing")
	request(func(e *pip.Event) { e.Saw.Elsewhere, e.Allow, e.Reasons = true, false, []string{"not_your_patient"} })
	request(func(*pip.Event) {})
	both(t, s, "u-1", func(c pip.Signals) bool { return c.Requests == 1 && c.Denials == 1 }, "one request here, and one denial elsewhere")
}

func TestOddLogIns(t *testing.T) {
	for name, tt := range map[string]struct {
		event *pip.Event
		want  pip.Signals
	}{
		"known":                    {logIn("u-1", true, map[string]string{"familiar": "device", "country": "DE"}), pip.Signals{}},
		"new device":               {logIn("u-1", true, map[string]string{"familiar": "none"}), pip.Signals{NewDevice: true}},
		"new country":              {logIn("u-1", true, map[string]string{"familiar": "device", "country": "BR"}), pip.Signals{NewCountry: true}},
		"travel of a known device": {logIn("u-1", true, map[string]string{"familiar": "device", "travel": "impossible"}), pip.Signals{}},
		"travel allowed":           {logIn("u-1", true, map[string]string{"familiar": "network", "travel": "impossible"}), pip.Signals{ImpossibleTravel: true}},
		"travel denied":            {logIn("u-1", false, map[string]string{"travel": "impossible", "familiar": "none"}, "impossible_travel"), pip.Signals{ImpossibleTravel: true}},
		"without an input":         {&pip.Event{Kind: pip.KindSession, Action: "session.create", Subject: "u-1", Allow: true, Time: noon}, pip.Signals{}},
	} {
		t.Run(name, func(t *testing.T) {
			s := started(t, &signals.Memory{})
			before := logIn("u-1", true, map[string]string{"familiar": "device", "country": "DE"})
			before.Time = noon.Add(-24 * time.Hour)
			s.Observe(seen(before))
			refresh(t, s, noon)
			if err := s.RefreshHabits(t.Context(), noon); err != nil {
				t.Fatal(err)
			}
			s.Observe(seen(tt.event))
			both(t, s, "u-1", func(c pip.Signals) bool {
				return c.NewDevice == tt.want.NewDevice && c.NewCountry == tt.want.NewCountry && c.ImpossibleTravel == tt.want.ImpossibleTravel
			}, fmt.Sprintf("%+v", tt.want))
		})
	}
}

func TestWhatIsNoBehaviourIsNotCounted(t *testing.T) {
	s := started(t, &signals.Memory{})
	question := decision("u-1", false, noon)
	question.Detail = "asked"
	s.Observe(seen(question))
	s.Observe(seen(&pip.Event{Kind: pip.KindSystem, Action: "start", Time: noon}))
	s.Observe(seen(&pip.Event{Kind: pip.KindSession, Action: "sentinel.ban", Subject: "u-1", Time: noon}))
	if got := s.Active(noon); len(got) != 0 {
		t.Errorf("got %v, want nobody: a question has no effect on whom it is about", got)
	}
}

func TestOffHoursPredictionsAndOtherSystems(t *testing.T) {
	s := started(t, &signals.Memory{})
	asked := decision("u-1", true, noon)
	asked.Action, asked.Input = "model.predict", []byte(`{"context":{"time":{"state":"fresh","period":"night"}}}`)
	s.Observe(seen(asked))
	s.Observe(seen(&pip.Event{Kind: pip.KindSystem, Action: "signal.edr_alert", Subject: "u-1", Address: "192.0.2.9", Time: noon}))
	both(t, s, "u-1", func(c pip.Signals) bool {
		return c.Predictions == 1 && c.OffHours == 1 && c.External["edr_alert"] == 1
	}, "a prediction at night and an alert")
	if got := s.Active(noon)[signals.Who{Address: "192.0.2.9"}]; got.External["edr_alert"] != 1 {
		t.Errorf("got %+v, want the alert for the address too", got)
	}
}

func TestCountsPass(t *testing.T) {
	s := started(t, &signals.Memory{})
	s.Observe(seen(decision("u-1", false, noon)))
	for _, tt := range []struct {
		after             time.Duration
		requests, denials int
	}{{0, 1, 1}, {50 * time.Second, 1, 1}, {time.Minute, 0, 1}, {9 * time.Minute, 0, 1}, {10 * time.Minute, 0, 0}, {time.Hour, 0, 0}} {
		if tt.after > 0 {
			refresh(t, s, noon.Add(tt.after))
		}
		got := ask(t, s, "u-1", noon.Add(tt.after))
		if got.Requests != tt.requests || got.Denials != tt.denials {
			t.Errorf("after %s got %+v, want %d requests and %d denials", tt.after, got, tt.requests, tt.denials)
		}
	}
}

// TestARecordOfManyCountsAsMany: what was denied to strangers is aggregated into
// records that stand for many, and name the network of an IPv6 client.
func TestARecordOfManyCountsAsMany(t *testing.T) {
	for name, tt := range map[string]struct{ single, aggregated, asks string }{
		"IPv4":                      {"192.0.2.7", "192.0.2.7", "192.0.2.7"},
		"IPv4, mapped":              {"::ffff:192.0.2.7", "192.0.2.7", "::ffff:192.0.2.7"},
		"IPv6, of the same network": {"2001:db8::7", "2001:db8::", "2001:db8::1:9"},
	} {
		t.Run(name, func(t *testing.T) {
			s := started(t, &signals.Memory{})
			denied := pip.Event{Kind: pip.KindDecision, Address: tt.single, Reasons: []string{"session_missing"}, Time: noon}
			s.Observe(seen(&denied))
			denied.Address, denied.Count, denied.Detail = tt.aggregated, 480, "aggregated"
			s.Observe(seen(&denied))
			denied.Reasons, denied.Count = []string{"throttled"}, 19
			s.Observe(seen(&denied))
			for range 2 {
				got := s.Measure(&pip.Query{Address: netip.MustParseAddr(tt.asks), Now: noon})
				if got.Requests != 500 || got.Denials != 500 || got.DenialsByKind != (pip.DenialKinds{Credential: 481, Other: 19}) {
					t.Errorf("got %+v, want 500 requests, all denied", got)
				}
				refresh(t, s, noon)
			}
		})
	}
}

// A flood from many made-up addresses must not fill the memory, and costs
// nobody who has a session their count.
func TestMemoryIsBounded(t *testing.T) {
	s := started(t, &signals.Memory{})
	s.Observe(seen(decision("u-1", false, noon)))
	for i := range 250_000 {
		s.Observe(seen(&pip.Event{Kind: pip.KindDecision, Address: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String(), Time: noon}))
	}
	if got := ask(t, s, "u-1", noon); got.Denials != 1 {
		t.Errorf("got %+v after a flood", got)
	}
	if got := len(s.Active(noon)); got > 100_001 {
		t.Errorf("got %d tallies, want a bound", got)
	}
}

// TestParallelLoadIsCountedExactly: no event is lost or counted twice while
// the store is asked again and again.
func TestParallelLoadIsCountedExactly(t *testing.T) {
	s := started(t, &signals.Memory{})
	const workers, each = 8, 2000
	var load, refreshes sync.WaitGroup
	stop := make(chan struct{})
	refreshes.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				refresh(t, s, noon)
			}
		}
	})
	for w := range workers {
		load.Go(func() {
			for i := range each {
				s.Observe(seen(decision("u-1", i%2 == 0, noon)))
				if got := ask(t, s, "u-1", noon); got.Requests < i+1 {
					t.Errorf("worker %d: got %d requests after %d of its own", w, got.Requests, i+1)
					return
				}
			}
		})
	}
	load.Wait()
	close(stop)
	refreshes.Wait()
	both(t, s, "u-1", func(c pip.Signals) bool {
		return c.Requests == workers*each && c.Denials == workers*each/2
	}, "all of them")
}

// broken is a store that fails when it is told to, once with the batch kept.
type broken struct {
	signals.Memory
	add, counts, lose bool
}

var errDown = errors.New("the store is down")

func (b *broken) Add(ctx context.Context, batch signals.Batch) error {
	if b.add {
		return errDown
	}
	err := b.Memory.Add(ctx, batch)
	if b.lose {
		return errDown
	}
	return err
}

func (b *broken) Counts(ctx context.Context, now time.Time) (map[signals.Who]pip.Signals, error) {
	if b.counts {
		return nil, errDown
	}
	return b.Memory.Counts(ctx, now)
}

func TestOutageLosesNothingAndAges(t *testing.T) {
	for name, fail := range map[string]func(*broken, bool){
		"keeping fails":      func(b *broken, down bool) { b.add = down },
		"counting fails":     func(b *broken, down bool) { b.counts = down },
		"the answer is lost": func(b *broken, down bool) { b.lose = down },
	} {
		t.Run(name, func(t *testing.T) {
			store := &broken{}
			s := started(t, store)
			s.Observe(seen(decision("u-1", true, noon)))
			fail(store, true)
			for i := range 3 {
				if err := s.Refresh(t.Context(), noon.Add(time.Second)); !errors.Is(err, errDown) {
					t.Fatalf("got %v, want the failure", err)
				}
				s.Observe(seen(decision("u-1", true, noon)))
				if got := ask(t, s, "u-1", noon.Add(time.Minute/6)); got.Requests != 2+i || got.Age != 10*time.Second {
					t.Errorf("got %+v, want %d requests and an age of 10s", got, 2+i)
				}
			}
			fail(store, false)
			both(t, s, "u-1", func(c pip.Signals) bool { return c.Requests == 4 && c.Age == 0 }, "4 requests")
		})
	}
}

// What an enforcement point elsewhere has not reported is not known, however new
// all else is.
func TestWhatIsUnreportedAges(t *testing.T) {
	s := started(t, &signals.Memory{})
	for unreported, want := range map[time.Duration]time.Duration{0: 3 * time.Second, time.Second: 3 * time.Second, time.Minute: time.Minute} {
		got := s.Measure(&pip.Query{Subject: "u-1", Now: noon.Add(3 * time.Second), Unreported: unreported})
		if got.Age != want {
			t.Errorf("%s unreported: got an age of %s, want %s", unreported, got.Age, want)
		}
	}
}

func TestBeforeTheStoreAnsweredNothingIsKnown(t *testing.T) {
	s := signals.New(&signals.Memory{}, slog.New(slog.DiscardHandler))
	if got := ask(t, s, "u-1", noon); got.State != pip.Unknown {
		t.Errorf("got %v, want unknown", got.State)
	}
}

func TestHabitsReachTheFacts(t *testing.T) {
	s := started(t, &signals.Memory{})
	for i := range signals.HabitHours {
		s.Observe(seen(&pip.Event{
			Kind: pip.KindOutcome, Subject: "u-1", Patients: []string{"p-1", "p-2", "p-3"},
			Time: noon.Add(-time.Duration(i+1) * 24 * time.Hour),
		}))
		refresh(t, s, noon.Add(-time.Duration(i+1)*24*time.Hour))
	}
	refresh(t, s, noon)
	if err := s.RefreshHabits(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, s, "u-1", noon); got.PatientsUsual != 3 || got.Patients != 0 {
		t.Errorf("got %+v, want a habit of 3 patients", got)
	}
}
