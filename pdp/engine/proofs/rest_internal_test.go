package proofs

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// A proof beside serving works for a spell and rests for longer, and ends with its
// context.
func TestProofsRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		pause, begun := resting(ctx), time.Now()
		for range 1000 {
			time.Sleep(work / 10)
			if err := pause(); err != nil {
				t.Fatal(err)
			}
		}
		if worked, all := 100*work, time.Since(begun); all-worked < worked {
			t.Errorf("worked %v of %v", worked, all)
		}
		stop()
		time.Sleep(work)
		if pause() == nil {
			t.Error("a proof that is not wanted goes on")
		}
	})
}
