package request_test

import (
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pep/request"
)

// TestNamesCostLittle: of the names of a query each costs a few allocations at most, whatever
// it is.
func TestNamesCostLittle(t *testing.T) {
	for _, said := range []string{"a", "patients", "[[[[[[[[[", "????????????", "........", strings.Repeat("[", 8000), "\u0131\u0131\u0131\u0131\u0131\u0131\u0131"} {
		if n := testing.AllocsPerRun(10, func() { request.Reads(said, "_method") }); n > 8 {
			t.Errorf("%.10q: %v allocations", said, n)
		}
	}
	for said, reads := range map[string]bool{
		"study_id": true, "\u017ftudy_\u0131d": true, "study.\u0130d": true, "stud_id": false, "study_id_": false, "": false, "[": false,
	} {
		if request.Reads(said, "study_id") != reads {
			t.Errorf("%q: want %t", said, reads)
		}
	}
}
