package admin_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp/admin/workstation"
)

// documented are the members that a document names of the answer to a request, and of the
// items in it, in alphabetical order.
func documented(t *testing.T, file, request string) (answer, item []string) {
	t.Helper()
	raw, err := os.ReadFile("../../docs/" + file)
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(regexp.QuoteMeta(request) + "`[^`]*(?:`[^`{]+`[^`]*)?`\\{(?:items: \\[\\{([^}]*)\\}\\](?:, )?)?([^}\\[]*)\\}`")
	found := form.FindStringSubmatch(strings.ReplaceAll(string(raw), "\n", " "))
	if found == nil {
		t.Fatalf("%s: no answer to %s", file, request)
	}
	words := func(text string) []string {
		list := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '?' })
		slices.Sort(list)
		return list
	}
	answer, item = words(found[2]), words(found[1])
	if len(item) > 0 {
		answer = append([]string{"items"}, answer...)
	}
	return answer, item
}

// Lists have the members that the documents name.
func TestListsAreAsDocumented(t *testing.T) {
	r := newReaderKnowing(t, func(string, time.Time) (string, error) { return strings.Repeat("a", 64), nil })
	r.login()
	if _, _, err := r.stations.Register(t.Context(), on(pagesHome), "u-1", workstation.Registration{Name: "Ward 3", Network: "hospital"}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, file string }{
		{"/api/admin/workstations", "workstations.md"}, {"/api/me/devices", "sessions.md"}, {"/api/me/notices", "sessions.md"},
	} {
		a := r.world.send(http.MethodGet, c.path, "")
		items, _ := a.Body["items"].([]any)
		if len(items) == 0 {
			t.Fatalf("%s: got %d %s", c.path, a.Status, a.Raw)
		}
		wantAnswer, wantItem := documented(t, c.file, "GET "+c.path)
		if got := slices.Sorted(maps.Keys(a.Body)); !slices.Equal(got, wantAnswer) {
			t.Errorf("%s: got %v, documented %v", c.path, got, wantAnswer)
		}
		for member := range items[0].(map[string]any) {
			if !slices.Contains(wantItem, member) {
				t.Errorf("%s: an item has %s, which is not documented: %v", c.path, member, wantItem)
			}
		}
	}
}

// A machine whose certificate is named has no code that could be told.
func TestRegistrationIsAnsweredAsDocumented(t *testing.T) {
	r := newReaderKnowing(t, func(string, time.Time) (string, error) { return strings.Repeat("b", 64), nil })
	r.login()
	raw, err := os.ReadFile("../../docs/workstations.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, form := range []string{`{"name":"Ward %d","network":"hospital"}`, `{"name":"Ward %d","network":"hospital","proof":"certificate","certificate":"-"}`} {
		a := r.world.send(http.MethodPost, "/api/admin/workstations", fmt.Sprintf(form, i))
		members := slices.Sorted(maps.Keys(a.Body))
		slices.SortFunc(members, func(x, y string) int {
			return strings.Index("id code expires_in", x) - strings.Index("id code expires_in", y)
		})
		if said := "`{" + strings.Join(members, ", ") + "}`"; a.Status != http.StatusCreated || !strings.Contains(string(raw), said) {
			t.Errorf("got %d %s: %s is not documented", a.Status, a.Raw, said)
		}
	}
}
