package quota_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pep/quota"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func TestQuotaIsOfOneSubjectAtOneApplication(t *testing.T) {
	var l quota.Limiter
	passed := func(subject, application string, cost, n int, at time.Time) (passed int, wait time.Duration) {
		for range n {
			later, ok := l.Take(subject, application, 60, cost, at)
			if ok {
				passed++
			} else {
				wait = later
			}
		}
		return passed, wait
	}
	if n, wait := passed("u-1", "imaging", 1, 70, noon); n != 60 || wait != time.Second {
		t.Errorf("at once: %d passed, then %v, want 60 and a second", n, wait)
	}
	for _, other := range [][2]string{{"u-1", "records"}, {"u-2", "imaging"}} {
		if n, _ := passed(other[0], other[1], 1, 60, noon); n != 60 {
			t.Errorf("%v: %d passed, want all 60", other, n)
		}
	}
	if n, _ := passed("u-1", "imaging", 1, 70, noon.Add(30*time.Second)); n != 30 {
		t.Errorf("half a minute later %d passed, want 30", n)
	}
	if n, wait := passed("u-3", "imaging", 20, 4, noon); n != 3 || wait != 20*time.Second {
		t.Errorf("of weight 20: %d passed, then %v, want 3 and 20 s", n, wait)
	}
	if n, _ := passed("u-4", "imaging", 900, 2, noon); n != 1 {
		t.Errorf("heavier than the quota: %d passed, want 1: what weighs more than all takes all", n)
	}
}

func TestMemoryIsBoundedAndDeniesNobody(t *testing.T) {
	var l quota.Limiter
	for i := range 70_000 {
		if _, ok := l.Take(strconv.Itoa(i), "imaging", 2, 1, noon); !ok {
			t.Fatal("a first request was refused")
		}
	}
	if _, ok := l.Take("0", "imaging", 2, 2, noon); ok {
		t.Error("who used the quota up was forgotten")
	}
	if _, ok := l.Take("new", "imaging", 2, 1, noon.Add(time.Minute)); !ok {
		t.Error("there is no room a minute later")
	}
}

func TestCost(t *testing.T) {
	for _, c := range []struct {
		q     quota.Quota
		route int
		want  int
	}{{quota.Quota{}, 0, 1}, {quota.Quota{}, 7, 7}, {quota.Quota{Weight: 3}, 0, 3}, {quota.Quota{Weight: 3}, 7, 21}} {
		if got := c.q.Cost(c.route); got != c.want {
			t.Errorf("%+v, route %d: got %d, want %d", c.q, c.route, got, c.want)
		}
	}
}
