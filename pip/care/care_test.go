package care_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/care"
	"github.com/wardgate/wardgate/pip/piptest"
)

// book is a directory that counts how often it is read.
type book struct {
	patients map[string]care.Relationship
	err      error
	reads    int
}

func (b *book) OfPatient(_ context.Context, id string) (care.Relationship, error) {
	b.reads++
	return b.patients[id], b.err
}

func (b *book) OfService(ctx context.Context, id string) (care.Relationship, error) {
	return b.OfPatient(ctx, "of "+id)
}

// known is a relationship and how far it is.
type known struct {
	care.Relationship
	pip.Reading
}

func ask(s *care.Source, kind, id string) (known, error) {
	r, reading, err := s.Measure(context.Background(), &pip.Query{Subject: "u-1", Resource: pip.Resource{Type: kind, ID: id}})
	return known{r, reading}, err
}

func TestRelationships(t *testing.T) {
	b := &book{patients: map[string]care.Relationship{
		"p-1":    {Patient: "p-1", Staff: []string{"s-1"}, Department: "d-1"},
		"of v-1": {Patient: "p-1", Staff: []string{"s-1"}, Department: "d-1"},
	}}
	s := care.New(b)
	for _, tt := range []struct {
		name, kind, id string
		state          pip.State
		patient        string
	}{
		{"a patient", "patient", "p-1", pip.Fresh, "p-1"},
		{"a service of the patient", "service", "v-1", pip.Fresh, "p-1"},
		{"a patient who does not exist belongs to nobody", "patient", "p-9", pip.Fresh, ""},
		{"a service that does not exist belongs to nobody", "service", "v-9", pip.Fresh, ""},
		{"a list", "patient", "", pip.Unknown, ""},
		{"a model", "model", "m-1", pip.Unknown, ""},
	} {
		got, err := ask(s, tt.kind, tt.id)
		if err != nil || got.State != tt.state || got.Patient != tt.patient || (tt.patient != "") != slices.Equal(got.Staff, []string{"s-1"}) {
			t.Errorf("%s: got %+v, %v", tt.name, got, err)
		}
	}
}

func TestChangeIsSeenWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{patients: map[string]care.Relationship{"p-1": {Patient: "p-1", Staff: []string{"s-1"}}}}
		s := care.New(b)
		for range 100 {
			if _, err := ask(s, "patient", "p-1"); err != nil {
				t.Fatal(err)
			}
		}
		if b.reads != 1 {
			t.Errorf("the directory was read %d times, want once", b.reads)
		}
		b.patients["p-1"] = care.Relationship{Patient: "p-1", Staff: []string{"s-2"}}
		time.Sleep(time.Second)
		if got, _ := ask(s, "patient", "p-1"); !slices.Equal(got.Staff, []string{"s-2"}) {
			t.Errorf("a second later got %+v", got)
		}
	})
}

// An old answer is never a substitute for one that cannot be had.
func TestOutageIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{patients: map[string]care.Relationship{"p-1": {Patient: "p-1", Staff: []string{"s-1"}}}}
		s := care.New(b)
		if _, err := ask(s, "patient", "p-1"); err != nil {
			t.Fatal(err)
		}
		b.err = errors.New("out of order")
		time.Sleep(time.Second)
		if got, err := ask(s, "patient", "p-1"); err == nil || got.State != pip.Unknown || got.Staff != nil {
			t.Errorf("got %+v, %v, want unknown and an error", got, err)
		}
	})
}

// Two missing ids are no match, and what is not known has no words at all.
func TestRelationshipsBecomeWords(t *testing.T) {
	s := care.New(&book{patients: map[string]care.Relationship{
		"p-1": {Patient: "p-1", Staff: []string{"s-1"}, Department: "d-1"}, "p-2": {Staff: []string{""}},
	}})
	for name, tt := range map[string]struct {
		who      pip.Identity
		resource string
		want     map[string]any
	}{
		"who treats":      {pip.Identity{Staff: "s-1", Department: "d-1"}, "p-1", map[string]any{"state": "fresh", "treats": true, "same_department": true, "own": false}},
		"a colleague":     {pip.Identity{Staff: "s-2", Department: "d-1"}, "p-1", map[string]any{"state": "fresh", "treats": false, "same_department": true, "own": false}},
		"the patient":     {pip.Identity{Patient: "p-1"}, "p-1", map[string]any{"state": "fresh", "treats": false, "same_department": false, "own": true}},
		"two missing ids": {pip.Identity{}, "p-2", map[string]any{"state": "fresh", "treats": false, "same_department": false, "own": false}},
		"no patient":      {pip.Identity{Staff: "s-1"}, "", map[string]any{}},
	} {
		t.Run(name, func(t *testing.T) {
			f, w := pip.Facts{Identity: tt.who}, piptest.For(t, care.Section(), nil)
			q := pip.Query{Subject: "u-1", Resource: pip.Resource{Type: "patient", ID: tt.resource}}
			if err := s.Gather(t.Context(), &q, &f, w); err != nil || !maps.Equal(w.Said, tt.want) {
				t.Errorf("got %v, %v, want %v", w.Said, err, tt.want)
			}
		})
	}
}
