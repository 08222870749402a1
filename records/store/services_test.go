package store_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wardgate/wardgate/records/store"
)

func (w *world) plan(t *testing.T) store.Service {
	t.Helper()
	v, err := w.AddService(context.Background(), ofDoctor(t, w.house.Doctor.ID), store.Service{Patient: w.house.Patient.ID,
		Kind: store.Medication, MedicationName: "placebo", DosageInstructions: "none", OrderedBy: w.house.Doctor.ID}, at())
	if err != nil {
		t.Fatalf("plan: %v", err)
	}
	return v
}

func TestServiceLife(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	mine, ward := ofDoctor(t, w.house.Doctor.ID), rows(t, where("patient.department", w.house.Nurse.Department))
	v := w.plan(t)
	if v.Status != store.Planned || v.Version != 1 || v.DoneAt != nil {
		t.Fatalf("planned: got %+v", v)
	}
	changed, err := w.ChangeService(ctx, mine, v.ID, store.ServiceChange{DosageInstructions: ptr("one a day")}, 1)
	if err != nil || changed.DosageInstructions != "one a day" || changed.MedicationName != "placebo" || changed.Version != 2 {
		t.Fatalf("changed: got %+v, %v", changed, err)
	}
	done, err := w.FinishService(ctx, ward, v.ID, w.house.Nurse.ID, 0, at())
	if err != nil || done.Status != store.Done || done.DoneBy == nil || *done.DoneBy != w.house.Nurse.ID || !done.DoneAt.Equal(at()) {
		t.Fatalf("done: got %+v, %v", done, err)
	}
	if _, err := w.FinishService(ctx, ward, v.ID, w.house.Nurse.ID, 0, at()); !errors.Is(err, store.ErrDone) {
		t.Errorf("done twice: got %v, want %v", err, store.ErrDone)
	}
	_, edit := w.ChangeService(ctx, mine, v.ID, store.ServiceChange{MedicationName: ptr("another")}, 0)
	_, remove := w.DeleteService(ctx, mine, v.ID, 3, at())
	if !errors.Is(edit, store.ErrDone) || !errors.Is(remove, store.ErrDone) {
		t.Errorf("what was given: changed with %v, deleted with %v, want %v", edit, remove, store.ErrDone)
	}
	v = w.plan(t)
	if _, err := w.DeleteService(ctx, mine, v.ID, 1, at()); err != nil {
		t.Fatalf("delete: %v", err)
	}
	if _, err := w.DeleteService(ctx, mine, v.ID, 0, at()); !errors.Is(err, store.ErrNotVisible) {
		t.Errorf("deleted twice: got %v, want %v", err, store.ErrNotVisible)
	}
}

func TestServicesOfOthersDoNotExist(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	v, others := w.plan(t), ofDoctor(t, w.house.Doctor2.ID)
	_, change := w.ChangeService(ctx, others, v.ID, store.ServiceChange{Kind: ptr(store.Treatment)}, 0)
	_, finish := w.FinishService(ctx, others, v.ID, w.house.Nurse.ID, 0, at())
	_, remove := w.DeleteService(ctx, others, v.ID, 0, at())
	_, add := w.AddService(ctx, others, store.Service{Patient: v.Patient, Kind: store.Treatment, OrderedBy: w.house.Doctor2.ID}, at())
	_, list := w.Store.Services(ctx, others, v.Patient)
	_, unknown := w.ChangeService(ctx, all(t), "nothing", store.ServiceChange{}, 0)
	for _, err := range []error{change, finish, remove, add, list, unknown} {
		if !errors.Is(err, store.ErrNotVisible) {
			t.Errorf("got %v, want %v", err, store.ErrNotVisible)
		}
	}
	if _, err := w.FinishService(ctx, all(t), v.ID, "nobody", 0, at()); !errors.Is(err, store.ErrStaff) {
		t.Errorf("done by nobody: got %v, want %v", err, store.ErrStaff)
	}
}

