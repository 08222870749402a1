package balance

import "time"

// A State is how one server stands.
type State string

// The states.
const (
	Serving   State = "serving"
	Resting   State = "resting"   // it took no connection, and is asked when no other takes a request
	Open      State = "open"      // it failed too often in a row, and gets no request but one that finds out
	Unhealthy State = "unhealthy" // it fails its checks, and gets no request
)

// States are all of them.
func States() []State { return []State{Serving, Resting, Open, Unhealthy} }

// Out reports whether a server in this state gets no requests.
func (s State) Out() bool { return s == Open || s == Unhealthy }

// A Standing is how the servers of an application stand.
type Standing struct {
	Servers      []State // in the order in which they were given
	Refused      uint64  // requests, because all were out
	FailedChecks uint64
}

// Standing is how things are now.
func (b *Balancer) Standing() Standing {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := Standing{Refused: b.refused.Load()}
	for _, s := range b.servers {
		now.Servers = append(now.Servers, s.state())
		now.FailedChecks += s.checked.total
	}
	return now
}

func (s *server) state() State {
	switch {
	case s.checked.out:
		return Unhealthy
	case s.circuit.open:
		return Open
	case s.lost:
		return Resting
	default:
		return Serving
	}
}

// tell says how a server stands, when that is not what was said last.
func (b *Balancer) tell(s *server) {
	if b.config.Turned == nil {
		return
	}
	if _, changed := b.changed(s); !changed {
		return
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	now, changed := b.changed(s)
	if !changed {
		return
	}
	b.mu.Lock()
	was, why := s.told, s.why
	s.told = now
	b.mu.Unlock()
	if now == Serving {
		why = nil
	}
	b.config.Turned(s.Name, was, now, why)
}

func (b *Balancer) changed(s *server) (now State, is bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now = s.state()
	return now, now != s.told
}

// least is the shortest time that a client is told to wait.
const least = time.Second

// retry is when one of the servers may take requests again, when all are out.
func (b *Balancer) retry(now time.Time) time.Duration {
	soonest := time.Duration(-1)
	for _, s := range b.servers {
		wait := max(least, s.circuit.until.Sub(now))
		if s.checked.out {
			wait = max(wait, time.Duration(b.config.Checks.Healthy-s.checked.passed)*b.config.Checks.Interval)
		}
		if soonest < 0 || wait < soonest {
			soonest = wait
		}
	}
	return soonest
}
