package anonymous_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pep/anonymous"
)

var (
	hospital = netip.MustParsePrefix("10.0.0.0/8")
	noon     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func small() anonymous.Limits {
	return anonymous.Limits{
		PerMinute: 60, Burst: 3, OffSite: 600, OnSitePerMinute: 600, OnSiteBurst: 30,
		AtOnce: 2, Waiting: 3, Costly: map[string]bool{"log_in.attempt": true},
	}
}

func guard(t *testing.T, l anonymous.Limits) *anonymous.Limiter {
	t.Helper()
	g, err := anonymous.New(anonymous.Config{Limits: func() anonymous.Limits { return l }, OnSite: hospital.Contains})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func at(address string) anonymous.Caller {
	return anonymous.Caller{Address: netip.MustParseAddr(address)}
}

// admitted counts how many of n requests are admitted at one moment.
func admitted(g *anonymous.Limiter, c anonymous.Caller, n int, now time.Time) int {
	in := 0
	for range n {
		if _, ok := g.Admit(c, now); ok {
			in++
		}
	}
	return in
}

func TestShares(t *testing.T) {
	tests := []struct {
		name   string
		first  anonymous.Caller // has used up its share
		second anonymous.Caller
		want   int // of 100 requests of the second
	}{
		{"the same address", at("192.0.2.1"), at("192.0.2.1"), 0},
		{"another address", at("192.0.2.1"), at("192.0.2.2"), 3},
		{"the same address written as IPv6", at("192.0.2.1"), at("::ffff:192.0.2.1"), 0},
		{"another address of the same /64", at("2001:db8::1"), at("2001:db8::ffff:1"), 0},
		{"the next /64", at("2001:db8::1"), at("2001:db8:0:1::1"), 3},
		{"on-site has more", at("192.0.2.1"), at("10.1.1.1"), 30},
		{"a known device at the same address", at("192.0.2.1"), anonymous.Caller{Address: netip.MustParseAddr("192.0.2.1"), Known: "device a"}, 3},
		{"no address", anonymous.Caller{}, anonymous.Caller{}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := guard(t, small())
			admitted(g, tt.first, 100, noon)
			if got := admitted(g, tt.second, 100, noon); got != tt.want {
				t.Errorf("got %d admitted, want %d", got, tt.want)
			}
		})
	}
}

func TestWaitIsWhenTheNextIsAdmitted(t *testing.T) {
	g := guard(t, small())
	c := at("192.0.2.1")
	admitted(g, c, 3, noon)
	wait, ok := g.Admit(c, noon)
	if ok || wait <= 0 {
		t.Fatalf("got %v, %t", wait, ok)
	}
	if _, ok := g.Admit(c, noon.Add(wait-time.Millisecond)); ok {
		t.Error("admitted too early")
	}
	if _, ok := g.Admit(c, noon.Add(wait)); !ok {
		t.Error("not admitted when it was said")
	}
	if got := admitted(g, c, 100, noon.Add(-time.Hour)); got != 0 {
		t.Errorf("a clock that steps back gives %d more", got)
	}
}

// However many addresses somebody has, all of them off-site share one bound,
// and those on-site or known do not pay for it.
func TestManyAddresses(t *testing.T) {
	g := guard(t, small())
	in := 0
	for i := range 5000 {
		in += admitted(g, at(fmt.Sprintf("192.%d.%d.1", i/250, i%250)), 3, noon)
	}
	if in != 100 {
		t.Errorf("got %d of strangers off-site admitted at once, want a sixth of the minute's 600", in)
	}
	if got := admitted(g, at("10.1.1.1"), 10, noon); got != 10 {
		t.Errorf("on-site: got %d of 10", got)
	}
	if got := admitted(g, anonymous.Caller{Known: "session s"}, 3, noon); got != 3 {
		t.Errorf("known: got %d of 3", got)
	}
}

// Filling the table makes it forget nobody who has used up a share.
func TestTheTableForgetsNobodyInDebt(t *testing.T) {
	l := small()
	l.OffSite = 10_000_000
	g := guard(t, l)
	debtor := at("192.0.2.1")
	admitted(g, debtor, 3, noon)
	for i := range 1 << 17 {
		g.Admit(at(fmt.Sprintf("2001:db8:%x:%x::1", i>>16, i&0xffff)), noon)
	}
	if got := admitted(g, debtor, 10, noon); got != 0 {
		t.Errorf("got %d more by filling the table", got)
	}
	if got := admitted(g, at("198.51.100.7"), 10, noon); got != 0 {
		t.Errorf("got %d for one more address though the shared bucket is empty", got)
	}
	if got := admitted(g, at("198.51.100.7"), 10, noon.Add(time.Minute)); got != 3 {
		t.Errorf("got %d when the others had paid, want 3", got)
	}
}

func TestSlowWorkQueues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := guard(t, small())
		ctx, onSite := context.Background(), at("10.0.0.1")
		var leave []func()
		for range 2 {
			l, ok := g.Enter(ctx, onSite)
			if !ok {
				t.Fatal("no place though there are two")
			}
			leave = append(leave, l)
		}
		results := make(chan bool, 10)
		for range 3 {
			go func() {
				l, ok := g.Enter(ctx, onSite)
				results <- ok
				if ok {
					l()
				}
			}()
		}
		synctest.Wait()
		if _, ok := g.Enter(ctx, onSite); ok {
			t.Error("a fourth waits")
		}
		if l, ok := g.Enter(ctx, anonymous.Caller{Known: "device d-1"}); !ok {
			t.Error("a known caller stands behind strangers")
		} else {
			l()
		}
		leave[0]()
		leave[0]() // leaving twice frees one place
		synctest.Wait()
		if len(results) != 3 {
			t.Fatalf("got %d who had their turn, want all 3, one after another", len(results))
		}
		for range 3 {
			if !<-results {
				t.Error("who waited got no turn")
			}
		}
		l, ok := g.Enter(ctx, onSite)
		if !ok {
			t.Fatal("the place is not free again")
		}
		start := time.Now()
		if _, ok := g.Enter(ctx, onSite); ok || time.Since(start) == 0 {
			t.Error("who waits too long is let in, or did not wait")
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, ok := g.Enter(gone, onSite); ok {
			t.Error("who has gone is let in")
		}
		l()
		leave[1]()
		for range 2 {
			if _, ok := g.Enter(ctx, onSite); !ok {
				t.Error("places were lost")
			}
		}
	})
}

