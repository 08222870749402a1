// Package signalstest holds the contract of a signals.Store. Every store,
// embedded or not, passes the same suite.
package signalstest

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
)

// now is when the suite asks. A store lives by the times it is given.
var now = time.Date(2026, 3, 2, 12, 30, 5, 0, time.UTC)

var (
	doctor = signals.Who{Subject: "u-doctor"}
	nurse  = signals.Who{Subject: "u-nurse"}
	away   = signals.Who{Address: "192.0.2.7"}
)

// Run runs the suite. open returns an empty store, of which nothing needs to
// be given back; it is called once for each part.
func Run(t *testing.T, open func(t *testing.T) signals.Store) {
	for _, part := range []struct {
		name string
		run  func(*testing.T, signals.Store)
	}{
		{"windows", windows},
		{"every count", everyCount},
		{"distinct members", distinctMembers},
		{"a batch counts once", once},
		{"processes add up", processes},
		{"parallel batches", parallel},
		{"habits", habits},
		{"countries", countries},
		{"nothing", nothing},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, open(t)) })
	}
}

// at is a tally of the slot in which the moment before now lies.
func at(who signals.Who, before time.Duration) signals.Tally {
	return signals.Tally{Who: who, Slot: now.Add(-before).Truncate(signals.Slot)}
}

func requests(who signals.Who, before time.Duration, n int) signals.Tally {
	t := at(who, before)
	t.Requests = n
	return t
}

func patients(who signals.Who, before time.Duration, ids ...string) signals.Tally {
	t := at(who, before)
	t.Patients = ids
	return t
}

func add(t *testing.T, s signals.Store, origin string, number uint64, tallies ...signals.Tally) {
	t.Helper()
	if err := s.Add(context.Background(), signals.Batch{Origin: origin, Number: number, Tallies: tallies}); err != nil {
		t.Fatal(err)
	}
}

