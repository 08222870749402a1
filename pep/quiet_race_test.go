//go:build race

package pep_test

import "time"

// quiet is how long nothing comes from an enforcement point that has answered all,
// under a detector that takes ten times as long.
const quiet = 500 * time.Millisecond
