// Package required tells constructors which of their required parts are absent.
package required

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Parts returns an error that names every part that is not there, or nil. What
// is the thing that cannot do without them.
func Parts(what string, there map[string]bool) error {
	var absent []string
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if !there[name] {
			absent = append(absent, name)
		}
	}
	if len(absent) == 0 {
		return nil
	}
	return fmt.Errorf("%s: required and not given: %s", what, strings.Join(absent, ", "))
}
