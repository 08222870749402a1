package policy

import (
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp"
)

// An open row takes the rest of a path: what it opens for reading, and which paths are
// open for more than that.
type open struct {
	Application string   `json:"application"`
	Method      string   `json:"method"`
	Path        string   `json:"path"`
	Action      string   `json:"action"`
	Writes      []string `json:"writes"` // rows of the application of other methods; all else stays closed
}

// opened are the rows of a book that take the rest of a path.
func opened(routes []pdp.Route) []open {
	list := []open{}
	for _, row := range routes {
		if !strings.HasSuffix(row.Path, "...}") {
			continue
		}
		list = append(list, open{row.Application, row.Method, row.Path, row.Action, writes(routes, row.Application)})
	}
	return list
}

// writes are the rows of an application that do more than read.
func writes(routes []pdp.Route, application string) []string {
	list := []string{}
	for _, row := range routes {
		if row.Application == application && !slices.Contains([]string{"GET", "HEAD"}, row.Method) {
			list = append(list, row.Method+" "+row.Path)
		}
	}
	return list
}

// String says it for people.
func (o open) String() string {
	closed := "every other method stays closed"
	if len(o.Writes) > 0 {
		closed += " but for " + strings.Join(o.Writes, ", ")
	}
	return o.Application + ": " + o.Method + " " + o.Path + " is open as a whole (" + o.Action + "), and " + closed
}
