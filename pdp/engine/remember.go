package engine

import (
	"sync"

	"github.com/wardgate/wardgate/pdp"
)

// maxRemembered bounds the answers that one revision remembers.
const maxRemembered = 16_384

// memory holds answers of one revision by all of the input that they can depend
// on. The rules are pure, so that the same input under the same revision has
// the same answer, and what no rule reads makes no other input of it. Facts are
// not remembered: they are gathered for each request
// and are part of the key, so that a revocation, a ban or an hour that has
// struck is another key. A change of policy is another memory.
type memory struct {
	mu      sync.RWMutex
	answers map[string]pdp.Decision // without Revision and Evidence
}

// recall returns what was answered to exactly this input.
func (m *memory) recall(input []byte) (pdp.Decision, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	d, ok := m.answers[string(input)]
	return d, ok
}

// keep remembers an answer that allows. Denials are not worth it: they are
// rare, strangers can make up many, and some have effects.
func (m *memory) keep(input []byte, d pdp.Decision) {
	if !d.Allow {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.answers == nil || len(m.answers) >= maxRemembered {
		m.answers = make(map[string]pdp.Decision, 64)
	}
	m.answers[string(input)] = d
}
