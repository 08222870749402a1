package effort

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestRemaining(t *testing.T) {
	const d = time.Minute
	tests := []struct {
		name               string
		elapsed, processor time.Duration
		want               time.Duration
	}{
		{"it has time", 20 * time.Second, time.Second, 40 * time.Second},
		{"it had time, and two cores", 20 * time.Second, 40 * time.Second, 40 * time.Second},
		{"it had a core all the time", time.Minute, time.Minute, 0},
		{"it had half of one", time.Minute, 30 * time.Second, 0},
		{"it had a tenth of one", time.Minute, 6 * time.Second, 24 * time.Second},
		{"it had none", time.Minute, 0, 30 * time.Second},
		{"it has had its share since", 3 * time.Minute, 31 * time.Second, 0},
	}
	for _, tt := range tests {
		if got := max(0, remaining(d, tt.elapsed, tt.processor)); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// What computes without end is ended, and says why.
func TestWorkEnds(t *testing.T) {
	ctx, cancel := Within(context.Background(), 10*time.Millisecond)
	defer cancel()
	for sum := 0; ctx.Err() == nil; sum++ {
		_ = sum
	}
	if got := context.Cause(ctx); !errors.Is(got, context.DeadlineExceeded) {
		t.Errorf("got %v, want that its time is over", got)
	}
}

func TestCallersEndIt(t *testing.T) {
	above, end := context.WithCancel(context.Background())
	ctx, cancel := Within(above, time.Hour)
	defer cancel()
	if at, ok := ctx.Deadline(); !ok || ctx.Err() != nil || time.Until(at) > 5*time.Hour {
		t.Fatalf("got a deadline at %v (%t), %v", at, ok, ctx.Err())
	}
	end()
	<-ctx.Done()
	if got := context.Cause(ctx); errors.Is(got, context.DeadlineExceeded) {
		t.Errorf("got %v, want that it was called off", got)
	}
}
