package tables

import (
	"fmt"
	"maps"
	"slices"
)

// withheldTables say which columns of records are not shown. The records service
// refuses every request under a name that no record has, since it was meant to
// hide something; here a slip is found before it locks anybody out.
type withheldTables struct {
	Columns []string            `json:"columns"`
	OffSite []string            `json:"withheld_off_site"`
	From    map[string][]string `json:"withheld_from"`
}

func (w *withheldTables) faults() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	check := func(table string, names []string) {
		for _, name := range names {
			if !slices.Contains(w.Columns, name) {
				fault("%s: %q is no column of records%s", table, name, Near(name, w.Columns))
			}
		}
	}
	check("withheld_off_site", w.OffSite)
	for _, role := range slices.Sorted(maps.Keys(w.From)) {
		check("withheld_from."+role, w.From[role])
	}
	return faults
}
