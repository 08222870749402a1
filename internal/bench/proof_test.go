package main

import (
	"testing"
	"time"
)

// What is measured of analyses finds what it should: all is proved, a word differs, some
// people can.
func TestAnalysesThatAreMeasuredAnswer(t *testing.T) {
	for _, a := range analyses(3, 40, 10) {
		t.Run(a.what, func(t *testing.T) {
			if detail, err := a.ask(t.Context()); err != nil {
				t.Error(err)
			} else {
				t.Log(detail)
			}
		})
	}
}

// A shadow is measured of which the candidate is asked.
func TestShadowThatIsMeasuredIsAsked(t *testing.T) {
	w, err := newWard(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	if err := printShadow(w, 20*time.Millisecond); err != nil {
		t.Error(err)
	}
}
