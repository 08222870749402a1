// Package longrun says how often tests repeat what is slow and the same each time. It
// is for tests alone.
package longrun

import "os"

// Variable names what turns long runs on.
const Variable = "WARDGATE_LONG"

// On reports whether this is a long run.
func On() bool { return os.Getenv(Variable) != "" }

// Times is how often to repeat: few times, which find at once what is always wrong, or
// many in a long run, which find what is wrong once in many times.
func Times(few, many int) int {
	if On() {
		return many
	}
	return few
}

// Some are n of a list, spread over all of it; in a long run all of it.
func Some[T any](list []T, n int) []T {
	if On() || n >= len(list) {
		return list
	}
	some := make([]T, n)
	for i := range some {
		some[i] = list[i*len(list)/n]
	}
	return some
}
