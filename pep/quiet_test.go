//go:build !race

package pep_test

import "time"

// quiet is how long nothing comes from an enforcement point that has answered all.
const quiet = 50 * time.Millisecond
