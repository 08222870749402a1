package deadline_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/deadline"
)

const long = time.Hour

func TestWithinEnds(t *testing.T) {
	type key struct{}
	base := context.WithValue(t.Context(), key{}, "kept")
	gone, leave := context.WithCancel(base)
	leave()
	cases := []struct {
		name   string
		parent context.Context
		length time.Duration
		cancel bool
		want   error
	}{
		{"under way", base, long, false, nil},
		{"cancelled", base, long, true, context.Canceled},
		{"too late", base, -1, false, context.DeadlineExceeded},
		{"parent gone", gone, long, false, context.Canceled},
	}
	for _, c := range cases {
		for _, waits := range []string{"nobody waits", "waits before", "waits after"} {
			t.Run(c.name+", "+waits, func(t *testing.T) {
				ctx, cancel := deadline.Within(c.parent, c.length)
				defer cancel()
				if waits == "waits before" {
					ctx.Done()
				}
				if c.cancel {
					cancel()
				}
				if waits == "waits after" {
					ctx.Done()
				}
				if err := ctx.Err(); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				select {
				case <-ctx.Done():
					if c.want == nil {
						t.Error("it ended")
					}
				default:
					if c.want != nil {
						t.Error("whoever waits is not woken")
					}
				}
				if ctx.Value(key{}) != "kept" {
					t.Error("the value is lost")
				}
			})
		}
	}
}

// Who waits is woken by the deadline itself, and so is whatever was derived.
func TestWithinWakes(t *testing.T) {
	ctx, cancel := deadline.Within(t.Context(), time.Millisecond)
	defer cancel()
	child, leave := context.WithCancel(ctx)
	defer leave()
	<-ctx.Done()
	<-child.Done()
	if !errors.Is(child.Err(), context.DeadlineExceeded) || !errors.Is(context.Cause(child), context.DeadlineExceeded) {
		t.Errorf("got %v, cause %v", child.Err(), context.Cause(child))
	}
}

func TestWithinTellsTheEarlierDeadline(t *testing.T) {
	soon, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	want, _ := soon.Deadline()
	ctx, leave := deadline.Within(soon, long)
	defer leave()
	if got, ok := ctx.Deadline(); !ok || !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, ok := func() (time.Time, bool) {
		c, done := deadline.Within(t.Context(), time.Minute)
		defer done()
		return c.Deadline()
	}(); !ok || time.Until(got) > time.Minute || time.Until(got) < 0 {
		t.Errorf("got %v", got)
	}
}
