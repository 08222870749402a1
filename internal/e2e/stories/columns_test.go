package stories_test

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/policies"
	"github.com/wardgate/wardgate/records"
)

// The rule book's list of columns is that of the records service: what loads,
// the service can withhold.
func TestColumnsOfTheRuleBookAreThoseOfRecords(t *testing.T) {
	text, err := fs.ReadFile(policies.FS, "authz/tables/withheld.rego")
	if err != nil {
		t.Fatal(err)
	}
	_, list, found := strings.Cut(string(text), "\ncolumns := {")
	if !found {
		t.Fatal("the rule book has no table of columns")
	}
	var got []string
	for _, name := range regexp.MustCompile(`"([a-z_]+)"`).FindAllStringSubmatch(list, -1) {
		got = append(got, name[1])
	}
	if want := records.Columns(); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
