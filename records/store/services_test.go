package store_test

import (
	"context"
	"errors"
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
	if _, err := w.DeleteService(ctx, mine, v.ID, 3, at()); err != nil {
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
