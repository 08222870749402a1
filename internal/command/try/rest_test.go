package try_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wardgate/wardgate/internal/command/commandtest"
)

const openImaging = `package authz.tables

# METADATA
# custom: {adds_rows: true}
routes := [
	_imaging_row("GET", "/imaging/{file...}", "model.read", "model"),
	_imaging_row(["GET", "DELETE"], "/imaging/models/{model:oid}", "model.read", "model"),
	object.union(_imaging_row("GET", "/imaging/find", "model.read", "model"), {"query": "id={model:oid}"}),
]

_imaging_row(method, path, action, resource) := {"method": method, "path": path, "application": "imaging", "action": action, "resource": resource, "body": "none"}
`

// Where the rest of paths is open, what stays closed is said.
func TestTryBesideARest(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "authz", "tables", "imaging.rego")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(openImaging), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		method, path string
		code         int
		want         []string
	}{
		{"GET", "/imaging/ui/App.js", 0, []string{"GET /imaging/{file...}", "GET, HEAD: any other is refused"}},
		{"POST", "/imaging/models/1.2.840", 1, []string{"405 Method Not Allowed", "the path takes GET, HEAD, DELETE alone", "near: GET /imaging/models/{model:oid} of imaging (GET, not POST)"}},
		{"GET", "/imaging/Models/1.2.840", 1, []string{"400 Bad Request", "in another spelling it would be another row's"}},
		{"GET", "/imaging/find?id=1.2.840", 0, []string{"GET /imaging/find", "model 1.2.840"}},
		{"GET", "/imaging/find?id=1.2&ID=1.3", 1, []string{"resource_unclear", "the query has to name the resource once"}},
	} {
		commandtest.Run("try", tt.method, tt.path, "--as", "doctor", "--policies", "built-in+"+dir).Want(t, tt.code, tt.want...)
	}
}
