package try

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pep/route"
)

// A Near is a row to which a request line that matches none comes close.
type Near struct {
	Method      string `json:"method"`
	Path        string `json:"path"`
	Application string `json:"application"`
	Why         string `json:"why"` // what is otherwise
}

const (
	shownNear = 3 // rows
	far       = 3 // of one segment that is not near
)

// nearest are the rows of the same path with other methods or at other hosts, or else
// those of which a segment or two are otherwise.
func nearest(rows []pdp.Route, table *route.Table, l *line, hosted []string) []Near {
	type candidate struct {
		Near
		cost int
	}
	var list []candidate
	for i := range rows {
		row := &rows[i]
		at := "" // where the row is found
		if slices.Contains(hosted, row.Application) {
			at = row.Application
		}
		n := candidate{Near: Near{Method: row.Method, Path: row.Path, Application: row.Application}}
		m := table.LookUp(at, row.Method, l.path, l.query)
		exact := m.Route != nil && m.Route.Path == row.Path
		var why []string
		if !exact {
			var word string
			if n.cost, word = apartBy(row.Path, l.path); n.cost > far {
				continue
			}
			why = append(why, word)
		}
		if row.Method != l.method {
			n.cost++
			why = append(why, fmt.Sprintf("%s, not %s", row.Method, l.method))
		}
		if at != l.hosted {
			n.cost++
			why = append(why, where(at))
		}
		n.Why = strings.Join(why, "; ")
		list = append(list, n)
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return cmp.Compare(a.cost, b.cost) })
	near := []Near{}
	for _, n := range list[:min(len(list), shownNear)] {
		near = append(near, n.Near)
	}
	return near
}

func where(application string) string {
	if application == "" {
		return "at the home, and not at a host of an application"
	}
	return "at the own host of " + application
}

// apartBy is how far a path is from a template, and in what: beyond far it is not near.
func apartBy(template, path string) (cost int, why string) {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	var words []string
	for i := range max(len(want), len(have)) {
		switch {
		case i >= len(have):
			cost += 2
			words = append(words, fmt.Sprintf("%q is missing", "/"+want[i]))
		case i >= len(want):
			cost += 2
			words = append(words, fmt.Sprintf("%q is too much", "/"+have[i]))
		case strings.HasPrefix(want[i], "{") && !strings.HasSuffix(want[i], "...}") && have[i] == "":
			cost += 2
			words = append(words, want[i]+" is missing")
		case strings.HasSuffix(want[i], "...}"):
			if fits, takes := route.Fits(want[i], strings.Join(have[i:], "/")); !fits {
				return cost + 1, strings.Join(append(words, fmt.Sprintf("%s takes %s", want[i], takes)), "; ")
			}
			return cost, strings.Join(words, "; ")
		case strings.HasPrefix(want[i], "{"):
			if fits, takes := route.Fits(want[i], have[i]); !fits {
				cost++
				words = append(words, fmt.Sprintf("%s takes %s, and not %q", want[i], takes, have[i]))
			}
		case want[i] == have[i]:
		case want[i] != "" && tables.Meant(have[i], []string{want[i]}) != "":
			cost++
			words = append(words, fmt.Sprintf("%q, not %q", want[i], have[i]))
		default:
			return far + 1, ""
		}
	}
	return cost, strings.Join(words, "; ")
}
