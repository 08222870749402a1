// Package care is the information point that knows who treats a patient. It reads
// the relationship when a patient is first touched, within the request's
// deadline, and remembers it for a second.
package care

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/wardgate/wardgate/pip"
)

const (
	// life is how long a relationship is believed without asking again.
	life = time.Second
	// maxRemembered bounds the memory, in resources.
	maxRemembered = 50_000
)

// A Relationship says whose record a resource belongs to and who treats that
// patient. The zero value belongs to no patient.
type Relationship struct {
	Patient    string
	Staff      []string
	Department string
}

// A Directory is where relationships are written down.
type Directory interface {
	// OfPatient and OfService return the zero Relationship for an id that
	// does not exist.
	OfPatient(ctx context.Context, id string) (Relationship, error)
	OfService(ctx context.Context, id string) (Relationship, error)
}

// A Source answers from a Directory and a short memory.
type Source struct {
	directory Directory

	mu         sync.RWMutex
	remembered map[pip.Resource]entry
}

type entry struct {
	relationship Relationship
	read         time.Time
}

var _ pip.Source = (*Source)(nil)

// New returns a source over a directory.
func New(d Directory) *Source {
	return &Source{directory: d, remembered: map[pip.Resource]entry{}}
}

// Name of the source in readings and journal records.
func (*Source) Name() string { return "care" }

// Gather answers for patients and what belongs to them. For other resources,
// and for collections, there is nothing to know: the fact stays unknown.
func (s *Source) Gather(ctx context.Context, q *pip.Query, f *pip.Facts, w pip.Words) error {
	r, reading, err := s.Measure(ctx, q)
	if err == nil && reading.State != pip.Unknown {
		Write(&r, reading, f, w)
	}
	return err
}

// Covers reports whether there is a relationship to know: of an account to a patient or
// to what belongs to one.
func Covers(q *pip.Query) bool {
	return q.Resource.ID != "" && q.Subject != "" && (q.Resource.Type == "patient" || q.Resource.Type == "service")
}

// Measure reads who treats the patient that the resource belongs to.
func (s *Source) Measure(ctx context.Context, q *pip.Query) (Relationship, pip.Reading, error) {
	if !Covers(q) {
		return Relationship{}, pip.Reading{}, nil
	}
	e, err := s.read(ctx, q.Resource)
	if err != nil {
		return Relationship{}, pip.Reading{}, fmt.Errorf("care relationship: %w", err)
	}
	return e.relationship, pip.Reading{Source: s.Name(), State: pip.Fresh, Age: time.Since(e.read)}, nil
}

func (s *Source) read(ctx context.Context, r pip.Resource) (entry, error) {
	s.mu.RLock()
	e, ok := s.remembered[r]
	s.mu.RUnlock()
	if ok && time.Since(e.read) < life {
		return e, nil
	}
	ask := s.directory.OfPatient
	if r.Type == "service" {
		ask = s.directory.OfService
	}
	e.read = time.Now() // before asking: what is read may be this old
	var err error
	if e.relationship, err = ask(ctx, r.ID); err != nil {
		return entry{}, err
	}
	s.remember(r, e)
	return e, nil
}

func (s *Source) remember(r pip.Resource, e entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.remembered) >= maxRemembered {
		clear(s.remembered)
	}
	s.remembered[r] = e
}
