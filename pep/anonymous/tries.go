package anonymous

import "time"

// tries are requests that are let through and may come to nothing. Those under way
// count as fruitless until they are settled: otherwise a thousand sent at once would
// all be let through.
type tries struct {
	of       buckets[Caller]
	underWay map[Caller]int
}

// Try lets a request of the caller through that may come to nothing, unless too many of
// its have; then it returns nil, and after how long to come again. done has to be called
// once. What came to nothing costs more than what is turned away: it was decided, and
// journalled.
func (g *Limiter) Try(c Caller, now time.Time) (done func(fruitless bool, now time.Time), wait time.Duration) {
	free := func(bool, time.Time) {}
	if g == nil {
		return free, 0
	}
	l := g.cfg.Limits()
	if l.FruitlessPerMinute <= 0 {
		return free, 0
	}
	who := source(c)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tries.of.limit(l.FruitlessPerMinute, l.FruitlessBurst)
	if wait, ok := g.tries.of.left(who, 1+g.tries.underWay[who], now); !ok {
		return nil, wait
	}
	if g.tries.underWay == nil {
		g.tries.underWay = map[Caller]int{}
	}
	g.tries.underWay[who]++
	return func(fruitless bool, now time.Time) { g.settle(who, fruitless, now) }, 0
}

func (g *Limiter) settle(who Caller, fruitless bool, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.tries.underWay[who]--; g.tries.underWay[who] == 0 {
		delete(g.tries.underWay, who)
	}
	if fruitless {
		g.tries.of.take(who, now)
	}
}

// source is whose fruitless requests are counted together.
func source(c Caller) Caller {
	if c.Known != "" {
		return Caller{Known: c.Known}
	}
	return Caller{Address: networkOf(c.Address).Addr()}
}
