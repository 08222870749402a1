package refusals_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/internal/refusals"
	"github.com/wardgate/wardgate/pip"
)

// A journal remembers events, or fails.
type journal struct {
	mu     sync.Mutex
	events []pip.Event
	bytes  int
	fail   error
}

func (j *journal) Append(_ context.Context, e pip.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return j.fail
	}
	b, err := json.Marshal(e)
	j.events, j.bytes = append(j.events, e), j.bytes+len(b)
	return err
}

// counted is what all records for many stand for together.
func (j *journal) counted() int {
	n := 0
	for _, e := range j.events {
		n += e.Count
	}
	return n
}

var (
	hospital = netip.MustParsePrefix("10.0.0.0/8")
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	limits   = refusals.Limits{Anonymous: 2, AnonymousOnSite: 5, Session: 3, Denied: 10}
)

func ledger(t *testing.T) (*refusals.Ledger, *journal) {
	t.Helper()
	j := &journal{}
	l, err := refusals.New(refusals.Config{
		Limits: func() refusals.Limits { return limits }, OnSite: hospital.Contains, Journal: j, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return l, j
}

func from(address string) refusals.Source {
	return refusals.Source{Address: netip.MustParseAddr(address)}
}

func session(subject, id, address string) refusals.Source {
	return refusals.Source{Subject: subject, Session: id, Role: "doctor", Address: netip.MustParseAddr(address)}
}

func because(kind refusals.Kind, codes ...string) *refusals.Refusal {
	return &refusals.Refusal{Kind: kind, Codes: codes, Time: noon}
}

func flush(t *testing.T, l *refusals.Ledger) {
	t.Helper()
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
}

// Each source has so many records of its own in a window, and the next window has
// as many again.
func TestTheFirstHaveARecordOfTheirOwn(t *testing.T) {
	tests := []struct {
		name string
		kind refusals.Kind
		of   func(i int) refusals.Source
		want int // of 1000
	}{
		{"turned away", refusals.Turned, func(int) refusals.Source { return from("192.0.2.1") }, 0},
		{"one address", refusals.Anonymous, func(int) refusals.Source { return from("192.0.2.1") }, 2},
		{"one address written as IPv6", refusals.Anonymous, func(i int) refusals.Source {
			return from([]string{"192.0.2.1", "::ffff:192.0.2.1"}[i%2])
		}, 2},
		{"one address on-site", refusals.Anonymous, func(int) refusals.Source { return from("10.1.1.1") }, 5},
		{"one /64", refusals.Anonymous, func(i int) refusals.Source { return from(fmt.Sprintf("2001:db8::%x", i+1)) }, 2},
		{"many addresses", refusals.Anonymous, func(i int) refusals.Source { return from(fmt.Sprintf("192.0.%d.%d", i/250, i%250)) }, 200},
		{"no address", refusals.Anonymous, func(int) refusals.Source { return refusals.Source{} }, 2},
		{"an ended session", refusals.Void, func(int) refusals.Source { return session("u-1", "s-1", "192.0.2.1") }, 3},
		{"an ended session that moves", refusals.Void, func(i int) refusals.Source {
			return session("u-1", "s-1", fmt.Sprintf("192.0.%d.%d", i/250, i%250))
		}, 3},
		{"ended sessions of one subject", refusals.Void, func(i int) refusals.Source { return session("u-1", fmt.Sprint(i), "192.0.2.1") }, 6},
		{"ended sessions of many subjects at one address", refusals.Void, func(i int) refusals.Source {
			return session(fmt.Sprint(i), fmt.Sprint(i), "192.0.2.1")
		}, 24},
		{"a live session", refusals.Denied, func(int) refusals.Source { return session("u-1", "s-1", "10.1.1.1") }, 10},
		{"live sessions of one subject", refusals.Denied, func(i int) refusals.Source { return session("u-1", fmt.Sprint(i), "10.1.1.1") }, 20},
		{"many subjects of one caller", refusals.Denied, func(i int) refusals.Source {
			return refusals.Source{Subject: fmt.Sprint(i), Caller: "token:lab", Address: netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)})}
		}, 80},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, j := ledger(t)
			for window := range 2 {
				own := 0
				for i := range 1000 {
					if !l.Count(tt.of(i), because(tt.kind, "code")) {
						own++
					}
				}
				if own != tt.want {
					t.Errorf("window %d: %d have a record of their own, want %d", window, own, tt.want)
				}
				flush(t, l)
			}
			if got := j.counted(); got != 2*(1000-tt.want) {
				t.Errorf("%d are counted, want %d", got, 2*(1000-tt.want))
			}
		})
	}
}

// What an honest session is denied has a record of its own, whatever floods beside
// it.
func TestAFloodTakesNoRoomOfOthers(t *testing.T) {
	l, _ := ledger(t)
	for i := range 50_000 {
		l.Count(from(fmt.Sprintf("2001:db8:%x:%x::1", i>>16, i&0xffff)), because(refusals.Anonymous, "session_missing"))
		l.Count(from("10.1.1.1"), because(refusals.Turned, "too_many_requests"))
		l.Count(session("u-1", fmt.Sprint("s-", i), "192.0.2.1"), because(refusals.Void, "session_revoked"))
		l.Count(session("u-1", "s-1", "192.0.2.1"), because(refusals.Denied, "role"))
	}
	if l.Count(session("u-2", "s-2", "192.0.2.2"), because(refusals.Denied, "role")) {
		t.Error("an honest session's denial has no record of its own")
	}
}

