package delivery

import (
	"fmt"
	"slices"
)

// Kept is the packed bundle of a rule book that was in force, by the revision that
// decisions bear, from the folder of a follower, which may be running. known lists
// what is there; packed is nil when that revision is not. Who signed it was looked
// at when it came.
func Kept(dir, rules string) (packed []byte, known []Delivered, err error) {
	c, err := openCache(dir)
	if err != nil {
		return nil, nil, err
	}
	known = slices.Clone(c.mark.Known)
	for _, d := range slices.Backward(known) {
		if d.Rules != rules {
			continue
		}
		if packed, err = c.packed(d); err != nil {
			return nil, known, fmt.Errorf("the bundle of revision %.12s: %w", rules, err)
		}
		return packed, known, nil
	}
	return nil, known, nil
}
