package route_test

import (
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/route"
)

// BenchmarkMatch looks up paths of plain rows, as those of Wardgate's own services are:
// without a parameter, with one, and one that matches none.
func BenchmarkMatch(b *testing.B) {
	var rows []pdp.Route
	for _, path := range []string{
		"/api/patients", "/api/patients/{patient}", "/api/patients/{patient}/services", "/api/patients/{patient}/bills",
		"/api/me", "/api/me/devices", "/api/me/notices", "/api/sessions", "/api/sessions/{session}", "/api/admin/bans",
		"/api/admin/users", "/api/admin/users/{user}/badge", "/api/services/{service}", "/", "/login", "/account/", "/account/devices",
	} {
		resource := "thing"
		for _, of := range []string{"patient", "session", "user", "service"} {
			if p := "{" + of + "}"; strings.Contains(path, p) {
				resource = of
			}
		}
		rows = append(rows, row("GET", path, "thing.read", resource), row("DELETE", path, "thing.delete", resource))
	}
	table, err := route.New(&pdp.Tables{Revision: "r", Routes: rows})
	if err != nil {
		b.Fatal(err)
	}
	for name, line := range map[string]struct {
		path  string
		found bool
	}{
		"plain": {"/api/me/devices", true}, "parameter": {"/api/patients/019b8d4d-6bf5-7e28-a7ec-000000000001/services", true}, "none": {"/api/patients/p-1/x", false},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, found := table.Match("GET", line.path); found != line.found {
					b.Fatalf("%s: got %t", line.path, found)
				}
			}
		})
	}
}