func TestParallelChangesLoseNothing(t *testing.T) {
	w := newWorld(t)
	ctx := context.Background()
	mine, v := ofDoctor(t, w.house.Doctor.ID), w.plan(t)
	const writers, rounds = 8, 10
	var conflicts atomic.Int32
	increment := func() {
		for {
			all, err := w.Store.Services(ctx, mine, v.Patient)
			if err != nil {
				t.Error(err)
				return
			}
			now := all[len(all)-1]
			n, _ := strconv.Atoi(now.TreatmentDetails)
			_, err = w.ChangeService(ctx, mine, v.ID, store.ServiceChange{TreatmentDetails: ptr(strconv.Itoa(n + 1))}, now.Version)
			if err == nil {
				return
			}
			if !errors.Is(err, store.ErrConflict) {
				t.Error(err)
				return
			}
			conflicts.Add(1)
		}
	}
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range rounds {
				increment()
			}
		})
	}
	wg.Wait()
	found, err := w.Store.Services(ctx, mine, v.Patient)
	if err != nil {
		t.Fatal(err)
	}
	got := found[len(found)-1]
	if want := strconv.Itoa(writers * rounds); got.TreatmentDetails != want || got.Version != writers*rounds+1 {
		t.Errorf("got %s at version %d, want %s (%d conflicts)", got.TreatmentDetails, got.Version, want, conflicts.Load())
	}
}

func TestAnEmptyOrderIsNoOrder(t *testing.T) {
	w := newWorld(t)
	ctx, mine := context.Background(), ofDoctor(t, w.house.Doctor.ID)
	planned := w.plan(t)
	tests := []struct {
		name   string
		change store.ServiceChange
		want   error
	}{
		{"no medication", store.ServiceChange{MedicationName: ptr("")}, store.ErrEmpty},
		{"a blank medication", store.ServiceChange{MedicationName: ptr(" \t")}, store.ErrEmpty},
		{"a medication without a name", store.ServiceChange{MedicationName: ptr(""), TreatmentDetails: ptr("as always")}, store.ErrEmpty},
		{"a treatment instead", store.ServiceChange{Kind: ptr(store.Treatment), MedicationName: ptr(""), TreatmentDetails: ptr("rest")}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := w.ChangeService(ctx, mine, planned.ID, tt.change, 0); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	_, err := w.AddService(ctx, mine, store.Service{Patient: planned.Patient, Kind: store.Medication, DosageInstructions: "two", OrderedBy: w.house.Doctor.ID}, at())
	if !errors.Is(err, store.ErrEmpty) {
		t.Errorf("added: got %v, want %v", err, store.ErrEmpty)
	}
}

// An order with a cell that cannot be read can be given, but a change must not
// write over what may still be restored.
func TestASpoiltOrderIsNotOverwritten(t *testing.T) {
	w := newWorld(t)
	ctx, mine := context.Background(), ofDoctor(t, w.house.Doctor.ID)
	v := w.plan(t)
	if _, err := w.raw(t).Exec("UPDATE services SET dosage_instructions = 'x' WHERE id = '" + v.ID + "'"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.ChangeService(ctx, mine, v.ID, store.ServiceChange{MedicationName: ptr("another")}, 0); !errors.Is(err, store.ErrUnreadable) {
		t.Errorf("changed beside: got %v, want %v", err, store.ErrUnreadable)
	}
	done, err := w.FinishService(ctx, all(t), v.ID, w.house.Nurse.ID, 0, at())
	if err != nil || !slices.Equal(done.Fields, []string{"dosage_instructions"}) {
		t.Errorf("given: got %v, %v", done.Fields, err)
	}
	v = w.plan(t)
	if _, err := w.raw(t).Exec("UPDATE services SET dosage_instructions = 'x' WHERE id = '" + v.ID + "'"); err != nil {
		t.Fatal(err)
	}
	changed, err := w.ChangeService(ctx, mine, v.ID, store.ServiceChange{DosageInstructions: ptr("one a day")}, 0)
	if err != nil || len(changed.Fields) != 0 || changed.DosageInstructions != "one a day" {
		t.Errorf("written anew: got %+v, %v", changed, err)
	}
}