func counts(t *testing.T, s signals.Store, when time.Time) map[signals.Who]pip.Signals {
	t.Helper()
	got, err := s.Counts(context.Background(), when)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func windows(t *testing.T, s signals.Store) {
	for i, before := range []time.Duration{0, 45 * time.Second, 55 * time.Second, 65 * time.Second, 9*time.Minute + 55*time.Second, 10*time.Minute + 5*time.Second, time.Hour} {
		one := requests(doctor, before, 1)
		one.Denials = 1
		add(t, s, "a", uint64(i+1), one)
	}
	for _, tt := range []struct {
		after             time.Duration
		requests, denials int
	}{{0, 3, 5}, {5 * time.Second, 2, 4}, {time.Minute, 0, 4}, {9 * time.Minute, 0, 3}, {9*time.Minute + 55*time.Second, 0, 0}, {time.Hour, 0, 0}} {
		got := counts(t, s, now.Add(tt.after))[doctor]
		if got.Requests != tt.requests || got.Denials != tt.denials {
			t.Errorf("after %s: got %d requests and %d denials, want %d and %d", tt.after, got.Requests, got.Denials, tt.requests, tt.denials)
		}
	}
}

func everyCount(t *testing.T, s signals.Store) {
	of := at(doctor, 0)
	of.Counts = signals.Counts{
		Requests: 11, Denials: 10, Predictions: 2, OffHours: 3,
		DenialsByKind: pip.DenialKinds{Right: 1, Relationship: 2, Credential: 3, Device: 3, Other: 1},
		NewDevice:     1, NewCountry: 1, ImpossibleTravel: 1,
		External: map[string]int{"edr_alert": 2, "vpn_failed_log_in": 1},
	}
	later := at(doctor, time.Minute+time.Second)
	later.External = map[string]int{"edr_alert": 3}
	from := at(away, 0)
	from.FailedLogIns, from.Nameless, from.Accounts = 5, 2, []string{"u-1", "u-2"}
	add(t, s, "a", 1, of, later, from)
	want := map[signals.Who]pip.Signals{
		doctor: {
			Requests: 11, Denials: 10, Predictions: 2, OffHours: 3,
			DenialsByKind: pip.DenialKinds{Right: 1, Relationship: 2, Credential: 3, Device: 3, Other: 1},
			NewDevice:     true, NewCountry: true, ImpossibleTravel: true,
			External: map[string]int{"edr_alert": 5, "vpn_failed_log_in": 1},
		},
		away: {FailedLogIns: 5, SprayedAccounts: 4},
	}
	if got := counts(t, s, now); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func distinctMembers(t *testing.T, s signals.Store) {
	add(t, s, "a", 1, patients(doctor, 9*time.Minute, "p-1", "p-2"), patients(doctor, 0, "p-2", "p-3"), patients(nurse, 0, "p-1"))
	add(t, s, "a", 2, patients(doctor, 0, "p-3"), patients(doctor, 11*time.Minute, "p-4", "p-3"))
	for _, tt := range []struct {
		after         time.Duration
		doctor, nurse int
	}{{0, 3, 1}, {2 * time.Minute, 2, 1}, {11 * time.Minute, 0, 0}} {
		got := counts(t, s, now.Add(tt.after))
		if got[doctor].Patients != tt.doctor || got[nurse].Patients != tt.nurse {
			t.Errorf("after %s: got %d and %d patients, want %d and %d", tt.after, got[doctor].Patients, got[nurse].Patients, tt.doctor, tt.nurse)
		}
	}
}

// once: a batch whose answer was lost is sent again.
func once(t *testing.T, s signals.Store) {
	add(t, s, "a", 1, requests(doctor, 0, 3))
	add(t, s, "a", 1, requests(doctor, 0, 3))
	add(t, s, "a", 2, requests(doctor, 0, 4))
	add(t, s, "a", 1, requests(doctor, 0, 3))
	if got := counts(t, s, now)[doctor].Requests; got != 7 {
		t.Errorf("got %d requests, want 7", got)
	}
}

func processes(t *testing.T, s signals.Store) {
	add(t, s, "a", 1, requests(doctor, 0, 3), patients(doctor, 0, "p-1"))
	add(t, s, "b", 1, requests(doctor, 0, 4), patients(doctor, 0, "p-1", "p-2"))
	if got := counts(t, s, now)[doctor]; got.Requests != 7 || got.Patients != 2 {
		t.Errorf("got %d requests and %d patients, want 7 and 2", got.Requests, got.Patients)
	}
}

func parallel(t *testing.T, s signals.Store) {
	const origins, batches = 4, 10
	var wg sync.WaitGroup
	for o := range origins {
		wg.Go(func() {
			for n := range batches {
				b := signals.Batch{Origin: fmt.Sprint("o-", o), Number: uint64(n + 1), Tallies: []signals.Tally{
					requests(doctor, 0, 1), patients(doctor, 0, fmt.Sprint("p-", n)), requests(nurse, 20*time.Second, 2),
				}}
				if err := s.Add(context.Background(), b); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got := counts(t, s, now)
	if d, n := got[doctor], got[nurse]; d.Requests != origins*batches || d.Patients != batches || n.Requests != 2*origins*batches {
		t.Errorf("got %+v and %+v, want %d requests, %d patients and %d requests", d, n, origins*batches, batches, 2*origins*batches)
	}
}

// habits: only whole hours count, and only enough of them.
func habits(t *testing.T, s signals.Store) {
	number := uint64(0)
	read := func(who signals.Who, before time.Duration, n int) {
		ids := make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprintf("p-%03d", i)
		}
		number++
		add(t, s, "a", number, patients(who, before, ids...), patients(who, before+signals.Slot, ids[:n/2]...))
	}
	for i := range 20 {
		read(doctor, time.Duration(24*(i+1))*time.Hour, i+1)
	}
	read(doctor, 0, 50)                // this hour is not over
	read(doctor, 31*24*time.Hour, 100) // forgotten
	for i := range signals.HabitHours - 1 {
		read(nurse, time.Duration(i+1)*time.Hour, 10)
	}
	got := habitsOf(t, s)
	if got[doctor.Subject].Patients != 19 || got[nurse.Subject].Patients != 0 {
		t.Errorf("got habits of %d and %d patients, want 19 and none yet", got[doctor.Subject].Patients, got[nurse.Subject].Patients)
	}
	if again := habitsOf(t, s); again[doctor.Subject].Patients != 19 {
		t.Errorf("asked again got %d, want 19", again[doctor.Subject].Patients)
	}
}

func habitsOf(t *testing.T, s signals.Store) map[string]signals.Habit {
	t.Helper()
	got, err := s.Habits(context.Background(), now)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func countries(t *testing.T, s signals.Store) {
	in := func(who signals.Who, before time.Duration, codes ...string) signals.Tally {
		one := at(who, before)
		one.Countries = codes
		return one
	}
	add(t, s, "a", 1, in(doctor, 0, "DE"), in(doctor, 29*24*time.Hour, "FR"), in(doctor, 31*24*time.Hour, "US"), in(nurse, time.Hour, "DE"))
	add(t, s, "a", 2, in(doctor, 5*24*time.Hour, "DE"), in(doctor, 0, "AT"))
	got := habitsOf(t, s)
	if c := got[doctor.Subject].Countries; !slices.Equal(c, []string{"AT", "DE", "FR"}) {
		t.Errorf("got %v, want AT, DE and FR", c)
	}
	if c := got[nurse.Subject].Countries; !slices.Equal(c, []string{"DE"}) {
		t.Errorf("got %v, want DE", c)
	}
}

func nothing(t *testing.T, s signals.Store) {
	if got := counts(t, s, now); len(got) != 0 {
		t.Errorf("got %v of an empty store", slices.Collect(maps.Keys(got)))
	}
	if got := habitsOf(t, s); len(got) != 0 {
		t.Errorf("got habits %v of an empty store", got)
	}
}
