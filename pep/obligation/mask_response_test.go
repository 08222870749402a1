package obligation_test

import (
	"slices"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/obligation"
)

// What a mask does to answers is tested where answers pass: pep's mask_test.go.
func TestMaskResponse(t *testing.T) {
	given := func(properties string) []pdp.Obligation { return []pdp.Obligation{oblige("mask_response", properties)} }
	runReadings(t, []reading{
		{name: "no pointers", way: obligation.External, given: given(`{}`), fails: true},
		{name: "an element", way: obligation.External, given: given(`{"pointers":["/items/*"]}`), fails: true},
		{name: "more", way: obligation.External, given: given(`{"pointers":["/a"],"except":["/b"]}`), fails: true},
		{name: "pointers twice", way: obligation.External, given: given(`{"pointers":["/a"],"pointers":["/b"]}`), fails: true},
		{name: "JSON may pass", way: obligation.External, given: given(`{"pointers":["/a"],"pass":["application/json"]}`), fails: true},
		{name: "means nothing on a denial", way: obligation.Refused, given: given(`{`)},
	})
	bindsOn(t, oblige("mask_response", `{"pointers":["/a"]}`), obligation.Service, obligation.External, obligation.Upload)
}

// Two masks are one that names what either names, and passes what both pass.
func TestTwoMasksAreOne(t *testing.T) {
	e, err := newDischarger(t).Discharge(decided(obligation.External,
		oblige("mask_response", `{"pointers":["/a"],"pass":["image/png","application/pdf"]}`),
		oblige("mask_response", `{"pointers":["/b"],"pass":["application/pdf"]}`)), obligation.External)
	if err != nil || len(e.Answers) != 1 {
		t.Fatalf("got %+v, %v", e, err)
	}
	m, ok := e.Answers[0].(*obligation.Mask)
	if !ok || len(m.Pointers) != 2 || !slices.Equal(m.Pass, []string{"application/pdf"}) {
		t.Errorf("got %+v", e.Answers[0])
	}
}
