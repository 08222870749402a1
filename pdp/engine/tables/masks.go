package tables

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// masks is the table of what is masked in other applications' answers, by
// action and by reader. The enforcement point reads the pointers and denies what
// it cannot read; here a slip is found before it denies anybody.
type masks map[string]map[string]maskRow

type maskRow struct {
	Pointers []string `json:"pointers"`
	Pass     []string `json:"pass"`
}

// faults names the rows that hide nothing or that no request meets.
func (m masks) faults(actions map[string]action, roles []string) []error {
	whos := append([]string{anyone, "off_site"}, roles...)
	var faults []error
	for _, action := range slices.Sorted(maps.Keys(m)) {
		if actions[action] == nil {
			faults = append(faults, fmt.Errorf("masks.%s: stands in no row of actions", action))
		}
		for _, who := range slices.Sorted(maps.Keys(m[action])) {
			if !slices.Contains(whos, who) {
				faults = append(faults, fmt.Errorf("masks.%s: %q has no row in roles%s", action, who, Near(who, whos)))
			}
			pointers := m[action][who].Pointers
			if len(pointers) == 0 || slices.ContainsFunc(pointers, func(p string) bool {
				return !strings.HasPrefix(p, "/") || strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/*")
			}) {
				faults = append(faults, fmt.Errorf("masks.%s: for %s: expected pointers to members, such as /items/*/contact", action, who))
			}
		}
	}
	return faults
}
