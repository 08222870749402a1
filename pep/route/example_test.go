package route_test

import (
	"fmt"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/route"
)

// The id of a resource is the path parameter that bears its type.
func ExampleTable_Match() {
	table, err := route.New(&pdp.Tables{Revision: "1", Routes: []pdp.Route{
		{Method: "GET", Path: "/api/patients/{patient}", Application: "records", Action: "patient.read", Resource: "patient", Body: "none"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	m, found := table.Match("GET", "/api/patients/p-1")
	fmt.Println(found, m.Route.Action, m.Resource.Type, m.Resource.ID)
	_, found = table.Match("POST", "/api/patients/p-1")
	fmt.Println(found)
	// Output:
	// true patient.read patient p-1
	// false
}
