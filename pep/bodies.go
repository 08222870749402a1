package pep

import (
	"sync"

	"github.com/wardgate/wardgate/pep/code"
)

// fairShare is the part of the memory for large bodies that one caller may hold: a
// quarter. Bodies are read before anything is asked, and may come slowly.
const fairShare = 4

// bodies count the memory of request bodies that are larger than usual. They are held
// whole while they are judged, and until the application has them.
type bodies struct {
	small, most int64 // bytes: of a body that is not counted, and of all others together

	mu   sync.Mutex
	used int64
	of   map[string]int64 // by caller
}

// hold counts in what the body of x may take, of at most limit bytes. It returns what
// gives that back, nil when nothing was counted, and the code of a refusal, "" for none.
// All callers without a session that goes on are one.
func (b *bodies) hold(x *exchange, limit int64) (back func(), refused string) {
	size := x.incoming.ContentLength
	if size < 0 {
		size = limit // it is not said
	}
	if size <= b.small || size > limit {
		return nil, "" // or it is refused for its length alone
	}
	var caller string
	if x.live() {
		caller = x.subject
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+size > b.most || b.of[caller]+size > b.most/fairShare {
		return nil, code.BodiesBusy
	}
	if b.of == nil {
		b.of = map[string]int64{}
	}
	b.used += size
	b.of[caller] += size
	return sync.OnceFunc(func() { b.giveBack(caller, size) }), ""
}

func (b *bodies) giveBack(caller string, size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= size
	if b.of[caller] -= size; b.of[caller] == 0 {
		delete(b.of, caller)
	}
}
