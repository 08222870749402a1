package workqueue_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pip/identity/workqueue"
)

// order lets callers stand in line, in this order, behind work that is under way
// on every core, and returns the order in which they had their turns.
func order(t *testing.T, q *workqueue.Queue, busy []workqueue.Caller, callers []workqueue.Caller) (turns []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		hold := make(chan struct{})
		for _, c := range busy {
			go q.Do(t.Context(), c, func() { <-hold })
			synctest.Wait()
		}
		for i, c := range callers {
			go q.Do(t.Context(), c, func() {
				mu.Lock()
				turns = append(turns, fmt.Sprint(c.Name, i))
				mu.Unlock()
				time.Sleep(time.Second) // of the bubble's clock
			})
			synctest.Wait()
		}
		close(hold)
		time.Sleep(time.Hour)
	})
	return turns
}

func TestTheBetterKnownCallerIsNext(t *testing.T) {
	flood := workqueue.Caller{Name: "flood"}
	other := workqueue.Caller{Name: "other"}
	ward := workqueue.Caller{Class: workqueue.Familiar, Name: "ward"}
	laptop := workqueue.Caller{Class: workqueue.Known, Name: "laptop"}
	got := order(t, workqueue.New(1), []workqueue.Caller{flood}, []workqueue.Caller{flood, flood, flood, other, ward, laptop})
	if want := []string{"laptop5", "ward4", "flood0", "other3", "flood1", "flood2"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAFloodIsTurnedAwayAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.New(2)
		hold := make(chan struct{})
		var mu sync.Mutex
		turnedAway := map[string]int{}
		for i := range 200 {
			c := workqueue.Caller{Name: fmt.Sprint("network ", i%20)}
			go func() {
				if err := q.Do(t.Context(), c, func() { <-hold }); errors.Is(err, workqueue.ErrBusy) {
					mu.Lock()
					turnedAway["all"]++
					turnedAway[c.Name]++
					mu.Unlock()
				}
			}()
		}
		synctest.Wait()
		mu.Lock()
		if got := turnedAway["all"]; got != 200-64 {
			t.Errorf("%d of 200 were turned away, want all but 64", got)
		}
		for name, n := range turnedAway {
			if name != "all" && n < 10-4 {
				t.Errorf("%s has %d of 10 places, want at most 4", name, 10-n)
			}
		}
		mu.Unlock()
		laptop := workqueue.Caller{Class: workqueue.Known, Name: "laptop"}
		if n := q.Position(laptop); n != 0 {
			t.Errorf("a known device waits for %d turns, want none: one core is free", n)
		}
		worked := false
		if err := q.Do(t.Context(), laptop, func() { worked = true }); err != nil || !worked {
			t.Errorf("a known device: got %v", err)
		}
		close(hold)
	})
}

func TestWhoGivesUpTakesNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := workqueue.New(1)
		hold := make(chan struct{})
		go q.Do(t.Context(), workqueue.Caller{Name: "first"}, func() { <-hold })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := q.Do(ctx, workqueue.Caller{Name: "second"}, func() { t.Error("worked after giving up") })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
		}
		close(hold)
		synctest.Wait()
		if err := q.Do(t.Context(), workqueue.Caller{Name: "third"}, func() {}); err != nil {
			t.Errorf("the queue does not go on: %v", err)
		}
	})
}

func TestPanicsGiveTheirTurnBack(t *testing.T) {
	q := workqueue.New(1)
	func() {
		defer func() { _ = recover() }()
		_ = q.Do(t.Context(), workqueue.Caller{}, func() { panic("no") })
	}()
	if err := q.Do(t.Context(), workqueue.Caller{}, func() {}); err != nil {
		t.Errorf("got %v", err)
	}
}
