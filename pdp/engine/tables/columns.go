package tables

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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

// Near names the column that was probably meant.
func Near(name string, columns []string) string {
	for _, c := range columns {
		if distance(name, c) <= 2 {
			return fmt.Sprintf("; was %q meant?", c)
		}
	}
	return "; they have " + strings.Join(columns, ", ")
}

// distance counts the letters to insert, remove or exchange between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			exchange := diagonal
			if a[i] != b[j] {
				exchange++
			}
			diagonal = row[j+1]
			row[j+1] = min(exchange, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
