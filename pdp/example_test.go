package pdp_test

import (
	"fmt"

	"github.com/wardgate/wardgate/pdp"
)

// The zero decision denies.
func ExampleDecision() {
	var d pdp.Decision
	fmt.Println(d.Allow)
	// Output: false
}

// How the codes of one denial come to one status: a missing session hides what
// else is wrong, and a code without a row is a 403.
func ExampleReasons_Answer() {
	reasons := pdp.Reasons{
		"session_missing":   {Class: pdp.ClassCredential, Status: 401, Alone: true},
		"step_up_required":  {Class: pdp.ClassCredential, Status: 401},
		"care_unknown":      {Class: pdp.ClassUnavailable, Status: 503},
		"too_many_requests": {Class: pdp.ClassBehaviour, Status: 429},
	}
	for _, codes := range [][]string{
		{"care_unknown", "session_missing"},
		{"step_up_required"},
		{"care_unknown", "step_up_required"},
		{"care_unknown", "too_many_requests"},
		{"a_code_of_yours"},
	} {
		fmt.Println(reasons.Answer(codes))
	}
	// Output:
	// 401 [session_missing]
	// 401 [step_up_required]
	// 503 [care_unknown step_up_required]
	// 429 [care_unknown too_many_requests]
	// 403 [a_code_of_yours]
}