// One caller never holds all places, neither inside nor among those who wait:
// not who has a session and asks for slow work over and over, not one network.
func TestNobodyKeepsOthersFromSlowWork(t *testing.T) {
	session := func(id string) anonymous.Caller { return anonymous.Caller{Known: "subject " + id} }
	for name, tt := range map[string]struct{ greedy, other anonymous.Caller }{
		"sessions":      {session("u-1"), session("u-2")},
		"networks":      {at("192.0.2.1"), at("192.0.2.2")},
		"IPv6 networks": {at("2001:db8::1"), at("2001:db8:0:1::1")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limits := small()
				limits.AtOnce, limits.Waiting = 4, 60
				g := guard(t, limits)
				ctx, cancel := context.WithCancel(context.Background())
				hold := func(c anonymous.Caller, refused, served chan<- bool) {
					leave, ok := g.Enter(context.Background(), c)
					if !ok {
						refused <- true
						return
					}
					served <- true
					<-ctx.Done()
					leave()
				}
				refused, served := make(chan bool, 100), make(chan bool, 100)
				for range 100 {
					go hold(tt.greedy, refused, served)
				}
				synctest.Wait()
				if len(refused) != 92 || len(served) != 4 {
					t.Errorf("%d of 100 were turned away and %d let in, want all but a share of 8, and 4", len(refused), len(served))
				}
				away, in := make(chan bool, 1), make(chan bool, 1)
				go hold(tt.other, away, in)
				synctest.Wait()
				cancel()
				synctest.Wait()
				if len(away) != 0 || len(in) != 1 {
					t.Error("another caller did not have a turn")
				}
			})
		})
	}
}

// A caller's share is free again with each place that is left.
// A flood from several networks costs another one a turn of each at most, and
// those on-site none.
func TestAFloodTakesTurnsWithOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := small()
		limits.AtOnce, limits.Waiting = 1, 60
		g := guard(t, limits)
		served := make(chan string, 100)
		work := func(name string, c anonymous.Caller) {
			if leave, ok := g.Enter(context.Background(), c); ok {
				served <- name
				time.Sleep(time.Second)
				leave()
			}
		}
		for i := range 21 {
			go work("flood", at([]string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}[i%3]))
			synctest.Wait()
		}
		go work("other", at("198.51.100.7"))
		synctest.Wait()
		if len(served) != 1 {
			t.Fatalf("%d had a turn, want the first alone", len(served))
		}
		go work("on-site", at("10.0.0.1"))
		synctest.Wait()
		time.Sleep(time.Hour)
		for i, want := range []string{"flood", "on-site", "flood", "flood", "other"} {
			if got := <-served; got != want {
				t.Errorf("turn %d: %s, want %s", i, got, want)
			}
		}
	})
}

func TestASharePassesOn(t *testing.T) {
	limits := small()
	limits.AtOnce, limits.Waiting = 2, 0
	g := guard(t, limits)
	for range 3 {
		leave, ok := g.Enter(context.Background(), at("192.0.2.1"))
		if !ok {
			t.Fatal("no place though all are free")
		}
		if _, ok := g.Enter(context.Background(), at("192.0.2.1")); ok {
			t.Error("one caller holds two places of two")
		}
		if other, ok := g.Enter(context.Background(), at("192.0.2.2")); !ok {
			t.Error("another caller found no place")
		} else {
			other()
		}
		leave()
		leave()
	}
}

func TestNoGuardBoundsNothing(t *testing.T) {
	var g *anonymous.Limiter
	if _, ok := g.Admit(at("192.0.2.1"), noon); !ok || g.Costly("log_in.attempt") {
		t.Error("a nil guard bounds")
	}
	if _, err := anonymous.New(anonymous.Config{}); err == nil {
		t.Error("a guard without anything was made")
	}
}
