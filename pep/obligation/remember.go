package obligation

import (
	"encoding/binary"
	"sync"

	"github.com/wardgate/wardgate/pdp"
)

// maxRemembered bounds the lists of obligations that are remembered.
const maxRemembered = 4096

// memory holds what obligations amount to, by the way and all of their bytes.
// What is remembered is shared and must not be changed.
type memory struct {
	mu      sync.RWMutex
	effects map[string]Effects
	keys    sync.Pool // of *[]byte
}

// of returns what the obligations amount to, and finds it out the first time.
// What cannot be met is found out each time.
func (m *memory) of(way Way, list []pdp.Obligation, find func() (Effects, error)) (Effects, error) {
	buffer, ok := m.keys.Get().(*[]byte)
	if !ok {
		buffer = new([]byte)
	}
	defer m.keys.Put(buffer)
	key := appendKey(append((*buffer)[:0], byte(way)), list)
	*buffer = key
	m.mu.RLock()
	known, ok := m.effects[string(key)]
	m.mu.RUnlock()
	if ok {
		return known, nil
	}
	found, err := find()
	if err != nil {
		return found, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.effects == nil || len(m.effects) >= maxRemembered {
		m.effects = make(map[string]Effects, 16)
	}
	m.effects[string(key)] = found
	return found, nil
}

// appendKey writes each part with its length: no two lists have one key.
func appendKey(b []byte, list []pdp.Obligation) []byte {
	for i := range list {
		b = binary.AppendUvarint(b, uint64(len(list[i].ID)))
		b = append(b, list[i].ID...)
		b = binary.AppendUvarint(b, uint64(len(list[i].Properties)))
		b = append(b, list[i].Properties...)
	}
	return b
}
