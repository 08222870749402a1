package main

import "testing"

// What is measured of large hospitals must be served in small ones: their rule
// books pass the gate, their people are allowed.
func TestHospitalsThatGrowAreServed(t *testing.T) {
	dir := t.TempDir()
	w, err := newWard(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range w.growths(dir) {
		t.Run(g.what, func(t *testing.T) {
			ask, done, err := g.ask(g.from)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := ask(); err != nil {
					t.Error(err)
				}
			}
			if err := done(); err != nil {
				t.Error(err)
			}
		})
	}
}