// A record for many says how many, of which codes, of which callers, since when and until
// when.
func TestARecordForMany(t *testing.T) {
	l, j := ledger(t)
	refuse := func(s refusals.Source, after time.Duration, patient string, codes ...string) {
		l.Count(s, &refusals.Refusal{Kind: refusals.Turned, Codes: codes, Denial: pip.DenialRight, Revision: "r-1", Patient: patient, Time: noon.Add(after)})
	}
	refuse(session("u-1", "s-1", "192.0.2.1"), 2*time.Second, "p-1", "role", "off_hours")
	refuse(session("u-1", "s-1", "192.0.2.1"), time.Second, "p-2", "role")
	refuse(session("u-1", "s-1", "192.0.2.77"), 5*time.Second, "p-1", "role")
	refuse(from("2001:db8::5"), 3*time.Second, "", "role")
	refuse(refusals.Source{}, 4*time.Second, "", "role")
	flush(t, l)
	base := pip.Event{Kind: pip.KindDecision, Outcome: "failure", Detail: "aggregated", Revision: "r-1", Saw: pip.Saw{Denial: pip.DenialRight}}
	named, network, unknown := base, base, base
	named.Subject, named.Session, named.Role, named.Network, named.Count = "u-1", "s-1", "doctor", "192.0.2.0/25", 3
	named.Reasons, named.Codes, named.Patients = []string{"off_hours", "role"}, map[string]int{"role": 3, "off_hours": 1}, []string{"p-1", "p-2"}
	named.Time, named.Since, named.Until = noon.Add(time.Second), noon.Add(time.Second), noon.Add(5*time.Second)
	network.Address, network.Network = "2001:db8::", "2001:db8::/64"
	for i, e := range []*pip.Event{&network, &unknown} {
		e.Count, e.Reasons, e.Codes = 1, []string{"role"}, map[string]int{"role": 1}
		e.Time = noon.Add(time.Duration(3+i) * time.Second)
		e.Since, e.Until = e.Time, e.Time
	}
	slices.SortFunc(j.events, func(a, b pip.Event) int { return a.Time.Compare(b.Time) })
	if want := []pip.Event{named, network, unknown}; !reflect.DeepEqual(j.events, want) {
		t.Errorf("got\n%+v\nwant\n%+v", j.events, want)
	}
	if seen := named.Observation(); seen.Count != 3 || seen.Subject != "u-1" || seen.Saw.Denial != pip.DenialRight {
		t.Errorf("it counts as %+v", seen)
	}
}

// What a quota refuses is no behaviour, and hides none of what is.
func TestAQuotaHidesNoBehaviour(t *testing.T) {
	l, j := ledger(t)
	for range 10 {
		l.Count(session("u-1", "s-1", "192.0.2.1"), because(refusals.Turned, "off_hours"))
		l.Count(session("u-1", "s-1", "192.0.2.1"), because(refusals.Turned, pip.ReasonQuota))
	}
	flush(t, l)
	behaviour := 0
	for _, e := range j.events {
		behaviour += e.Observation().Count
	}
	if j.counted() != 20 || behaviour != 10 {
		t.Errorf("of %d refusals %d count as behaviour, want 10 of 20", j.counted(), behaviour)
	}
}

// However many sources there are, a window has so many records and bytes; further
// sources are folded into networks and then into one, and none is lost.
func TestAWindowIsBounded(t *testing.T) {
	const n = 100_000
	tests := map[string]func(i int) (refusals.Source, refusals.Kind){
		"IPv6 networks": func(i int) (refusals.Source, refusals.Kind) {
			return from(fmt.Sprintf("2001:db8:%x:%x::1", i>>8, i&0xff)), refusals.Anonymous
		},
		"IPv4 addresses": func(i int) (refusals.Source, refusals.Kind) {
			return refusals.Source{Address: netip.AddrFrom4([4]byte{198, byte(i >> 16), byte(i >> 8), byte(i)})}, refusals.Anonymous
		},
		"sessions of one subject": func(i int) (refusals.Source, refusals.Kind) {
			return session("u-1", fmt.Sprint("s-", i), "192.0.2.1"), refusals.Void
		},
		"subjects at one address": func(i int) (refusals.Source, refusals.Kind) {
			return session(fmt.Sprint("u-", i), fmt.Sprint("s-", i), "192.0.2.1"), refusals.Void
		},
		"subjects everywhere": func(i int) (refusals.Source, refusals.Kind) {
			return session(fmt.Sprint("u-", i), fmt.Sprint("s-", i), fmt.Sprintf("2001:db8:%x:%x::1", i>>8, i&0xff)), refusals.Denied
		},
	}
	for name, of := range tests {
		t.Run(name, func(t *testing.T) {
			l, j := ledger(t)
			own := 0
			for i := range n {
				s, kind := of(i)
				r := because(kind, fmt.Sprint("code-", i%100), strings.Repeat("x", 60))
				r.Patient = fmt.Sprint("p-", i)
				if !l.Count(s, r) {
					own++
				}
			}
			flush(t, l)
			if own+j.counted() != n {
				t.Errorf("%d have a record of their own and %d are counted, want %d together", own, j.counted(), n)
			}
			if own > 4000 || len(j.events) > 460 || j.bytes > 1<<20 {
				t.Errorf("%d records of their own, %d for many, of %d bytes", own, len(j.events), j.bytes)
			}
			for _, e := range j.events {
				if len(e.Codes) > 33 || len(e.Patients) > 32 {
					t.Errorf("%d codes and %d patients in one record", len(e.Codes), len(e.Patients))
				}
			}
		})
	}
}

