package inflight

import (
	"context"
	"sync"
)

// judges is how many exchanges are judged at once.
const judges = 8

// Again has every exchange judged whose client is being answered, or whose upload lasts, and
// breaks off those that are not to go on: judge says why, "" for those that are. It returns when all have been
// judged. judge is called with what Forward got.
func (s *Set) Again(ctx context.Context, judge func(ctx context.Context, owner any) (why string)) {
	due := make(chan *Exchange)
	var work sync.WaitGroup
	for range judges {
		work.Go(func() {
			for e := range due {
				if why := judge(ctx, e.owner); why != "" {
					e.cancelFor(why)
				}
			}
		})
	}
	for _, e := range s.lasting() {
		due <- e
	}
	close(due)
	work.Wait()
}

func (s *Set) lasting() []*Exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*Exchange
	for e := range s.all {
		if e.isLasting() {
			all = append(all, e)
		}
	}
	return all
}

func (e *Exchange) isLasting() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return (e.answering || e.uploading) && e.revoked == "" && !e.ended
}
