package rig

import (
	"fmt"
	"sync/atomic"
)

// Requests of this test binary, and those among them that found no time to be
// decided: they were sent again, or let pass by a drill that kills what decides.
var asked, late atomic.Int64

// maxLate is how many of a hundred requests may be late. More would hide a
// decision point that times out.
const maxLate = 1

// Sent counts a request that a test sends by itself.
func Sent() { asked.Add(1) }

// Late reports whether an answer says that there was no time to decide, and
// counts it.
func (a *Answer) Late() bool {
	if !a.IsBusy() {
		return false
	}
	late.Add(1)
	return true
}

// tellRepeats prints how many requests were late, and returns the exit code that
// this alone deserves.
func tellRepeats() int {
	n, of := late.Load(), asked.Load()
	if n == 0 {
		return 0
	}
	fmt.Printf("%d of %d requests were decided too late and asked again\n", n, of)
	if n*100 > of*maxLate && n > 1 {
		fmt.Printf("FAIL: more than %d %% of requests were decided too late\n", maxLate)
		return 1
	}
	return 0
}