// One session, subject or address costs a bounded number of bytes, however it
// mixes what it does.
func TestOneSourceMixesEverything(t *testing.T) {
	l, j := ledger(t)
	own := 0
	for i := range 50_000 {
		r := &refusals.Refusal{
			Kind: refusals.Kind(i % 4), Codes: []string{fmt.Sprint("c-", i%97)}, Denial: pip.Denial(i % 5), Alarm: i%3 == 0,
			Revision: []string{"", "r-1"}[i%2], Time: noon, Patient: fmt.Sprint("p-", i),
		}
		if !l.Count(session("u-1", fmt.Sprint("s-", i%1000), fmt.Sprintf("2001:db8:%x::1", i%5000)), r) {
			own++
		}
	}
	flush(t, l)
	if own+j.counted() != 50_000 {
		t.Errorf("%d and %d do not add up", own, j.counted())
	}
	if own > 6+20+200 || len(j.events) > 64 || j.bytes > 64<<10 {
		t.Errorf("%d records of their own and %d for many, %d bytes", own, len(j.events), j.bytes)
	}
}

// What cannot be written is counted further, without growing.
func TestAFailingJournalLosesNothing(t *testing.T) {
	l, j := ledger(t)
	j.fail = errors.New("disk full")
	n := 0
	for window := range 20 {
		for i := range 2000 {
			if l.Count(from(fmt.Sprintf("2001:db8:%x:%x::1", window, i)), because(refusals.Turned, "too_many_requests")) {
				n++
			}
		}
		if err := l.Flush(); !errors.Is(err, j.fail) {
			t.Fatalf("got %v", err)
		}
	}
	j.fail = nil
	flush(t, l)
	flush(t, l)
	if j.counted() != n || len(j.events) > 460 {
		t.Errorf("%d of %d are counted, in %d records", j.counted(), n, len(j.events))
	}
}

func TestRunFlushesAndCloseWritesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, j := ledger(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { l.Run(ctx); close(done) }()
		l.Count(from("192.0.2.1"), because(refusals.Turned, "too_many_requests"))
		time.Sleep(refusals.Every + time.Second)
		if len(j.events) != 1 {
			t.Errorf("got %d records after a window, want 1", len(j.events))
		}
		l.Count(from("192.0.2.1"), because(refusals.Turned, "too_many_requests"))
		cancel()
		<-done
		if err := l.Close(); err != nil || j.counted() != 2 {
			t.Errorf("after the end %d are counted, %v", j.counted(), err)
		}
		if l.Count(from("192.0.2.1"), because(refusals.Turned, "too_many_requests")) {
			t.Error("what nothing would write is counted")
		}
	})
}

// In parallel, with windows that end meanwhile, every refusal is recorded or counted.
func TestCountsAddUpInParallel(t *testing.T) {
	l, j := ledger(t)
	var own atomic.Int64
	var all sync.WaitGroup
	const workers, each = 8, 4000
	for w := range workers {
		all.Go(func() {
			for i := range each {
				s := from(fmt.Sprintf("192.0.2.%d", i%200))
				if w%2 == 0 {
					s = session(fmt.Sprint("u-", i%7), fmt.Sprint("s-", i%70), "10.1.1.1")
				}
				if !l.Count(s, because(refusals.Kind(i%4), "code")) {
					own.Add(1)
				}
				if i%500 == 0 {
					if err := l.Flush(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got := int(own.Load()) + j.counted(); got != workers*each {
		t.Errorf("got %d, want %d", got, workers*each)
	}
	total := uint64(0)
	for _, n := range l.Totals() {
		total += n
	}
	if total != workers*each {
		t.Errorf("the totals are %v", slices.Collect(maps.Values(l.Totals())))
	}
}

func TestNoLedgerCountsNothing(t *testing.T) {
	var l *refusals.Ledger
	if l.Count(from("192.0.2.1"), because(refusals.Turned, "x")) {
		t.Error("a nil ledger counts")
	}
	if _, err := refusals.New(refusals.Config{}); err == nil || !strings.Contains(err.Error(), "Journal") {
		t.Errorf("got %v for a ledger without anything", err)
	}
}
