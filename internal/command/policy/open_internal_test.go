package policy

import (
	"testing"

	"github.com/wardgate/wardgate/pdp"
)

func TestWhatIsOpenIsListedWithWhatStaysClosed(t *testing.T) {
	row := func(method, path, application string) pdp.Route {
		return pdp.Route{Method: method, Path: path, Application: application, Action: application + ".look"}
	}
	got := opened([]pdp.Route{
		row("GET", "/{file...}", "imaging"), row("POST", "/studies", "imaging"), row("GET", "/studies", "imaging"),
		row("DELETE", "/studies/{study:oid}", "imaging"), row("HEAD", "/docs/{file...}", "wiki"), row("POST", "/login", "admin"),
	})
	want := []string{
		"imaging: GET /{file...} is open as a whole (imaging.look), and every other method stays closed but for POST /studies, DELETE /studies/{study:oid}",
		"wiki: HEAD /docs/{file...} is open as a whole (wiki.look), and every other method stays closed",
	}
	for i, one := range got {
		if i >= len(want) || one.String() != want[i] {
			t.Errorf("got %s", one)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d rows, want %d", len(got), len(want))
	}
}
