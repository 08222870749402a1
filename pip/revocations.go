package pip

import "time"

// A Mark says up to which change a source knows who was cut off. The authority
// numbers the changes; Epoch names the numbering, and numbers of two epochs
// say nothing about each other. The zero Mark knows nothing.
type Mark struct {
	Epoch    string `json:"epoch"`
	Sequence uint64 `json:"sequence"`
}

// Behind reports whether a source at m lacks a change that a source at o has.
func (m Mark) Behind(o Mark) bool { return m.Epoch != o.Epoch || m.Sequence < o.Sequence }

// An EndedSession was cut off. After Until no token of it can be valid any
// more, so that it may be forgotten.
type EndedSession struct {
	Session string    `json:"session"`
	Until   time.Time `json:"until"`
}

// A BannedSubject is cut off from everything until then.
type BannedSubject struct {
	Subject string    `json:"subject"`
	Until   time.Time `json:"until"`
}

// Revocations is who is cut off, as one source knew it at Mark. Bans are all
// that hold: a missing subject is not banned. Sessions are those that were
// ended after Since; with a zero Since they are all that matter still.
type Revocations struct {
	Mark     Mark            `json:"mark"`
	Since    Mark            `json:"since"`
	Sessions []EndedSession  `json:"sessions"`
	Bans     []BannedSubject `json:"bans"`
}
