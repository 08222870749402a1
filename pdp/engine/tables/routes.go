package tables

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/wardgate/wardgate/pdp"
)

// A Route is a row of the table of routes as the book has it: of one method, or of
// several in a list. To the rest of the house it is a route of each.
type Route struct {
	pdp.Route

	Method Methods `json:"method"`
}

// Methods are those of one row.
type Methods []string

// UnmarshalJSON reads one method, or a list of them.
func (m *Methods) UnmarshalJSON(raw []byte) error {
	var one string
	if err := json.Unmarshal(raw, &one); err == nil {
		*m = Methods{one}
		return nil
	}
	var several []string
	if err := json.Unmarshal(raw, &several); err != nil {
		return errors.New("expected a method, or a list of methods")
	}
	*m = several
	return nil
}

// Each is the row as a route of each of its methods.
func (r *Route) Each() []pdp.Route {
	list := make([]pdp.Route, len(r.Method))
	for i, method := range r.Method {
		list[i] = r.Route
		list[i].Method = method
	}
	return list
}

// routesOf are the rows as routes of one method each.
func routesOf(rows []Route) []pdp.Route {
	var list []pdp.Route
	for i := range rows {
		list = append(list, rows[i].Each()...)
	}
	return list
}

// methodFaults holds that each row has a method, and none twice.
func methodFaults(rows []Route) (faults []error) {
	for i := range rows {
		methods := rows[i].Method
		if len(methods) == 0 {
			faults = append(faults, fmt.Errorf("routes[%d]: %s: method: expected a method, or a list of methods", i, rows[i].Path))
		}
		for at, method := range methods {
			if slices.Contains(methods[:at], method) {
				faults = append(faults, fmt.Errorf("routes[%d]: %s: method: %s stands in the list twice", i, rows[i].Path, method))
			}
		}
	}
	return faults
}
